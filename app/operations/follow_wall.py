"""Carry the wall through the loop: what the review looks at is what strain is measured on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from app.context import Context
from app.operations.measure import same_input
from app.verbs import TrackedWall
from engine.model import Target, TrackingResult
from engine.progress import Progress

KIND: Final = "wall"


class WallFollower(QObject):
    """Makes the tracked wall of the current loop while it is to be seen.

    Args:
        context: The window's parts.
    """

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked: TrackingResult | None = None
        session = context.session
        for signal in (session.loop_changed, session.result_changed, context.display.changed):
            signal.connect(self.refresh)

    def refresh(self) -> None:
        """Start the work where the wall is wanted, possible, and not known yet."""
        loop = self._context.session.loop
        result = None if loop is None else loop.result
        if loop is None or result is None or not self._context.display.options.wall:
            return
        if result.contours is None or result.target is Target.BLOOD:
            return
        known = None if loop.wall is None else loop.wall.result
        if any(item is not None and same_input(item, result) for item in (known, self._asked)):
            return
        self._asked = result
        self._start(loop.loop_id, result)

    def _start(self, loop_id: int, result: TrackingResult) -> None:
        context = self._context

        def work(progress: Progress) -> TrackedWall:
            return context.verbs.follow_wall(result, progress)

        def show(wall: TrackedWall) -> None:
            now = context.session.get(loop_id)
            if now is not None and now.result is not None and same_input(now.result, result):
                context.session.update(loop_id, wall=wall)

        context.jobs.cancel_kind(KIND)
        context.jobs.start("Following the wall", work, show, kind=KIND, owner=loop_id)
