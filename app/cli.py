"""The command line: ``python main.py [LOOP]`` opens the window, verbs run without a screen.

A verb's module is loaded when the verb runs, so that the help is quick; no Qt library is loaded
unless the window is asked for.
"""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from app.commands.options import writable_file
from app.console import OUT, no_screen, quiet_libraries, sentences
from engine import __version__
from engine.errors import MissingPackageError, ResourceError, UnreadableFileError

ABOUT = """Myoflux tracks tissue and blood in echocardiograms.

A LOOP alone opens the window; the verbs below run without a screen, in the data's order:
info, mask, track, report. Research use only, not for diagnosis.
"""

_POINT: Final = re.compile(r"-?[\d.]+,-?[\d.]+")

DATA, MACHINE, WINDOW = "A loop", "Methods and this machine", "Window"
VERBS: Final = {
    "info": (DATA, "Print as JSON what was read, and where each fact comes from."),
    "mask": (DATA, "Make the mask; write mask.npz, contours.json, mask.mp4 and mask.png."),
    "track": (DATA, "Track a loop; write result.h5 and summary.json."),
    "report": (
        DATA,
        "Measure a result; write CSV, summary, video, PNGs and PDF.",
    ),
    "export": (DATA, "Write a result as NIfTI, VTK, NPZ, DICOM overlay, SEG or SR."),
    "cohort": (DATA, "Track and report many loops; write cohort.csv and studies.csv."),
    "demo": (MACHINE, "Read, mask, track, measure and report two loops, without a screen."),
    "check": (MACHINE, "Track small phantoms on this machine; compare with their exact motion."),
    "evaluate": (MACHINE, "Compare methods on phantoms, loops, or as figures."),
    "train": (MACHINE, "Train weights; a training that was stopped goes on."),
}
"""Of every verb in ``app.commands``: its panel and its line in the help."""


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

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the module of the verb that was asked for."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in VERBS else command, rest


def loaded(verb: str) -> Any:
    """Return the command of a verb, from its module in ``app.commands``."""
    module = importlib.import_module(f"app.commands.{verb}")
    group = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False)
        group.command(verb)(getattr(module, verb))
    return typer.main.get_command(group)


def _line_of_help(verb: str) -> Callable[[], None]:
    """Return what stands for a verb in the list of verbs."""

    def shown() -> None:
        """Stand in the help; ``Commands.resolve_command`` puts the verb itself in its place."""

    panel, line = VERBS[verb]
    return app.command(verb, rich_help_panel=panel, help=line)(shown)


app = typer.Typer(
    cls=Commands,
    help=ABOUT,
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
for _verb in VERBS:
    _line_of_help(_verb)


def _tell_version(wanted: bool) -> None:
    """Print the version and leave, if it is asked for."""
    if wanted:
        OUT.print(f"Myoflux {__version__}", highlight=False)
        raise typer.Exit


@app.callback(help=ABOUT)
def about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the words before the verb."""


@app.command("window", rich_help_panel=WINDOW)
def window(
    loop: Annotated[Path | None, typer.Argument(help="Loop or result to open")] = None,
) -> None:
    """Open the window (the same as a LOOP alone)."""
    if loop is not None and not loop.exists():
        raise UnreadableFileError(
            f"There is no verb and no file '{loop}'. Check its name, or see --help."
        )
    if no_screen():
        raise ResourceError(
            "There is no screen to open a window on. Use a verb (see --help), or start under a "
            "display."
        )
    raise SystemExit(_with_qt("app.application").run(loop))


@app.command("screenshot", rich_help_panel=WINDOW)
def screenshot(
    out: Annotated[Path, typer.Argument(help="PNG to write", callback=writable_file)],
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
        quiet_libraries()
    command = typer.main.get_command(app)
    verbs = command.commands if isinstance(command, TyperGroup) else {}
    command(with_verb(sys.argv[1:], tuple(verbs)), prog_name=Path(sys.argv[0]).name)


def spread_points(arguments: list[str]) -> list[str]:
    """Return ``--points A B C`` as ``--points A --points B --points C``; ``--points-es`` alike."""
    spread: list[str] = []
    option = ""
    for word in arguments:
        if not _POINT.fullmatch(word):
            option = word if word in {"--points", "--points-es"} else ""
        elif option and spread[-1] != option:
            spread.append(option)
        spread.append(word)
    return spread


def with_verb(arguments: list[str], verbs: tuple[str, ...]) -> list[str]:
    """Return the arguments with the verb ``window`` where no verb was given."""
    if not arguments or (arguments[0] not in verbs and not arguments[0].startswith("-")):
        return ["window", *arguments]
    return arguments
