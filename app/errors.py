"""One place where every failure becomes a sentence: jobs, slots, threads."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.file_errors import file_sentence
from engine.errors import Cancelled, MyofluxError

_LOG: Final = logging.getLogger(__name__)


def sentence(error: BaseException) -> str:
    """Return what the user is told of an error: what is wrong, and what to do."""
    if isinstance(error, MyofluxError):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this step. Close other programs, choose fewer frames "
            "or the preview preset, and try again. Your loop and mask are kept."
        )
    if isinstance(error, OSError):
        return file_sentence(error)
    return (
        f"Myoflux met an error that it did not expect ({type(error).__name__}: {error}). "
        "Your loop and mask are kept; please send the details below to the developers."
    )


def details(error: BaseException) -> str:
    """Return the traceback of an unexpected error; an empty string for an expected one."""
    if isinstance(error, MyofluxError):
        return ""
    return "".join(traceback.format_exception(error))


class ErrorHub(QObject):
    """Collects errors from hooks and jobs, and announces them on the main thread.

    Signals:
        raised: The sentence and the details (a traceback, or an empty string).
    """

    raised = Signal(str, str)

    def show(self, error: BaseException) -> None:
        """Log an error and announce it; a cancelled job is no error."""
        if isinstance(error, Cancelled):
            return
        expected = isinstance(error, MyofluxError)
        _LOG.error("%s", error, exc_info=None if expected else error)
        self.raised.emit(sentence(error), details(error))

    def install(self) -> None:
        """Become the exception hook of the interpreter and of all threads."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.show(error)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.show(args.exc_value)
