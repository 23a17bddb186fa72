"""Strain at every pixel of the wall, made for the scale that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.display import Page
from app.operations.on_demand import OnDemand, has_wall
from app.session import Loop
from engine.model import Scale, TrackingResult
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.analysis.strain_map import StrainMaps


def can_map_strain(loop: Loop | None) -> bool:
    """Return whether a loop was tracked so that strain has a wall, and a beginning."""
    result = None if loop is None else loop.result
    if result is None or result.ed_frame is None or not has_wall(result):
        return False
    return 0 <= result.ed_frame - result.first_frame < len(result.mask) - 1


class StrainMapper(OnDemand):
    """Makes the strain maps of the scale shown while they are to be seen."""

    kind = "strain"
    title = "Mapping strain"

    def wanted(self, loop: Loop, result: TrackingResult) -> Scale | None:
        """The scale shown, if its map is switched on and possible."""
        options = self.context.display.options
        if not options.strain or options.page is not Page.FIELD or not can_map_strain(loop):
            return None
        scales = {item.scale for item in result.fields}
        return options.scale if options.scale in scales else None

    def known(self, loop: Loop, result: TrackingResult, scale: Scale) -> bool:
        """Whether they are there; they go when what they rest on changes."""
        return scale in loop.strains

    def make(self, result: TrackingResult, scale: Scale, progress: Progress) -> StrainMaps:
        """Compute the maps of all frames after end-diastole."""
        return self.context.verbs.map_strain(result, scale, progress)

    def keep(self, loop: Loop, scale: Scale, made: StrainMaps) -> None:
        """Show the maps."""
        self.context.session.update(loop.loop_id, strains={**loop.strains, scale: made})
