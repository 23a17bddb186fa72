"""The short axis of the left ventricle: contraction and twist of a ring, in closed form.

Radii move by a monotone spline through both contours. The ring keeps its volume: its area grows
by as much as the ventricle shortens along its axis. The inner ring turns more than the outer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phantom.layout import Layout
from engine.phantom.monotone import Knot, monotone_forward, monotone_inverse
from engine.phantom.motion import DirectMotion, Points
from engine.phantom.timing import contraction

CENTRE_MM = (0.0, 62.0)
INNER_RADIUS_MM, OUTER_RADIUS_MM, FAR_RADIUS_MM = 22.0, 33.0, 62.0
PEAK_TWIST = float(np.deg2rad(12.0))


@dataclass(frozen=True)
class ShortAxisMotion(DirectMotion):
    """A contracting, twisting ring.

    Attributes:
        layout: Of the view.
        cycle: Frames a beat.
        amplitude: Factor on contraction and twist.
    """

    layout: Layout
    cycle: int
    amplitude: float = 1.0

    def forward(self, points: Points, frame: int) -> Points:
        """Contract, then twist by an angle of the first radius."""
        radius, angle = self.polar(points)
        moved = monotone_forward(radius, *self._radii(frame))
        return self._place(moved, angle + self._twist(radius, frame))

    def inverse(self, points: Points, frame: int) -> Points:
        """Undo ``forward``."""
        moved, angle = self.polar(points)
        radius = monotone_inverse(moved, *self._radii(frame))
        return self._place(radius, angle - self._twist(radius, frame))

    def polar(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return radius (reference mm) and angle (rad, counter-clockwise on the screen)."""
        x, y = (self.layout.to_mm(points) - CENTRE_MM).T
        return np.hypot(x, y), np.arctan2(-y, x)

    def _place(self, radius: NDArray[np.float64], angle: NDArray[np.float64]) -> Points:
        points = np.stack([radius * np.cos(angle), -radius * np.sin(angle)], axis=1)
        return self.layout.to_px(points + CENTRE_MM)

    def contracted(self, frame: int) -> float:
        """Return the contraction at a frame; 1 at end-systole."""
        return self.amplitude * float(contraction(frame / self.cycle))

    def _radii(self, frame: int) -> tuple[list[float], list[Knot], list[Knot]]:
        part = self.contracted(frame)
        shortened = 1 - 0.17 * part
        outer = OUTER_RADIUS_MM * (1 - 0.055 * part)
        area = (OUTER_RADIUS_MM**2 - INNER_RADIUS_MM**2) / shortened
        inner = float(np.sqrt(outer**2 - area))
        knots = [0.0, INNER_RADIUS_MM, OUTER_RADIUS_MM, FAR_RADIUS_MM]
        values: list[Knot] = [0.0, inner, outer, FAR_RADIUS_MM]
        # Slopes of the map that keeps volume; at the centre the secant, far away none.
        slopes: list[Knot] = [
            inner / INNER_RADIUS_MM,
            INNER_RADIUS_MM / (inner * shortened),
            OUTER_RADIUS_MM / (outer * shortened),
            1.0,
        ]
        return knots, values, slopes

    def _twist(self, radius: NDArray[np.float64], frame: int) -> NDArray[np.float64]:
        reach = 1 / (1 + (radius / 42.0) ** 4)
        turn: NDArray[np.float64] = PEAK_TWIST * self.contracted(frame) * reach
        return turn
