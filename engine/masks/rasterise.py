"""Polygons to masks, exactly: a pixel is inside when its centre is.

Each edge flips the parity of its rows from the first pixel centre on its right, so a fill is one
cumulative sum over the polygon's box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fill_polygon(polygon: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels whose centre lies inside a polygon (even-odd rule).

    Args:
        polygon: ``(N, 2)`` (x, y), px; the last point joins the first.
        shape: ``(H, W)`` of the mask.
    """
    height, width = shape
    mask = np.zeros(shape, np.bool_)
    points = np.asarray(polygon, np.float64)
    if len(points) < 3:
        return mask
    following = np.roll(points, -1, axis=0)
    low_y = np.minimum(points[:, 1], following[:, 1])
    high_y = np.maximum(points[:, 1], following[:, 1])
    # Half-open rows: an edge owns the rows low <= y < high, so corners count once.
    first = np.clip(np.ceil(low_y), 0, height).astype(np.int64)
    last = np.clip(np.ceil(high_y), 0, height).astype(np.int64)
    rows_per_edge = np.maximum(last - first, 0)
    total = int(rows_per_edge.sum())
    if not total:
        return mask
    edge = np.repeat(np.arange(len(points)), rows_per_edge)
    start = np.repeat(np.cumsum(rows_per_edge) - rows_per_edge, rows_per_edge)
    row = first[edge] + np.arange(total) - start
    rise = following[edge, 1] - points[edge, 1]
    part = (row - points[edge, 1]) / rise
    x = points[edge, 0] + part * (following[edge, 0] - points[edge, 0])
    column = np.clip(np.ceil(x), 0, width).astype(np.int64)
    top, bottom = int(row.min()), int(row.max()) + 1
    left, right = int(column.min()), int(column.max())
    if right <= left:
        return mask
    flips = np.zeros((bottom - top, right - left + 1), np.uint8)
    np.add.at(flips, (row - top, column - left), 1)
    parity = np.cumsum(flips, axis=1, dtype=np.uint8) & 1
    mask[top:bottom, left:right] = parity[:, :-1] > 0
    return mask


def fill_ring(
    inner: NDArray[np.floating],
    outer: NDArray[np.floating],
    shape: tuple[int, int],
    *,
    closed: bool,
) -> NDArray[np.bool_]:
    """Return the pixels between two curves that run the same way.

    Args:
        inner: ``(N, 2)``, px.
        outer: ``(M, 2)``, px.
        shape: ``(H, W)`` of the mask.
        closed: Whether the curves are closed; open ones end at the annulus, where straight lines
            join them.
    """
    if closed:
        return fill_polygon(outer, shape) & ~fill_polygon(inner, shape)
    band = np.concatenate([np.asarray(inner, np.float64), np.asarray(outer, np.float64)[::-1]])
    return fill_polygon(band, shape)


def fill_loop(contours: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the cavity of every frame, ``(T, H, W)`` bool, of contours ``(T, N, 2)``."""
    return np.stack([fill_polygon(contour, shape) for contour in contours])


def ring_loop(
    inner: NDArray[np.floating],
    outer: NDArray[np.floating],
    shape: tuple[int, int],
    *,
    closed: bool,
) -> NDArray[np.bool_]:
    """Return the ring of every frame, ``(T, H, W)`` bool, of contours ``(T, N, 2)``."""
    return np.stack(
        [
            fill_ring(one, other, shape, closed=closed)
            for one, other in zip(inner, outer, strict=True)
        ]
    )
