"""Carry the wall through the loop: what the review looks at is what strain is measured on."""

from __future__ import annotations

from app.operations.measure import same_input
from app.operations.on_demand import OnDemand
from app.session import Loop
from app.verbs import TrackedWall
from engine.model import Scale, TrackingResult
from engine.progress import Progress


class WallFollower(OnDemand):
    """Makes the tracked wall of the current loop while it is to be seen."""

    kind = "wall"
    title = "Following the wall"

    def wanted(self, loop: Loop, result: TrackingResult) -> Scale | None:
        """The wall follows the finest scale."""
        return result.finest.scale if self.context.display.options.wall else None

    def known(self, loop: Loop, result: TrackingResult, scale: Scale) -> bool:
        """Whether the loop's wall is that of the result."""
        return loop.wall is not None and same_input(loop.wall.result, result)

    def make(self, result: TrackingResult, scale: Scale, progress: Progress) -> TrackedWall:
        """Carry the end-diastolic contours through the loop."""
        return self.context.verbs.follow_wall(result, progress)

    def keep(self, loop: Loop, scale: Scale, made: TrackedWall) -> None:
        """Show the wall."""
        self.context.session.update(loop.loop_id, wall=made)
