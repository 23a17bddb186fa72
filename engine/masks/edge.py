"""How far outside of the steepest rise of brightness the wall's edge lies.

Echoes blur over the point spread and are shown by their logarithm, so the wall seems to reach into
the dark cavity. At the edge of an even wall half its power is left, 3 dB less than within: near
the top of the rise, whatever the point spread, the haze in the cavity, or the size of the image.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.filters import evenly, sample_frames, smooth_along
from engine.masks.shape import normals

Array = NDArray[np.float64]
SHARE: Final = 0.78
"""Where the edge lies on the rise from cavity (0) to wall (1): 3 dB below the top of about 13."""
INSIDE: Final = 0.04
"""How far inwards the cavity is looked for, of the image's height."""
OUTSIDE: Final = 0.045
"""How far outwards the wall is looked for, of the image's height."""
LEAST: Final = -0.005
"""Smallest shift, of the image's height."""
FARTHEST: Final = 0.02
"""Largest shift, of the image's height."""
ALONG: Final = 6.0
"""Smoothing along the contour, points; where the rise is faint, its neighbours tell."""


def outward_shift(frames: NDArray[np.float32], contours: Array, *, closed: bool) -> Array:
    """Return how far every contour point lies inside of the wall's edge, ``(N,)``, px.

    The profiles across the contour are pooled over the loop: the shift is that of the imaging,
    which does not change from frame to frame.

    Args:
        frames: ``(T, h, w)`` float32.
        contours: ``(T, N, 2)``, where brightness rises, px of those frames.
        closed: Whether the curves are closed.
    """
    height = frames.shape[1]
    offsets = evenly(-INSIDE * height, OUTSIDE * height, 69)
    outward = normals(contours, closed=closed)
    places = contours[:, :, None] + offsets[:, None] * outward[:, :, None]
    profile = smooth_along(sample_frames(frames, places).mean(0), ALONG / 2, 0, closed=closed)
    middle = int(np.abs(offsets).argmin())
    low, high = profile[:, : middle + 1].min(1), profile[:, middle:].max(1)
    rise = np.maximum(high - low, 1e-6)
    level = low + SHARE * rise
    crossing = [_crossing(row, offsets, at) for row, at in zip(profile, level, strict=True)]
    shift = np.clip(crossing, LEAST * height, FARTHEST * height)
    weight = smooth_along(rise, ALONG, 0, closed=closed)
    return np.asarray(smooth_along(shift * rise, ALONG, 0, closed=closed) / weight, np.float64)


def _crossing(profile: Array, offsets: Array, level: float) -> float:
    """Return the first offset at or beyond the steepest rise where a profile reaches a level."""
    middle = int(np.abs(offsets).argmin())
    reach = middle // 2
    steepest = middle - reach + int(np.diff(profile[middle - reach : middle + reach + 1]).argmax())
    above = np.nonzero(profile[steepest:] >= level)[0]
    if not len(above):
        return 0.0
    after = steepest + int(above[0])
    if above[0] == 0:
        return float(offsets[after])
    pair = slice(after - 1, after + 1)
    return float(np.interp(level, profile[pair], offsets[pair]))
