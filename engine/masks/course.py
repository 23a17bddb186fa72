"""How contours move through time: quickly as the picture does, slowly as the edge shows.

The edge of a single frame is noisy, and a mean over neighbouring frames rounds off what happens
suddenly (the annulus stops at the end of early filling). The picture's motion tells when and how
far tissue moves, without telling where the wall's edge is. So what the edge shows beyond the
motion, which changes slowly, is smoothed, and the motion is added again; then every mode of the
whole is smoothed the more, the smaller it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.contour import line_weights, mirrored_weights, smooth_in_time
from engine.masks.filters import smooth_along

Array = NDArray[np.float64]
BEYOND: Final = 1.5
"""Smoothing of what the edge shows beyond the motion, of the usual one."""
SHARED: Final = 3.0
"""Smoothing of the motion along the contour, points."""
FIRST: Final = 0.3
"""Smoothing of the leading mode, of the usual one."""
SMALLER: Final = 0.4
"""What is added for a mode of half the size; twice that for a third, and so on."""
MOST: Final = 8.0
"""Smoothing of the smallest modes, of the usual one."""


def steadied(contours: Array, motion: Array, sigma: float, *, closed: bool) -> Array:
    """Return contours that move as the picture does, ``(T, N, 2)``.

    Args:
        contours: ``(T, N, 2)``, on the edge of every frame, px.
        motion: Of the picture at their points, from each frame to the next, ``(T-1, N, 2)``, px.
        sigma: Usual smoothing over time, frames.
        closed: Whether the curves are closed.
    """
    if len(contours) < 3 or sigma <= 0:
        return contours
    steps = smooth_along(motion, SHARED, 1, closed=closed)
    path = np.concatenate([np.zeros_like(steps[:1]), np.cumsum(steps, axis=0)])
    course = path + smooth_in_time(contours - path, BEYOND * sigma, weights=mirrored_weights)
    return _by_size(course, sigma)


def _by_size(course: Array, sigma: float) -> Array:
    """Return a course whose modes are smoothed the more, the smaller they are."""
    frames = len(course)
    mean = course.mean(0)
    left, size, right = np.linalg.svd((course - mean).reshape(frames, -1), full_matrices=False)
    ratio = size[0] / np.maximum(size, 1e-9 * size[0] + 1e-12)
    widths = sigma * np.minimum(MOST, FIRST + SMALLER * (ratio - 1))
    modes = [line_weights(frames, width) @ mode for width, mode in zip(widths, left.T, strict=True)]
    smooth = np.stack(modes, axis=1) * size @ right
    return np.asarray(mean + smooth.reshape(course.shape), np.float64)
