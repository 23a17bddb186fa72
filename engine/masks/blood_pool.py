"""The paper's blood pool, step by step.

1. Masks of the cavity at the keyframes (end-diastole and end-systole).
2. An active contour draws points on a circle to each mask's boundary.
3. Linear interpolation of the points gives every frame in between.
4. Radial basis functions, periodic along the contour and smooth in time, give the boundary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu
from skimage.measure import euler_number

from engine.errors import InputError
from engine.masks.active_contour import circle_around, fit_active_contour
from engine.masks.settings import BloodPoolConfig
from engine.masks.shape import resample, signed_area
from engine.masks.spline import rbf_boundary
from engine.model import Cine

Array = NDArray[np.float64]
LEAST_AREA: Final = 0.02
"""Smallest piece that may be the cavity, of the sector; ventricles fill 0.2 to 0.4 of it."""
MOST_HOLES: Final = 50
"""Holes that blood may have: papillary muscles and leaflets make few, particles hundreds."""


@dataclass(frozen=True, eq=False)
class BloodPoolSteps:
    """What each step made, to be looked at and tuned.

    Attributes:
        keyframes: Frames of the loop, increasing.
        masks: Cavity masks of the keyframes, ``(K, H, W)``.
        circles: Starting points, ``(K, N, 2)``, px.
        fitted: After the active contour, ``(K, N, 2)``, px.
        interpolated: Linear in time, ``(T, N, 2)``, px.
        boundary: Smoothed by radial basis functions, ``(T, N, 2)``, px, closed.
    """

    keyframes: tuple[int, ...]
    masks: NDArray[np.bool_]
    circles: Array
    fitted: Array
    interpolated: Array
    boundary: Array


def blood_pool_steps(
    masks: Mapping[int, NDArray[np.bool_]],
    frames: int,
    config: BloodPoolConfig | None = None,
) -> BloodPoolSteps:
    """Run the paper's pipeline from the cavity's masks at keyframes.

    Args:
        masks: Cavity ``(H, W)`` by frame of the loop; one is enough for a still boundary.
        frames: Frames of the loop.
        config: Points, tension, stiffness, smoothing.

    Raises:
        InputError: If there is no keyframe, one lies outside the loop, or a mask is empty.
    """
    config = config or BloodPoolConfig()
    keyframes = tuple(sorted(masks))
    if not keyframes:
        raise InputError("The blood pool needs the cavity at one frame or more: draw it.")
    if keyframes[0] < 0 or keyframes[-1] >= frames:
        raise InputError(f"A keyframe lies outside the loop of {frames} frames.")
    circles = np.stack([circle_around(masks[k], config.points) for k in keyframes])
    fitted = np.stack(
        [
            fit_active_contour(masks[k], circle, config)
            for k, circle in zip(keyframes, circles, strict=True)
        ]
    )
    fitted = np.stack([_from_the_right(curve) for curve in fitted])
    between = interpolate_keyframes(fitted, keyframes, frames)
    boundary = rbf_boundary(between, knots=config.rbf_points, smoothing=config.smoothing)
    return BloodPoolSteps(
        keyframes, np.stack([masks[k] for k in keyframes]), circles, fitted, between, boundary
    )


def interpolate_keyframes(curves: Array, keyframes: tuple[int, ...], frames: int) -> Array:
    """Return contours of every frame, linear between keyframes and still beyond them.

    Args:
        curves: ``(K, N, 2)``, in correspondence.
        keyframes: Their frames, increasing.
        frames: Frames of the loop.
    """
    place = np.interp(np.arange(frames), keyframes, np.arange(len(keyframes)))
    before = np.floor(place).astype(np.int64)
    after = np.minimum(before + 1, len(keyframes) - 1)
    weight = (place - before)[:, None, None]
    return np.asarray(curves[before] * (1 - weight) + curves[after] * weight, np.float64)


def middle_region(cine: Cine, sector: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the piece of blood nearest the sector's middle in every frame, ``(T, H, W)`` bool.

    A start for the brush where no ventricle is recognised. Blood is dark, or bright where contrast
    fills the middle of the sector in the mean over the loop. What lies between particles, and a
    texture's specks, are no blood: then it is None.

    Args:
        cine: The loop.
        sector: ``(H, W)`` bool.
    """
    sigma = 0.01 * max(cine.shape[1:])
    middle = np.array(np.nonzero(sector)).mean(1)
    bright = _is_bright(cine.frames.mean(0), sector, middle)
    region = np.zeros(cine.shape, np.bool_)
    for k, frame in enumerate(cine.frames):
        smooth = cv2.GaussianBlur(frame, (0, 0), sigma)
        level = float(threshold_otsu(smooth[sector]))  # type: ignore[no-untyped-call]
        blood = ((smooth > level) == bright) & sector
        count, labels, stats, centres = cv2.connectedComponentsWithStats(blood.astype(np.uint8))
        if count < 2:
            continue
        distance = np.hypot(centres[1:, 0] - middle[1], centres[1:, 1] - middle[0])
        area = stats[1:, cv2.CC_STAT_AREA] / sector.sum()
        score = np.where(area > LEAST_AREA, -distance, -np.inf)
        if np.isfinite(score).any():
            region[k] = labels == 1 + int(np.argmax(score))
    holes = [_holes(piece) for piece in region if piece.any()]
    return region if holes and np.median(holes) <= MOST_HOLES else None


def _holes(piece: NDArray[np.bool_]) -> int:
    """Return how many holes one connected piece has."""
    return 1 - int(euler_number(piece, connectivity=2))  # type: ignore[no-untyped-call]


def _is_bright(mean: Array, sector: NDArray[np.bool_], middle: Array) -> bool:
    """Return whether a disk of an eighth of the sector is mostly brighter than its level."""
    y, x = np.indices(sector.shape)
    disk = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < sector.sum() / (8 * np.pi)
    level = float(threshold_otsu(mean[sector]))  # type: ignore[no-untyped-call]
    return bool((mean[disk & sector] > level).mean() > 0.5)


def _from_the_right(curve: Array) -> Array:
    """Number a closed contour clockwise from its rightmost point at the centre's height.

    Numbered alike, the points of two keyframes correspond.
    """
    if signed_area(curve) < 0:
        curve = curve[::-1]
    curve = resample(curve, len(curve), closed=True)
    away = curve - curve.mean(0)
    first = int(np.abs(np.arctan2(away[:, 1], away[:, 0])).argmin())
    return np.asarray(np.roll(curve, -first, axis=0), np.float64)
