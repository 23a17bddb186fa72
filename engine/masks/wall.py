"""The myocardial ring: curves at a thickness around the endocardial one, and their mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.filters import smooth_along
from engine.masks.rasterise import ring_loop
from engine.masks.shape import normals, resample
from engine.model import Contours

Array = NDArray[np.float64]


def cavity_length(endocardial: NDArray[np.floating], *, closed: bool) -> float:
    """Return the cavity's long axis, px: annulus' middle to apex; short axis: two diameters.

    Args:
        endocardial: ``(N, 2)``, px.
        closed: Whether it is a short-axis contour.
    """
    points = np.asarray(endocardial, np.float64)
    if closed:
        return float(np.linalg.norm(points - points.mean(0), axis=1).mean() * 4)
    middle = (points[0] + points[-1]) / 2
    return float(np.linalg.norm(points - middle, axis=1).max())


def offset_contours(
    endocardial: NDArray[np.floating], thickness: NDArray[np.floating] | float, *, closed: bool
) -> Array:
    """Return curves at a distance outside of others, ``(T, N, 2)``, point by point.

    Args:
        endocardial: ``(T, N, 2)``, px.
        thickness: px; a number, ``(N,)`` or ``(T, N)``.
        closed: Whether the curves are closed.

    The normals are those of the smoothed curve, so that neighbouring ones do not cross.
    """
    contours = np.asarray(endocardial, np.float64)
    sigma = max(1.0, 0.04 * contours.shape[1])
    smooth = smooth_along(contours, sigma, 1, closed=closed)
    outward = smooth_along(normals(smooth, closed=closed), sigma, 1, closed=closed)
    outward /= np.linalg.norm(outward, axis=2, keepdims=True) + 1e-12
    width = np.broadcast_to(np.asarray(thickness, np.float64), contours.shape[:2])
    return np.asarray(contours + width[..., None] * outward, np.float64)


def with_usual_wall(contours: Contours, fraction: float, aspect: float = 1.0) -> Contours:
    """Return contours with an epicardial curve equally far from the endocardial one all along.

    Args:
        contours: Curves through the loop, px.
        fraction: The wall's thickness, of the cavity's length in the mean over the loop.
        aspect: How much wider than high a pixel is: the wall is equally thick in mm.
    """
    # A distance means the same in all directions in square pixels only.
    square = np.asarray(contours.endocardial, np.float64) * (aspect, 1.0)
    length = np.mean([cavity_length(curve, closed=contours.closed) for curve in square])
    outer = offset_contours(square, fraction * float(length), closed=contours.closed)
    return replace(contours, epicardial=(outer / (aspect, 1.0)).astype(np.float32))


def segment_thickness(handles: NDArray[np.floating], points: int, *, closed: bool) -> Array:
    """Return the thickness at every contour point from a few handles along it, ``(points,)``.

    Args:
        handles: Thickness at the middle of equally long segments, px.
        points: Points of the contour.
        closed: Whether the contour is closed (the handles then wrap around).

    Raises:
        InputError: If a handle is not positive.
    """
    values = np.asarray(handles, np.float64)
    if values.ndim != 1 or not len(values) or not np.all(values > 0):
        raise InputError("Every wall thickness must be larger than 0 px.")
    centres = (np.arange(len(values)) + 0.5) / len(values)
    wanted = np.arange(points) / (points if closed else max(1, points - 1))
    period = 1.0 if closed else None
    return np.asarray(np.interp(wanted, centres, values, period=period), np.float64)


def thickness_handles(contours: Contours, frame: int, segments: int) -> tuple[Array, Array]:
    """Return the middle of every segment on both curves of a frame, ``(S, 2)`` each, px.

    Args:
        contours: With an epicardial curve.
        frame: Of the loop.
        segments: Equally long segments along the curve.

    Raises:
        InputError: If there is no epicardial curve.
    """
    if contours.epicardial is None:
        raise InputError("There is no epicardial contour yet: make the mask of the wall first.")
    count = contours.endocardial.shape[1]
    along = (np.arange(segments) + 0.5) / segments * (count if contours.closed else count - 1)
    index = np.rint(along).astype(np.int64) % count
    inner = np.asarray(contours.endocardial[frame][index], np.float64)
    return inner, np.asarray(contours.epicardial[frame][index], np.float64)


def thickened(contours: Contours, factors: NDArray[np.floating]) -> Contours:
    """Return contours whose wall is so many times as thick, frame by frame along the curve.

    Args:
        contours: With an epicardial curve.
        factors: Positive, ``(S,)`` at the middle of equally long segments for all frames, or
            ``(T, S)``.

    Raises:
        InputError: If a factor is not positive, or there is no epicardial curve.
    """
    if contours.epicardial is None:
        raise InputError("There is no epicardial contour yet: make the mask of the wall first.")
    frames, count = contours.endocardial.shape[:2]
    rows = np.broadcast_to(factors, (frames, np.shape(factors)[-1]))
    along = np.stack([segment_thickness(row, count, closed=contours.closed) for row in rows])
    inner = np.asarray(contours.endocardial, np.float64)
    outer = inner + along[..., None] * (contours.epicardial - inner)
    return replace(contours, epicardial=outer.astype(np.float32))


def wall_mask(
    endocardial: NDArray[np.floating],
    epicardial: NDArray[np.floating],
    shape: tuple[int, int],
    *,
    closed: bool,
    margin: float = 0.0,
) -> NDArray[np.bool_]:
    """Return the ring of every frame, ``(T, H, W)`` bool.

    Args:
        endocardial: ``(T, N, 2)``, px.
        epicardial: ``(T, N, 2)``, px, running the same way.
        shape: ``(H, W)``.
        closed: Whether the curves are closed.
        margin: Added on both sides, as a fraction of the local thickness.
    """
    inner = np.asarray(endocardial, np.float64)
    outer = np.asarray(epicardial, np.float64)
    if margin > 0:
        span = outer - resample(inner, outer.shape[1], closed=closed)
        inner, outer = outer - (1 + margin) * span, outer + margin * span
    return ring_loop(inner, outer, shape, closed=closed)
