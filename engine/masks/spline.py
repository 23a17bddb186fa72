"""Radial basis functions over the contour parameter and time: the smooth moving boundary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from engine.masks.shape import resample

Array = NDArray[np.float64]
NEIGHBOURS = 48


def rbf_boundary(
    contours: NDArray[np.floating],
    *,
    knots: int = 24,
    smoothing: float = 0.5,
    frames_per_turn: float = 24.0,
) -> Array:
    """Return closed contours smoothed by radial basis functions, ``(T, N, 2)``.

    The contour parameter is an angle, entered as its cosine and sine, so the boundary is periodic
    in it; time is the third coordinate, so it is smooth from frame to frame.

    Args:
        contours: ``(T, N, 2)``, closed, px, in correspondence through time.
        knots: Points per frame that the functions are fitted to.
        smoothing: 0 interpolates; larger follows the points less.
        frames_per_turn: Frames that count as far as once around the unit circle's radius.
    """
    values = np.asarray(contours, np.float64)
    frames, points = values.shape[:2]
    used = min(knots, points)
    known = resample(values, used, closed=True)
    where = _coordinates(frames, used, frames_per_turn)
    wanted = _coordinates(frames, points, frames_per_turn)
    interpolator = RBFInterpolator(
        where,
        known.reshape(-1, 2),
        neighbors=min(NEIGHBOURS, len(where)),
        smoothing=smoothing,
        kernel="cubic",
        degree=1 if frames > 1 else 0,
    )
    return np.asarray(interpolator(wanted).reshape(frames, points, 2), np.float64)


def _coordinates(frames: int, points: int, frames_per_turn: float) -> Array:
    angle = 2 * np.pi * np.arange(points) / points
    time = np.arange(frames) / frames_per_turn
    grid = np.empty((frames, points, 3))
    grid[..., 0], grid[..., 1] = np.cos(angle), np.sin(angle)
    grid[..., 2] = time[:, None]
    return grid.reshape(-1, 3)
