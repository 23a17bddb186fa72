"""What is made of a tracked wall only while it is to be seen: it takes seconds, and memory."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import QObject

from app.context import Context
from app.operations.measure import same_input
from app.session import Loop
from engine.model import Scale, Target, TrackingResult
from engine.progress import Progress


def has_wall(result: TrackingResult) -> bool:
    """Return whether a wall was tracked: there are contours, and it is not blood."""
    return result.contours is not None and result.target is not Target.BLOOD


class OnDemand(QObject):
    """Makes something of the current loop's result in the background, once.

    A subclass tells when it is wanted and known, makes it, and keeps it.

    Args:
        context: The window's parts.
    """

    kind: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._asked: tuple[TrackingResult, Scale] | None = None
        session = context.session
        for signal in (session.loop_changed, session.result_changed, context.display.changed):
            signal.connect(self.refresh)

    def wanted(self, loop: Loop, result: TrackingResult) -> Scale | None:
        """Return the scale of which it is to be seen, or None."""
        raise NotImplementedError

    def known(self, loop: Loop, result: TrackingResult, scale: Scale) -> bool:
        """Return whether it was made of this result."""
        raise NotImplementedError

    def make(self, result: TrackingResult, scale: Scale, progress: Progress) -> Any:
        """Make it, in a worker thread."""
        raise NotImplementedError

    def keep(self, loop: Loop, scale: Scale, made: Any) -> None:
        """Keep it with the loop."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Start the work where it is wanted, possible, and neither done nor begun."""
        loop = self.context.session.loop
        result = None if loop is None else loop.result
        if loop is None or result is None:
            return
        scale = self.wanted(loop, result) if has_wall(result) else None
        if scale is None:
            self._asked = None  # who asks again after a stop or a failure means it
            return
        if self.known(loop, result, scale):
            return
        asked = self._asked
        if asked is not None and asked[1] is scale and same_input(asked[0], result):
            return
        self._asked = (result, scale)
        self._start(loop.loop_id, result, scale)

    def _start(self, loop_id: int, result: TrackingResult, scale: Scale) -> None:
        context = self.context

        def work(progress: Progress) -> Any:
            return self.make(result, scale, progress)

        def show(made: Any) -> None:
            now = context.session.get(loop_id)
            if now is not None and now.result is not None and same_input(now.result, result):
                self.keep(now, scale, made)

        context.jobs.cancel_kind(self.kind)
        context.jobs.start(self.title, work, show, kind=self.kind, owner=loop_id)
