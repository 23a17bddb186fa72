"""The cavity's volume that a phantom knows: disks across the endocardial contour, in the limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.phantom.motion import Points

DISKS = 1000

Values = NDArray[np.float64]


def cavity_volume(endocardial: Points, spacing_mm: tuple[float, float]) -> Values:
    """Return the volume of the solid of revolution of an apical contour, ``(T,)``, mL.

    Disks stand across the axis from the middle of the annulus to the contour's apex (its middle
    point); their diameter runs from wall to wall.

    Args:
        endocardial: ``(T, N, 2)``, px, from annulus point through the apex to annulus point.
        spacing_mm: (x, y), mm.
    """
    return np.array([_volume(curve * spacing_mm) for curve in endocardial])


def _volume(curve: Points) -> float:
    middle = len(curve) // 2
    base, apex = 0.5 * (curve[0] + curve[-1]), curve[middle]
    length = float(np.linalg.norm(apex - base))
    axis = (apex - base) / length
    across = np.array([-axis[1], axis[0]])
    height, side = (curve - base) @ axis, (curve - base) @ across
    level = (np.arange(DISKS) + 0.5) / DISKS * length
    left = np.interp(level, height[: middle + 1], side[: middle + 1])
    right = np.interp(level, height[middle:][::-1], side[middle:][::-1])
    diameter = np.abs(left - right)
    return float(np.pi / 4 * (diameter**2).sum() * length / DISKS / 1000)
