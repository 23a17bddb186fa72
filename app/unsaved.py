"""Work that is in no file of the user's: offered again at the start, asked about before it goes.

A file that is being written is waited for before the window closes.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.context import Context
from app.dialogs.questions import ask_keep
from app.handlers import Handlers
from app.operations.export import KIND as WRITING
from app.recovery import Recovery
from app.views.empty_view import EmptyView

_NOTHING: Final = "There is no work that was left unsaved."
_WRITING: Final = "The window closes once all is written; close it again to stop the writing."


class UnsavedWork(QObject):
    """Connects what is kept safe with what the user decides about it.

    Args:
        context: The window's parts.
        window: Parent of the question; closed once all is written.
        recovery: Keeps the work safe.
        commands: Saves and closes.
        empty: Where the work of the last run is offered.

    Signals:
        told: A sentence for the status bar.
    """

    told = Signal(str)

    def __init__(
        self,
        context: Context,
        window: QWidget,
        recovery: Recovery,
        commands: Handlers,
        empty: EmptyView,
    ) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._recovery = recovery
        self._commands = commands
        self._empty = empty
        self._leaving = False
        empty.continue_requested.connect(self.take_up)
        empty.discard_requested.connect(self.discard)
        recovery.changed.connect(self.offer)
        recovery.failed.connect(self.told)
        commands.saved.connect(recovery.note_saved)
        context.jobs.failed.connect(self._stay)
        context.jobs.activity_changed.connect(self._leave_if_written)

    def still_writing(self) -> bool:
        """Whether the window waits for files to be written; who closes it again does not wait."""
        if self._leaving or self._context.jobs.running(WRITING) is None:
            return False
        self._leaving = True
        self.told.emit(_WRITING)
        return True

    def close_current(self) -> None:
        """Close the loop shown; ask first if work on it would be lost."""
        loop = self._context.session.loop
        if loop is not None:
            self.close_loop(loop.loop_id)

    def close_loop(self, loop_id: int) -> None:
        """Close a loop; ask first if work on it would be lost."""
        loop = self._context.session.get(loop_id)
        if loop is None:
            return
        if not self._recovery.unsaved(loop):
            self._commands.close_loop(loop_id)
            return
        ask_keep(
            self._window,
            f"{self._context.session.shown_name(loop)} has work that is not saved.",
            save=lambda: self._commands.save_session(lambda: self._close_if_kept(loop_id)),
            discard=lambda: self._commands.close_loop(loop_id),
        )

    def take_up(self) -> None:
        """Open the work of the last run that was not saved."""
        left = self._recovery.left_over()
        if left is None:
            self.told.emit(_NOTHING)
        else:
            self._recovery.restore(left)

    def discard(self) -> None:
        """Forget the work of the last run."""
        left = self._recovery.left_over()
        if left is not None:
            self._recovery.discard(left)

    def offer(self) -> None:
        """Show what the last run has left."""
        left = self._recovery.left_over()
        private = self._context.session.private
        self._empty.offer("" if left is None else left.label(private=private))

    def _stay(self) -> None:
        """What could not be written must be read by someone."""
        self._leaving = False

    def _leave_if_written(self) -> None:
        if self._leaving and self._context.jobs.running(WRITING) is None:
            QTimer.singleShot(0, self._window.close)

    def _close_if_kept(self, loop_id: int) -> None:
        """Close a loop that was saved; one that was worked on meanwhile stays."""
        loop = self._context.session.get(loop_id)
        if loop is not None and not self._recovery.unsaved(loop):
            self._commands.close_loop(loop_id)
