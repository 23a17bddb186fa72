"""The command line's voice: rich progress, tables, and errors as one sentence."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.file_errors import file_sentence
from engine.errors import Cancelled, MyofluxError
from engine.model import ScaleField
from engine.progress import Step

OUT: Final = Console(soft_wrap=True)
ERR: Final = Console(stderr=True, soft_wrap=True)

BAD_INPUT: Final = 2
PARTLY_FAILED: Final = 3
INTERRUPTED: Final = 130

# Typer carries click under changing names; what it raises of wrong words derives from this class.
_WRONG_USAGE: Final[type[Exception]] = typer.BadParameter.__mro__[1]


class ConsoleProgress:
    """Shows a verb's steps as one bar, and its notices as lines.

    Args:
        label: What is done.
        notices: Whether notices are shown as they come; not where they are told with the result.
    """

    def __init__(self, label: str, *, notices: bool = True) -> None:
        self._label = label
        self._notices = notices
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            console=ERR,
            transient=True,
            disable=not ERR.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> ConsoleProgress:
        self._bar.start()
        self._task = self._bar.add_task(self._label, total=1.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def report(self, step: Step) -> None:
        """Move the bar."""
        if self._task is None:
            return
        fraction = step.fraction
        if fraction is None and step.total:
            fraction = step.done / step.total
        text = f"{self._label}: {step.stage}" + (f", {step.message}" if step.message else "")
        self._bar.update(self._task, description=text, completed=fraction or 0.0)

    def partial(self, value: object) -> None:
        """Say that a scale is done."""
        if isinstance(value, ScaleField):
            self.say(f"scale {value.scale.label} done in {value.seconds:.1f} s")

    def notice(self, message: str) -> None:
        """Show the sentence, unless it is told with the result."""
        if self._notices:
            self.say(f"Note: {message}")

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(line, highlight=False, markup=False)

    def check(self) -> None:
        """Never cancel: Ctrl-C interrupts by itself."""


@contextmanager
def sentences() -> Iterator[None]:
    """Turn errors into one sentence on the error stream, without a traceback.

    Raises:
        SystemExit: With 2 where something given cannot be used or written, 130 on Ctrl-C.
    """
    try:
        yield
    except _WRONG_USAGE as error:
        _leave(f"{_usage_sentence(error)} See --help.", BAD_INPUT)
    except Cancelled as error:
        _leave(str(error), INTERRUPTED)
    except KeyboardInterrupt:
        _leave("Stopped at your request. Nothing half-written was left.", INTERRUPTED)
    except MyofluxError as error:
        _leave(str(error), BAD_INPUT)
    except MemoryError:
        _leave("Not enough memory. Track fewer frames (--frames A:B).", BAD_INPUT)
    except BrokenPipeError:
        raise
    except OSError as error:
        _leave(file_sentence(error, " with --out"), BAD_INPUT)


def _usage_sentence(error: Exception) -> str:
    """Return what is wrong with the words of the command line."""
    format_message = getattr(error, "format_message", error.__str__)
    # The library that checks the words of an option says so before it says what is wrong.
    text = str(format_message()).strip().replace("Value error, ", "")
    return text if text.endswith((".", "?", "?)")) else f"{text}."


def _leave(sentence: str, code: int) -> None:
    """Print a sentence on one line of the error stream and exit."""
    ERR.print("[bold red]Error:[/] ", end="")
    ERR.print(" ".join(sentence.split()), highlight=False, markup=False)
    raise SystemExit(code)


def print_notes(notes: Iterable[str]) -> None:
    """Print what the user should know, each sentence once."""
    for note in dict.fromkeys(notes):
        OUT.print("[yellow]Note:[/] ", end="")
        OUT.print(note, highlight=False, markup=False)


def print_files(paths: Iterable[Path]) -> None:
    """Print where files were written."""
    for path in paths:
        OUT.print(str(path), highlight=False, markup=False)


def table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table; the first column is left-aligned, numbers right."""
    shown = Table(
        title=escape(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),  # eight columns fit into 80 characters
    )
    for number, column in enumerate(columns):
        justify: Literal["left", "right"] = "left" if number == 0 else "right"
        shown.add_column(column, justify=justify, no_wrap=True)
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    OUT.print(shown)


def print_failures(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print what failed and why on the error stream; long reasons are folded, never cut."""
    shown = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("loop", overflow="fold", max_width=30)
    shown.add_column("why", overflow="fold")
    for name, why in rows:
        shown.add_row(escape(name), escape(why))
    ERR.print(shown, soft_wrap=False)


class _OneLine(logging.Formatter):
    """Writes a record on one line."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(super().format(record).split())


def quiet_libraries() -> None:
    """Keep warnings of libraries off the error stream; their errors take one line each."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setLevel(logging.ERROR)
        handler.setFormatter(_OneLine("%(name)s: %(message)s"))
        root.addHandler(handler)


def no_screen() -> bool:
    """Tell whether there is no screen to open a window on (Linux)."""
    if os.name != "posix" or os.uname().sysname == "Darwin":
        return False
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    return not (chosen or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
