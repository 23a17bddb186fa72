"""Is a contour one that can be measured: finite, simple, large enough, inside the sector?"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from engine.masks.rasterise import fill_polygon
from engine.masks.shape import resample

Array = NDArray[np.float64]


class Problem(StrEnum):
    """What can be wrong with a contour, as a sentence that says what to do."""

    NOT_FINITE = "The contour holds a point that is no number: undo the last edit."
    TOO_SMALL = "The contour encloses almost nothing: draw it around the cavity."
    CROSSED = "The contour crosses itself: move the crossing points apart, or let it be repaired."
    OUTSIDE = "The contour leaves the ultrasound sector: move it inside, or let it be clipped."


def check_contour(
    contour: NDArray[np.floating], sector: NDArray[np.bool_] | None = None
) -> tuple[Problem, ...]:
    """Return what is wrong with a contour; empty if nothing is.

    Args:
        contour: ``(N, 2)``, px; closed by the line from its last point to its first.
        sector: ``(H, W)`` bool; None skips the check of the sector.
    """
    points = np.asarray(contour, np.float64)
    if not np.all(np.isfinite(points)):
        return (Problem.NOT_FINITE,)
    problems = []
    x, y = points[:, 0], points[:, 1]
    area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    if len(points) < 3 or area < 4:
        problems.append(Problem.TOO_SMALL)
    if is_crossed(points):
        problems.append(Problem.CROSSED)
    if sector is not None and not np.all(_within(points, sector)):
        problems.append(Problem.OUTSIDE)
    return tuple(problems)


def is_crossed(contour: NDArray[np.floating]) -> bool:
    """Return whether two sides of the closed polygon cross."""
    start = np.asarray(contour, np.float64)
    count = len(start)
    if count < 4:
        return False
    end = np.roll(start, -1, axis=0)
    one = _turn(start[:, None], end[:, None], start[None])
    other = _turn(start[:, None], end[:, None], end[None])
    apart = one * other
    crossing = (apart < 0) & (apart.T < 0)
    return bool(crossing.any())


def repair_contour(
    contour: NDArray[np.floating], sector: NDArray[np.bool_] | None = None, *, closed: bool
) -> Array:
    """Return a simple contour inside the sector that stays near the given one.

    A crossed curve is replaced by the outline of its largest piece; points outside the sector
    move to the nearest place inside. A sound contour comes back as it is.

    Args:
        contour: ``(N, 2)``, px, finite.
        sector: ``(H, W)`` bool, or None.
        closed: Whether the curve is closed; an open one keeps its ends where they can stay.
    """
    points = np.asarray(contour, np.float64).copy()
    for strength in range(6):
        if sector is not None:
            points = clip_to_sector(points, sector)
        if not is_crossed(points):
            return points
        points = _untangled(points, strength, closed=closed)
    return _shrunken_hull(points, sector, closed=closed)


def sound_contours(
    contours: NDArray[np.float64], sector: NDArray[np.bool_] | None, *, closed: bool
) -> NDArray[np.float64]:
    """Return contours each of which is simple and inside the sector."""
    return np.stack([repair_contour(curve, sector, closed=closed) for curve in contours])


def _shrunken_hull(points: Array, sector: NDArray[np.bool_] | None, *, closed: bool) -> Array:
    """Return the convex outline, drawn together until it lies inside the sector."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    outline = _aligned(resample(hull, 4 * len(points), closed=True), points, closed=closed)
    centre = outline.mean(0)
    if sector is not None:
        # A few pixels inside the rim there is room for a small contour.
        deep = cv2.erode(sector.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0) > 0
        centre = clip_to_sector(centre[None], deep if deep.any() else sector)[0]
    shrunken = outline
    for factor in (1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05):
        shrunken = centre + factor * (outline - outline.mean(0))
        if not is_crossed(shrunken) and (sector is None or bool(_within(shrunken, sector).all())):
            return np.asarray(shrunken, np.float64)
    radius = 0.5
    angle = np.linspace(0, 2 * np.pi, len(points), endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(centre + radius * ring, np.float64)


def clip_to_sector(points: NDArray[np.floating], sector: NDArray[np.bool_]) -> Array:
    """Return points moved to the nearest pixel centre of the sector where they lie outside it."""
    result = np.asarray(points, np.float64).copy()
    outside = ~_within(result, sector)
    if not outside.any():
        return result
    rim = sector & ~cv2.erode(
        sector.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0
    ).astype(np.bool_)
    y, x = np.nonzero(rim)
    places = np.stack([x, y], axis=1).astype(np.float64)
    gaps = ((result[outside][:, None] - places[None]) ** 2).sum(2)
    result[outside] = places[gaps.argmin(1)]
    return result


def _within(points: Array, sector: NDArray[np.bool_]) -> NDArray[np.bool_]:
    x = np.rint(points[:, 0]).astype(np.int64)
    y = np.rint(points[:, 1]).astype(np.int64)
    inside = (x >= 0) & (y >= 0) & (x < sector.shape[1]) & (y < sector.shape[0])
    result: NDArray[np.bool_] = inside.copy()
    result[inside] = sector[y[inside], x[inside]]
    return result


def _turn(start: Array, end: Array, point: Array) -> Array:
    along, towards = end - start, point - start
    return np.asarray(along[..., 0] * towards[..., 1] - along[..., 1] * towards[..., 0])


def _untangled(points: Array, strength: int, *, closed: bool) -> Array:
    """Outline of the largest piece enclosed, smoothed more at every further try."""
    low, high = points.min(0) - 2, points.max(0) + 2
    scale = 256 / max(float((high - low).max()), 1e-6)
    shape = (int((high - low)[1] * scale) + 2, int((high - low)[0] * scale) + 2)
    piece = fill_polygon((points - low) * scale, shape).astype(np.uint8)
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return points + np.random.default_rng(strength).normal(size=points.shape)
    outline = max(outlines, key=cv2.contourArea)[:, 0].astype(np.float64)
    if len(outline) < 8:
        return points
    dense = resample(outline, 8 * len(points), closed=True)
    dense = gaussian_filter1d(dense, 4.0 * (strength + 1), axis=0, mode="wrap")
    return _aligned(dense / scale + low, points, closed=closed)


def _aligned(dense: Array, points: Array, *, closed: bool) -> Array:
    """Bring a dense closed outline to the numbering and direction of the given points."""
    count = len(points)
    if _signed(dense) * _signed(points) < 0:
        dense = dense[::-1]
    first = int(((dense - points[0]) ** 2).sum(1).argmin())
    dense = np.roll(dense, -first, axis=0)
    if closed:
        return resample(dense, count, closed=True)
    last = int(((dense - points[-1]) ** 2).sum(1).argmin())
    last = last if last >= len(dense) // 4 else len(dense) - 1
    return resample(dense[: last + 1], count, closed=False)


def _signed(points: Array) -> float:
    x, y = points[:, 0], points[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
