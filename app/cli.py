"""The command line: ``python main.py [LOOP]`` opens the window, verbs run without a screen.

No Qt library is loaded unless the window is asked for.
"""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from app.commands import check, cohort, demo, evaluate, info, mask, report, track, train
from app.console import no_screen, sentences
from engine.errors import MissingPackageError, ResourceError

ABOUT = """Myoflux tracks tissue and blood in echocardiograms.

main.py LOOP opens the window; the verbs below run without a screen, in the data's order:
info, mask, track, report. Research use only, not for diagnosis.
"""

_POINT: Final = re.compile(r"-?[\d.]+,-?[\d.]+")

DATA, MACHINE, WINDOW = "A loop", "Methods and this machine", "Window"


class Commands(TyperGroup):
    """The verbs, whose errors end in one sentence and a fixed exit code."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        """Read the words before the verb."""
        with sentences():
            return super().make_context(info_name, spread_points(args), *rest, **more)

    def invoke(self, ctx: Any) -> Any:
        """Read the verb's words and run it."""
        with sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    help=ABOUT,
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
app.command("info", rich_help_panel=DATA)(info.info)
app.command("mask", rich_help_panel=DATA)(mask.mask)
app.command("track", rich_help_panel=DATA)(track.track)
app.command("report", rich_help_panel=DATA)(report.report)
app.command("cohort", rich_help_panel=DATA)(cohort.cohort)
app.command("demo", rich_help_panel=MACHINE)(demo.demo)
app.command("check", rich_help_panel=MACHINE)(check.check)
app.add_typer(evaluate.app, name="evaluate", rich_help_panel=MACHINE)
app.command("train", rich_help_panel=MACHINE)(train.train)


@app.command("window", rich_help_panel=WINDOW)
def window(
    loop: Annotated[Path | None, typer.Argument(help="Loop or result to open")] = None,
) -> None:
    """Open the window (the same as main.py [LOOP])."""
    if no_screen():
        raise ResourceError(
            "There is no screen to open a window on. Use a verb (see --help), or start under a "
            "display."
        )
    raise SystemExit(_with_qt("app.application").run(loop))


@app.command("screenshot", rich_help_panel=WINDOW)
def screenshot(
    out: Annotated[Path, typer.Argument(help="PNG to write")],
    loop: Annotated[Path | None, typer.Argument(help="Loop to show; a phantom if none")] = None,
) -> None:
    """Open the window, track with the preview preset and save a picture of it."""
    _with_qt("app.screenshot").take_screenshot(out, loop)


def _with_qt(module: str) -> Any:
    """Load a module of the window; verbs never do, so that they run without Qt.

    Raises:
        MissingPackageError: If Qt or one of its system libraries is missing.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"The window needs Qt, which cannot be loaded ({error}). Run packaging/qt-libraries.sh "
            "python3, or use a verb (see --help)."
        ) from error


def main() -> None:
    """Run the command line; a first word that is no verb is the loop to open."""
    if not sys.warnoptions:
        # What libraries warn of is for developers; what users must know is in the results.
        warnings.simplefilter("ignore")
    command = typer.main.get_command(app)
    verbs = command.commands if isinstance(command, TyperGroup) else {}
    command(with_verb(sys.argv[1:], tuple(verbs)), prog_name="main.py")


def spread_points(arguments: list[str]) -> list[str]:
    """Return ``--points A B C`` as ``--points A --points B --points C``."""
    spread: list[str] = []
    among_points = False
    for word in arguments:
        if among_points and _POINT.fullmatch(word) and spread[-1] != "--points":
            spread.append("--points")
        elif not _POINT.fullmatch(word):
            among_points = word == "--points"
        spread.append(word)
    return spread


def with_verb(arguments: list[str], verbs: tuple[str, ...]) -> list[str]:
    """Return the arguments with the verb ``window`` where no verb was given."""
    if not arguments or (arguments[0] not in verbs and not arguments[0].startswith("-")):
        return ["window", *arguments]
    return arguments
