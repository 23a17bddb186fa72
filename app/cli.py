"""The command line: ``python main.py [LOOP]`` opens the window, verbs run without a screen.

No Qt library is loaded unless the window is asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from app.commands import check, demo, evaluate, info, mask, report, track, train
from app.console import ERR, BAD_INPUT, no_screen, sentences

app = typer.Typer(
    help="Myoflux tracks tissue and blood in echocardiograms. Research use only, not for diagnosis.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
app.command("info")(info.info)
app.command("mask")(mask.mask)
app.command("track")(track.track)
app.command("report")(report.report)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("train")(train.train)
app.add_typer(evaluate.app, name="evaluate")


@app.command("window")
def window(
    loop: Annotated[Path | None, typer.Argument(help="Loop to open")] = None,
) -> None:
    """Open the window (also: main.py [LOOP])."""
    if no_screen():
        ERR.print(
            "There is no screen to open a window on. Use a verb (main.py --help), or run under "
            "a display."
        )
        raise SystemExit(BAD_INPUT)
    from app.application import run  # noqa: PLC0415 - verbs must work without Qt

    raise SystemExit(run(loop))


@app.command("screenshot")
def screenshot(
    out: Annotated[Path, typer.Argument(help="PNG to write")],
    loop: Annotated[Path | None, typer.Argument(help="Loop to show; a phantom if none")] = None,
) -> None:
    """Open the window, track with the preview preset and save a picture of it."""
    from app.screenshot import take_screenshot  # noqa: PLC0415 - verbs must work without Qt

    take_screenshot(out, loop)


def main() -> None:
    """Run the command line; a first word that is no verb is the loop to open."""
    arguments = sys.argv[1:]
    command = typer.main.get_command(app)
    verbs = command.commands if isinstance(command, TyperGroup) else {}
    if not arguments or (arguments[0] not in verbs and not arguments[0].startswith("-")):
        arguments = ["window", *arguments]
    with sentences():
        command(arguments, prog_name="myoflux")
