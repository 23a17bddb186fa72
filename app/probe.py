"""Velocity along a line or at a place, through the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.flow_view import FlowView
from engine.analysis.velocity import (
    CALIBRATED,
    VelocityField,
    flux_through_line,
    profile_along_line,
    velocity_at_point,
    velocity_field,
)

Place = tuple[float, float]
SAMPLES: Final = 81


@dataclass(frozen=True, eq=False)
class LineProbe:
    """A straight line; row k of every array stands at frame k+1.

    Attributes:
        distance: From the start, ``(S,)``, in ``length_unit``.
        through: Velocity across the line, ``(T-1, S)``, positive from the right-hand to the
            left-hand side of someone who walks from start to end; NaN outside the mask.
        along: Velocity along the line, ``(T-1, S)``, positive towards the end; NaN outside.
        flux: Flow through the part of the line in the mask, per unit of depth, ``(T-1,)``.
        unit: Of the velocities.
        length_unit: ``cm``, or ``px`` where uncalibrated.
    """

    distance: NDArray[np.float64]
    through: NDArray[np.float64]
    along: NDArray[np.float64]
    flux: NDArray[np.float64]
    unit: str
    length_unit: str

    @property
    def flux_unit(self) -> str:
        """Unit of the flux."""
        return "cm²/s" if self.unit == CALIBRATED else f"{self.length_unit}²/frame"


@dataclass(frozen=True, eq=False)
class PointProbe:
    """A fixed place; row k stands at frame k+1.

    Attributes:
        velocity: Right and up, ``(T-1, 2)``; NaN outside the mask.
        unit: Of the velocities.
    """

    velocity: NDArray[np.float64]
    unit: str


def probe_point(flow: FlowView, place: Place) -> PointProbe | None:
    """Return the velocity at a place (x, y), px; None outside the image."""
    cut = _cut(flow, place, place)
    if cut is None:
        return None
    field, mask, (shifted, _) = cut
    row, column = round(shifted[1]), round(shifted[0])
    values = velocity_at_point(field, shifted)
    return PointProbe(np.where(mask[:, row, column, None], values, np.nan), field.unit)


def probe_line(flow: FlowView, start: Place, end: Place) -> LineProbe | None:
    """Return the velocity along a line between places (x, y), px; None outside the image."""
    cut = _cut(flow, start, end)
    if cut is None or start == end:
        return None
    field, mask, (first, last) = cut
    distance, velocity = profile_along_line(field, first, last, SAMPLES)
    share = np.linspace(0, 1, SAMPLES)
    columns, rows = (
        np.rint(one + share * (other - one)).astype(int)
        for one, other in zip(first, last, strict=True)
    )
    inside = mask[:, rows, columns]
    # On the screen y points down, in velocities up; a pixel need not be square.
    step = (np.subtract(last, first)) * field.pixel * (1.0, -1.0)
    right, up = step / np.hypot(*step)
    along = velocity[:, 0] * right + velocity[:, 1] * up
    through = velocity[:, 1] * right - velocity[:, 0] * up
    # Nothing is known to flow where there is no field.
    known = VelocityField(
        np.where(mask[:, None], field.values, 0).astype(np.float32),
        field.unit,
        field.pixel,
        field.metric,
    )
    length_unit = "cm" if field.unit == CALIBRATED else "px"
    if field.unit != CALIBRATED and flow.spacing_mm is not None:
        length_unit = "mm"
    return LineProbe(
        distance,
        np.where(inside, through, np.nan),
        np.where(inside, along, np.nan),
        flux_through_line(known, first, last, SAMPLES),
        field.unit,
        length_unit,
    )


def _cut(
    flow: FlowView, start: Place, end: Place
) -> tuple[VelocityField, NDArray[np.bool_], tuple[Place, Place]] | None:
    """Return velocities and mask around two places, and the places in the cut's own pixels."""
    _, height, width = flow.field.shape
    low = np.floor(np.minimum(start, end)).astype(int) - 1
    high = np.ceil(np.maximum(start, end)).astype(int) + 2
    places = np.array([start, end])
    if np.any(places < 0) or np.any(places > (width - 1, height - 1)):
        return None
    x0, y0 = np.maximum(low, 0).tolist()
    x1, y1 = np.minimum(high, (width, height)).tolist()
    displacement = flow.field.displacement[:, :, y0:y1, x0:x1]
    field = velocity_field(displacement, flow.spacing_mm, flow.frame_times_s)
    moved = [(float(x) - x0, float(y) - y0) for x, y in (start, end)]
    return field, flow.mask[1:, y0:y1, x0:x1], (moved[0], moved[1])
