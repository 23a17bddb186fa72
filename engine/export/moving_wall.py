"""The result as its pictures show it: the wall where the field carries it from end-diastole."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

import numpy as np

from engine.analysis.events import LOOP_START, HeartCycle, heart_cycle
from engine.analysis.wall import track_wall
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.export.quiver import Trust
from engine.model import Contours, Measurements, ScaleField, Target, TrackingResult
from engine.model.curve import curve_of


def with_tracked_wall(
    result: TrackingResult, field: ScaleField, trust: Trust | None = None
) -> TrackingResult:
    """Return the result with the contours that strain is measured on instead of the mask's.

    Contours that cannot be followed are left out: those of the mask do not move with the tissue.
    The blood's are its mask's.

    Args:
        result: What was tracked.
        field: Displacements that carry the end-diastolic contours.
        trust: ``(T-1, H, W)`` in [0, 1] or bool, or None.
    """
    if result.target is Target.BLOOD or result.contours is None:
        return result
    weights = None if trust is None else np.asarray(trust, np.float32)
    wall: Contours | None = None
    with suppress(InputError):
        cycle = heart_cycle(result)
        wall = track_wall(result, field, cycle, MeasureConfig(), weights).contours()
    return dataclasses.replace(result, contours=wall)


def with_measured_wall(
    result: TrackingResult, measurements: Measurements, trust: Trust | None = None
) -> TrackingResult:
    """Return the result with the contours that its strain was measured on.

    Args:
        result: What was tracked.
        measurements: Hold the wall, if it was followed in this run; else it is followed here.
        trust: ``(T-1, H, W)`` of the finest scale, in [0, 1] or bool, or None.
    """
    if measurements.wall is None:
        return with_tracked_wall(result, result.finest, trust)
    return dataclasses.replace(result, contours=measurements.wall)


def with_measured_beat(result: TrackingResult, measurements: Measurements) -> TrackingResult:
    """Return the result with the frames that measuring found where it marks none.

    Args:
        result: What was tracked.
        measurements: Strain of the whole contour stands in where nothing else tells end-systole.
    """
    cycle = _measured_cycle(result, measurements)
    first = result.first_frame
    ed_frame, es_frame = result.ed_frame, result.es_frame
    early, late = result.mark_origins
    if ed_frame is None and cycle.start_origin != LOOP_START:
        ed_frame, early = cycle.start + first, cycle.start_origin
    if es_frame is None and cycle.end_systole is not None:
        es_frame, late = cycle.end_systole + first, cycle.end_systole_origin
    return dataclasses.replace(
        result, ed_frame=ed_frame, es_frame=es_frame, mark_origins=(early, late)
    )


def _measured_cycle(result: TrackingResult, measurements: Measurements) -> HeartCycle:
    """Return the beat, with end-systole from strain where nothing else tells."""
    cycle = heart_cycle(result)
    for quantity in ("strain_longitudinal", "strain_circumferential"):
        curve = curve_of(measurements, quantity, "global")
        if curve is not None and len(curve.values) == len(result.mask):
            return cycle.with_nadir(curve.values)
    return cycle
