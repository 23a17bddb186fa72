"""Shapes of the left ventricle in few numbers: a bullet in apical views, an ellipse in short axis.

A search tries thousands of them at once, so they are made in batches.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

APICAL_PARAMETERS: Final = 10
SHORT_AXIS_PARAMETERS: Final = 5


def bullets(parameters: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    """Return open apical contours, ``(K, points, 2)``, from annulus through apex to annulus.

    Args:
        parameters: ``(K, 10)``: first annulus point (x, y), second annulus point (x, y), apex
            (x, y), bulge of the first and of the second side (fractions of the length),
            bluntness (2 is an ellipse's end, larger is blunter), bend of the axis (fraction of
            the length).
        points: Points per contour, nearly evenly spaced.
    """
    first, second, apex = parameters[:, 0:2], parameters[:, 2:4], parameters[:, 4:6]
    bulges, blunt, bend = parameters[:, 6:8], parameters[:, 8:9], parameters[:, 9:10]
    middle = (first + second) / 2
    axis = apex - middle
    length = np.linalg.norm(axis, axis=1, keepdims=True) + 1e-9
    half = (second - first) / 2
    # From base (0) to apex (1), denser where the side turns into the tip.
    side = points // 2
    height = 1 - (1 - np.linspace(0, 1, points - side)) ** 1.6
    taper = np.sqrt(np.clip(1 - height[None] ** blunt, 0, 1))
    hump = 4 * height * (1 - height)
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1) / length
    # "Across" must point from the first to the second side, whichever way round they lie.
    across *= np.sign((across * half).sum(1, keepdims=True) + 1e-12)
    centre = middle[:, None] + height[None, :, None] * axis[:, None]
    centre += (bend * length)[:, :, None] * hump[None, :, None] * across[:, None]

    def flank(sign: float, bulge: NDArray[np.float64]) -> NDArray[np.float64]:
        wide = (bulge * length) * hump[None] * taper
        offset = taper[..., None] * half[:, None] + wide[..., None] * across[:, None]
        return np.asarray(centre + sign * offset, np.float64)

    left = flank(-1.0, bulges[:, 0:1])
    right = flank(1.0, bulges[:, 1:2])
    contour = np.concatenate([left, right[:, ::-1][:, 1:]], axis=1)
    return resample(contour, points, closed=False)


def ellipses(parameters: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    """Return closed short-axis contours, ``(K, points, 2)``, clockwise on the screen.

    Args:
        parameters: ``(K, 5)``: centre (x, y), the two radii, angle of the first radius (rad).
        points: Points per contour.
    """
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    turn = parameters[:, 4:5]
    first = parameters[:, 2:3] * np.cos(angle - turn)
    second = parameters[:, 3:4] * np.sin(angle - turn)
    x = parameters[:, 0:1] + first * np.cos(turn) - second * np.sin(turn)
    y = parameters[:, 1:2] + first * np.sin(turn) + second * np.cos(turn)
    return np.stack([x, y], axis=-1)


def resample(contours: NDArray[np.float64], points: int, *, closed: bool) -> NDArray[np.float64]:
    """Return contours with points evenly spaced along their length.

    Args:
        contours: ``(K, N, 2)`` or ``(N, 2)``.
        points: Wanted points.
        closed: Whether the last point joins the first (and is not repeated).
    """
    batch = contours if contours.ndim == 3 else contours[None]
    if closed:
        batch = np.concatenate([batch, batch[:, :1]], axis=1)
    steps = np.linalg.norm(np.diff(batch, axis=1), axis=2)
    along = np.concatenate([np.zeros((len(batch), 1)), np.cumsum(steps, axis=1)], axis=1)
    along /= np.maximum(along[:, -1:], 1e-12)
    wanted = np.linspace(0, 1, points + 1)[:-1] if closed else np.linspace(0, 1, points)
    # One increasing axis for the whole batch makes it a single interpolation.
    shift = 2.0 * np.arange(len(batch))[:, None]
    x_axis = (along + shift).ravel()
    wanted_axis = (wanted[None] + shift).ravel()
    result = np.stack(
        [np.interp(wanted_axis, x_axis, batch[..., c].ravel()) for c in range(2)], axis=-1
    ).reshape(len(batch), points, 2)
    return result if contours.ndim == 3 else result[0]


def even_halves(contours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return open curves whose points are evenly spaced on either side of the apex.

    The apex rests while the annulus moves: counted from it, the points of one side stay where they
    are when the other side's end moves.

    Args:
        contours: ``(T, N, 2)``, from annulus to annulus, in correspondence through time.

    Returns:
        ``(T, N, 2)``; on every curve the apex is the place nearest to the mean curve's.
    """
    points = contours.shape[1]
    fine = resample(contours, 8 * points, closed=False)
    mean = fine.mean(0)
    apex = mean[np.linalg.norm(mean - (mean[0] + mean[-1]) / 2, axis=1).argmax()]
    last = 8 * points - 1
    tip = np.linalg.norm(fine - apex, axis=2).argmin(1)[:, None]
    part = np.linspace(0, 2, points)
    along = np.where(part < 1, part * tip, tip + (part - 1) * (last - tip))
    before = np.minimum(along.astype(np.int64), last - 1)
    share = (along - before)[..., None]
    rows = np.arange(len(contours))[:, None]
    return np.asarray((1 - share) * fine[rows, before] + share * fine[rows, before + 1])


def normals(contours: NDArray[np.float64], *, closed: bool) -> NDArray[np.float64]:
    """Return unit normals that point out of the cavity, like ``contours`` in shape.

    Outward is away from the enclosed area, whichever way the contour runs; an open contour is
    closed by the line between its ends.
    """
    if closed:
        tangent = np.roll(contours, -1, axis=-2) - np.roll(contours, 1, axis=-2)
    else:
        tangent = np.gradient(contours, axis=-2)
    tangent = tangent / (np.linalg.norm(tangent, axis=-1, keepdims=True) + 1e-12)
    sign = np.sign(signed_area(contours))[..., None, None]
    result: NDArray[np.float64] = sign * np.stack([tangent[..., 1], -tangent[..., 0]], axis=-1)
    return result


def signed_area(contours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the enclosed area, px^2; positive where the contour runs clockwise on the screen."""
    x, y = contours[..., 0], contours[..., 1]
    cross = x * np.roll(y, -1, axis=-1) - np.roll(x, -1, axis=-1) * y
    return np.asarray(cross.sum(axis=-1) / 2, np.float64)


def ordered_points(
    places: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return two annulus points and the apex of three points given in any order.

    The annulus is the shortest side of the triangle: a ventricle is longer than it is wide.
    """
    pairs = ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    one, other, apex = min(
        pairs, key=lambda item: float(np.linalg.norm(places[item[0]] - places[item[1]]))
    )
    return places[one], places[other], places[apex]
