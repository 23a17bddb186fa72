"""How far beside the steepest change of brightness the wall's edges lie.

Echoes blur over the point spread and are shown by their logarithm, so the wall seems to reach into
the dark around it. At the edge of an even wall half its power is left, 3 dB less than within: near
the top of the rise, whatever the point spread or the size of the image. Where haze fills the cavity
or the wall is faint, the rise spans less of the display, and 3 dB are a larger part of it: the edge
lies nearer to where brightness changes most, and there readers draw it too. How far all that is
depends on how the wall lies and shines, which change through the beat: it is read where the cavity
is large and where it is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.contour import areas
from engine.masks.filters import evenly, sample_frames, smooth_along
from engine.masks.shape import normals

Array = NDArray[np.float64]
INNER_SHARE: Final = 0.78
"""Where the inner edge lies on the rise from dark (0) to wall (1): 3 dB below a top of some 13."""
HALF_POWER: Final = 0.11
"""What half the power takes off the brightness, of the range that a loop uses."""
LEAST_SHARE: Final = 0.5
"""Share of the faintest rise: its middle."""
RANGE: Final = (0.5, 99.5)
"""Percentiles of a loop's brightness between which lies the range that it uses."""
OUTER_SHARE: Final = 0.88
"""The same of the outer edge, along which muscle and pericardium make a bright line."""
OUTSIDE: Final = 0.04
"""How far away from the wall the dark is looked for, of the image's height."""
INSIDE: Final = 0.045
"""How far into the wall its brightness is looked for, of the image's height."""
LEAST: Final = -0.005
"""Smallest shift into the wall, of the image's height."""
INNER_FARTHEST: Final = 0.02
"""Largest shift of the inner edge, of the image's height."""
OUTER_FARTHEST: Final = 0.01
"""Largest shift of the outer edge: a septum has no bright line there, and would become too thin."""
INNER_ALONG: Final = 9.0
"""Smoothing along the inner edge, points; where the rise is faint, its neighbours tell."""
OUTER_ALONG: Final = 6.0
"""The same along the outer edge, which bends more at the apex."""


@dataclass(frozen=True)
class _Side:
    """How one side of the wall is looked at.

    Attributes:
        farthest: Largest shift, of the image's height.
        along: Smoothing along the contour, points.
    """

    farthest: float
    along: float


_INNER: Final = _Side(INNER_FARTHEST, INNER_ALONG)
_OUTER: Final = _Side(OUTER_FARTHEST, OUTER_ALONG)


def outward_shift(frames: NDArray[np.float32], contours: Array, *, closed: bool) -> Array:
    """Return how far every endocardial point lies inside of the wall's edge, ``(T, N)``, px.

    Args:
        frames: ``(T, h, w)`` float32.
        contours: ``(T, N, 2)``, where brightness rises, px of those frames.
        closed: Whether the curves are closed.
    """
    outward = normals(contours, closed=closed)
    profiles, offsets = _profiles(frames, contours, outward)
    share = _inner_share(profiles, offsets, frames, closed=closed)
    return _shift(profiles, offsets, areas(contours), share, _INNER, closed=closed)


def inward_shift(
    frames: NDArray[np.float32], contours: Array, outward: Array, *, closed: bool
) -> Array:
    """Return how far every epicardial point lies outside of the wall's edge, ``(T, N)``, px.

    Args:
        frames: ``(T, h, w)`` float32.
        contours: ``(T, N, 2)``, where brightness falls, px of those frames.
        outward: Unit vectors out of the wall, likewise.
        closed: Whether the curves are closed.
    """
    profiles, offsets = _profiles(frames, contours, -outward)
    return _shift(profiles, offsets, areas(contours), OUTER_SHARE, _OUTER, closed=closed)


def _profiles(frames: NDArray[np.float32], contours: Array, inward: Array) -> tuple[Array, Array]:
    """Return brightness from the dark into the wall, ``(T, N, K)``, and where, ``(K,)``, px.

    Args:
        frames: ``(T, h, w)`` float32.
        contours: ``(T, N, 2)``, px of those frames.
        inward: Unit vectors into the wall, likewise.
    """
    offsets = evenly(-OUTSIDE, INSIDE, 69) * frames.shape[1]
    places = contours[:, :, None] + offsets[:, None] * inward[:, :, None]
    return np.asarray(sample_frames(frames, places), np.float64), offsets


def _inner_share(
    profiles: Array, offsets: Array, frames: NDArray[np.float32], *, closed: bool
) -> float:
    """Return where the inner edge lies on the loop's usual rise, 0 to 1."""
    low, high = _dark_and_wall(_smoothed(profiles.mean(0), _INNER, closed=closed), offsets)
    dark, bright = np.percentile(frames[:: max(1, len(frames) // 8)], RANGE)
    rise = max(float(np.median(high - low)), 1e-6)
    return float(np.clip(1 - HALF_POWER * (bright - dark) / rise, LEAST_SHARE, INNER_SHARE))


def _smoothed(profiles: Array, side: _Side, *, closed: bool) -> Array:
    """Return profiles ``(N, K)`` smoothed along the contour."""
    return smooth_along(profiles, side.along / 2, 0, closed=closed)


def _dark_and_wall(profiles: Array, offsets: Array) -> tuple[Array, Array]:
    """Return the darkest before and the brightest behind the contour of profiles ``(N, K)``."""
    middle = int(np.abs(offsets).argmin())
    return profiles[:, : middle + 1].min(1), profiles[:, middle:].max(1)


def _shift(
    profiles: Array,
    offsets: Array,
    size: Array,
    share: float,
    side: _Side,
    *,
    closed: bool,
) -> Array:
    """Return how far every point lies from where a share of the rise is reached, ``(T, N)``, px.

    Args:
        profiles: ``(T, N, K)``, from the dark into the wall.
        offsets: Their places, ``(K,)``, px.
        size: Of the cavity in every frame, ``(T,)``.
        share: Of the rise, 0 to 1.
        side: Of the wall.
        closed: Whether the curves are closed.
    """
    span = float(np.ptp(size))
    large = (size - size.min()) / span if span > 0 else np.full(len(size), 0.5)

    def pooled(weight: Array) -> Array:
        mean = np.tensordot(weight / weight.sum(), profiles, axes=1)
        return _shift_of_profiles(mean, offsets, share, side, closed=closed)

    return np.outer(large, pooled(large)) + np.outer(1 - large, pooled(1 - large))


def _shift_of_profiles(
    profiles: Array, offsets: Array, share: float, side: _Side, *, closed: bool
) -> Array:
    """Return where profiles ``(N, K)`` from dark to wall reach a share of their rise, ``(N,)``."""
    profiles = _smoothed(profiles, side, closed=closed)
    low, high = _dark_and_wall(profiles, offsets)
    rise = np.maximum(high - low, 1e-6)
    level = low + share * rise
    crossing = [_crossing(row, offsets, at) for row, at in zip(profiles, level, strict=True)]
    height = offsets[-1] / INSIDE
    shift = np.clip(crossing, LEAST * height, side.farthest * height)
    weight = smooth_along(rise, side.along, 0, closed=closed)
    return np.asarray(smooth_along(shift * rise, side.along, 0, closed=closed) / weight, np.float64)


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
