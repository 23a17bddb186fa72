"""One stroke on the wall's thickness: the outer handle of a segment, dragged along its normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.editing import Scope, set_thickness
from engine.masks.wall import thickness_handles
from engine.model import Contours

SEGMENTS: Final = 6
"""Handles along the wall: the segments of one apical view, or around one short axis."""
LEAST_PX: Final = 1.0
"""Thinnest wall that a drag can make, px."""


@dataclass(frozen=True, eq=False)
class ThicknessStroke:
    """A segment taken hold of.

    Attributes:
        contours: Before the stroke.
        frame: Frame shown.
        segment: Index along the curve, from 0.
    """

    contours: Contours
    frame: int
    segment: int

    def applied(self, place: tuple[float, float], scope: Scope) -> Contours:
        """Return the contours with the segment's outer handle at a place's distance, px."""
        inner, direction, before = self._line()
        wanted = float(((np.asarray(place, np.float64) - inner) * direction).sum())
        return self._with(wanted / before, scope, before)

    def nudged(self, shift: tuple[float, float], scope: Scope) -> Contours:
        """Return the contours with the handle moved by px along its normal."""
        _, direction, before = self._line()
        wanted = before + float((np.asarray(shift, np.float64) * direction).sum())
        return self._with(wanted / before, scope, before)

    def _line(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return the inner end, the unit vector outwards, and the thickness, px."""
        inner, outer = thickness_handles(self.contours, self.frame, SEGMENTS)
        across = outer[self.segment] - inner[self.segment]
        length = max(float(np.linalg.norm(across)), 1e-6)
        return inner[self.segment], across / length, length

    def _with(self, factor: float, scope: Scope, before: float) -> Contours:
        least = LEAST_PX / before
        return set_thickness(
            self.contours,
            self.frame,
            self.segment,
            max(factor, least),
            scope,
            segments=SEGMENTS,
        )


def take_hold(
    contours: Contours, frame: int, place: tuple[float, float], reach: float
) -> ThicknessStroke | None:
    """Return a stroke on the handle nearest to a place, or None if none is within reach, px."""
    try:
        _, outer = thickness_handles(contours, frame, SEGMENTS)
    except InputError:
        return None
    away = np.linalg.norm(outer - np.asarray(place, np.float64), axis=1)
    segment = int(away.argmin())
    return ThicknessStroke(contours, frame, segment) if away[segment] <= reach else None
