"""The wall as the field carries it from end-diastole, as curves for pictures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.events import heart_cycle
from engine.analysis.wall import Wall, track_wall
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import Contours, ScaleField, Target, TrackingResult

WALL_POINTS: Final = 241
"""Points of a curve; that of a closed one repeats the first."""


def wall_contours(wall: Wall) -> Contours:
    """Return the borders of a tracked wall in every frame."""
    band = wall.band
    return Contours(
        band.curve(0.0, WALL_POINTS).astype(np.float32),
        band.curve(1.0, WALL_POINTS).astype(np.float32) if band.has_layers else None,
        closed=band.basis.closed,
        keyframes=(band.start,),
    )


def tracked_contours(
    result: TrackingResult,
    field: ScaleField,
    trust: NDArray[np.floating] | NDArray[np.bool_] | None = None,
) -> Contours | None:
    """Return the contours that strain is measured on; None where no wall was tracked.

    Args:
        result: What was tracked.
        field: Displacements that carry the end-diastolic contours.
        trust: ``(T-1, H, W)`` in [0, 1] or bool, or None.
    """
    if result.target is Target.BLOOD or result.contours is None:
        return None
    weights = None if trust is None else np.asarray(trust, np.float32)
    try:
        wall = track_wall(result, field, heart_cycle(result), MeasureConfig(), weights)
    except InputError:
        # A contour that cannot be followed is drawn as it was given.
        return None
    return wall_contours(wall)
