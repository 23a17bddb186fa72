"""The work is kept safe by itself: soon after every change, and at the end.

Every run of the program has a folder of its own with a lock, a session and the fields that are in
no file of the user's. A folder whose run has ended, by a crash or by closing the window before
saving, is offered again at the next start.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from app.context import Context
from app.kept_fields import KeptFields
from app.left_over import LOCK, SESSION, LeftOver, newest_left_over
from app.operations.restore import open_session
from app.operations.save_session import FieldFiles, snapshot, with_files
from app.session import Loop
from engine.errors import MyofluxError
from engine.io.session_file import SavedSession, write_session
from engine.progress import NullProgress, Progress

KIND: Final = "recovery"
_LOG: Final = logging.getLogger(__name__)
_SOON_MS: Final = 1500
_OFTEN_MS: Final = 60_000


class Recovery(QObject):
    """Writes the state of the window into a folder of this run.

    Args:
        context: The window's parts.

    Signals:
        changed: What is left over of other runs has changed.
        failed: A sentence: the work could not be kept safe.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._root = context.settings.data_folder() / "recovery"
        self._folder = self._root / f"{time.time_ns():x}-{uuid.uuid4().hex[:6]}"
        self._lock: QLockFile | None = None
        self._fields = KeptFields(context.verbs)
        self._touched: set[int] = set()
        # Every change counts up; what is written is as new as the count it began with.
        self._changes, self._written = 0, 0
        self._saved, self._told = False, False
        self._soon, self._often = QTimer(self), QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.keep)
        self._often.setInterval(_OFTEN_MS)
        self._often.timeout.connect(self.keep)
        self._often.start()
        session = context.session
        session.loops_changed.connect(self.note)
        for signal in (
            session.mask_changed,
            session.marks_changed,
            session.result_changed,
            session.measurements_changed,
            session.review_changed,
        ):
            signal.connect(self._note_edit)
        context.display.changed.connect(self._note_look)
        context.jobs.activity_changed.connect(self._after_job)

    def note(self) -> None:
        """Something changed that is worth keeping."""
        self._changes += 1
        self._saved = False
        self._soon.start()

    def note_saved(self) -> None:
        """The user saved the session: nothing of it is at risk."""
        self._written, self._saved = self._changes, True
        self._touched.clear()
        self._soon.stop()
        self._remove()

    def keep(self) -> None:
        """Write the state in the background, if it has changed and is worth it."""
        jobs = self._context.jobs
        if self._written == self._changes or jobs.running(KIND) is not None:
            return
        if not self._worth():
            self._written = self._changes
            self._remove()
            return
        loops, changes = self._context.session.loops, self._changes
        saved = snapshot(self._context)
        tracking = jobs.running("track") is not None

        def work(progress: Progress) -> str:
            return self._write(saved, loops, progress, with_fields=not tracking)

        def done(problem: str) -> None:
            if not problem:
                self._written = changes
                if changes != self._changes:
                    self._soon.start()
            elif not self._told:
                self._told = True
                self.failed.emit(problem)

        jobs.start("Keeping the work safe", work, done, kind=KIND, quiet=True)

    def finish(self) -> None:
        """Write what is not kept yet, at the end; forget what is saved or worth nothing."""
        self._soon.stop()
        self._often.stop()
        session = self._context.session
        if not self._worth() or (self._saved and not self._misses_fields()):
            self._remove()
        elif self._written != self._changes or self._misses_fields():
            saved = snapshot(self._context)
            problem = self._write(saved, session.loops, NullProgress(), with_fields=True)
            if problem:
                _LOG.error("%s", problem)
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def unsaved(self, loop: Loop) -> bool:
        """Whether closing a loop would lose work that is in no file of the user's."""
        touched = loop.loop_id in self._touched
        loose = bool(loop.flows) and loop.fields_file is None
        return (touched or loose) and worth_keeping(loop, touched)

    def left_over(self) -> LeftOver | None:
        """Return the newest work of a run that has ended, or None."""
        return newest_left_over(self._root, self._folder)

    def restore(self, left: LeftOver) -> None:
        """Open the work of an ended run; if all of it is there, this run goes on in its folder."""

        def opened(loops: tuple[Loop, ...]) -> None:
            if len(loops) == len(left.names):
                self._adopt(left.folder)
            place = left.folder.resolve()
            for loop in loops:
                kept = {item: file for item, file in loop.files.items() if file.parent == place}
                users = {item: file for item, file in loop.files.items() if item not in kept}
                self._context.session.update(loop.loop_id, files=users)
                if self._folder == left.folder:
                    self._fields.take_over(kept)
            self.changed.emit()

        open_session(self._context, left.folder / SESSION, opened)

    def discard(self, left: LeftOver) -> None:
        """Forget the work of an ended run."""
        shutil.rmtree(left.folder, ignore_errors=True)
        self.changed.emit()

    def _write(
        self, saved: SavedSession, loops: tuple[Loop, ...], progress: Progress, *, with_fields: bool
    ) -> str:
        """Write fields that are in no file yet, then the session; return what went wrong."""
        try:
            if not self._take_lock():
                return "The work cannot be kept safe: its folder is used by another window."
            files: dict[int, FieldFiles] = {}
            for loop in loops:
                found = self._fields.files(loop, self._folder, write=with_fields)
                if found is not None:
                    files[loop.loop_id] = found
                progress.check()
            write_session(self._folder / SESSION, with_files(saved, loops, files))
            kept = {
                path.name for item in files.values() for path in (item.own, *item.peers.values())
            }
            for path in self._folder.glob("*.h5"):
                if path.name not in kept:
                    path.unlink(missing_ok=True)
        except (MyofluxError, OSError) as error:
            return f"The work cannot be kept safe: {error}"
        return ""

    def _note_edit(self) -> None:
        loop = self._context.session.loop
        if loop is not None:
            self._touched.add(loop.loop_id)
        self.note()

    def _note_look(self) -> None:
        """How a loop is drawn is kept with the next writing, or at the end."""
        self._changes += 1

    def _after_job(self) -> None:
        """A tracking that was stopped, or of a loop not shown, ends without a signal of its own."""
        jobs = self._context.jobs
        if self._told or jobs.running("track") is not None or jobs.running(KIND) is not None:
            return
        if self._misses_fields():
            self.note()

    def _misses_fields(self) -> bool:
        """Whether there are fields in no file."""
        return any(map(self._fields.misses, self._loops()))

    def _loops(self) -> tuple[Loop, ...]:
        return self._context.session.loops

    def _worth(self) -> bool:
        return any(worth_keeping(loop, loop.loop_id in self._touched) for loop in self._loops())

    def _adopt(self, folder: Path) -> None:
        """Go on in the folder of a run that has ended."""
        own = self._folder
        self._remove()
        self._folder = folder
        if not self._take_lock():
            self._folder = own

    def _take_lock(self) -> bool:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = QLockFile(str(self._folder / LOCK))
            lock.setStaleLockTime(0)
            if not lock.tryLock(0):
                return False
            self._lock = lock
        return True

    def _remove(self) -> None:
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        self._fields.forget()
        shutil.rmtree(self._folder, ignore_errors=True)


def worth_keeping(loop: Loop, touched: bool) -> bool:
    """Whether work went into a loop that opening its file would not bring back.

    Args:
        loop: The loop.
        touched: Whether anything of it was changed since it was opened.
    """
    if loop.path is not None and loop.path == loop.fields_file:
        return touched
    mask, read = loop.mask, loop.read
    told = read.fps is not None or read.spacing_mm is not None or loop.view_confirmed
    marks = mask is not None and (loop.ed_frame, loop.es_frame) != (mask.ed_frame, mask.es_frame)
    edited = mask is not None and mask.confidence is None
    return bool(loop.flows) or loop.reviewed or told or marks or edited
