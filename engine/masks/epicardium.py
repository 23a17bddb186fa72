"""The epicardial contour: where the wall's brightness ends outside of the endocardial one.

A ventricle's wall is thinnest at its apex (Kawel et al., Circ Cardiovasc Imaging 2012;5:500-508),
and a search that expects one thickness everywhere takes what lies beyond the apex for wall. So
the thickness that is usual varies along the contour; what the picture shows of the edge moves it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.contour import best_path, edge_profile, parabola
from engine.masks.edge import inward_shift
from engine.masks.filters import evenly, smooth_along
from engine.masks.wall import offset_contours

Array = NDArray[np.float64]
FACTORS: Final = evenly(0.4, 1.6, 26)
"""Thicknesses that are tried, of the usual one."""
SIDES: Final = 1.1
"""Usual thickness far from the apex, of the mean over the contour."""
APEX: Final = 0.65
"""Usual thickness at the apex, of the mean."""
APEX_PART: Final = 0.12
"""How far along the contour the apex reaches: standard deviation, of the contour's length."""
REACH: Final = 0.15
"""Half the distance over which brightness is compared, of the usual thickness."""
BEYOND: Final = 1.15
"""What must lie within the sector for an edge to count, of the thickness."""
SATURATION: Final = 0.25
"""Contrast beyond which an edge counts hardly any more."""
USUAL: Final = 0.6
"""Cost of an unusual thickness."""
LEAST: Final = 0.3
"""Smallest thickness, of the usual one."""


def usual_thickness(points: int, *, closed: bool) -> Array:
    """Return the usual thickness along a contour, of its mean, ``(points,)``.

    Args:
        points: Of the contour, evenly spaced; in apical views the apex is in the middle.
        closed: Whether it is a short-axis contour: even all around.
    """
    if closed:
        return np.ones(points)
    away = (evenly(0.0, 1.0, points) - 0.5) / APEX_PART
    return np.asarray(SIDES - (SIDES - APEX) * np.exp(-0.5 * away**2), np.float64)


def find_epicardium(
    frames: NDArray[np.float32],
    endocardial: NDArray[np.floating],
    thickness: float,
    *,
    closed: bool,
    sector: NDArray[np.bool_] | None = None,
) -> Array:
    """Return the epicardial contours: where the wall's brightness ends, else a usual thickness.

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        endocardial: ``(T, N, 2)``, px of those frames.
        thickness: Usual thickness in the mean over the loop and the contour, px.
        closed: Whether the curves are closed.
        sector: ``(h, w)`` bool; edges outside it do not count.

    Muscle keeps its volume: the wall grows thicker as the cavity's outline grows shorter. Beside
    that the thickness hardly changes from one frame to the next, so the evidence is pooled over
    frames before the best path is taken.
    """
    inner = np.asarray(endocardial, np.float64)
    outward = offset_contours(inner, 1.0, closed=closed) - inner
    ends = [inner, inner[:, :1]] if closed else [inner]
    outline = np.linalg.norm(np.diff(np.concatenate(ends, axis=1), axis=1), axis=2).sum(1)
    along = usual_thickness(inner.shape[1], closed=closed)
    usual = thickness * (outline.mean() / outline)[:, None] * along
    reach = REACH * usual[..., None]
    edge = edge_profile(frames, inner, outward, usual[..., None] * FACTORS, reach)
    score = np.tanh(-edge / SATURATION)
    if sector is not None:
        away = BEYOND * usual[..., None] * FACTORS
        places = inner[:, :, None] + away[..., None] * outward[:, :, None]
        score = np.where(_within(sector, places), score, 0.0)
    score = smooth_along(score, 0.03 * inner.shape[1], 1, closed=closed)
    score = smooth_along(score, 2.0, 0) - USUAL * np.log(FACTORS) ** 2
    path = best_path(score, closed=closed, bending=0.05)
    width = FACTORS[path] + (FACTORS[1] - FACTORS[0]) * parabola(score, path)
    width = smooth_along(width, 0.02 * inner.shape[1], 1, closed=closed)
    width = smooth_along(width, 2.0, 0) * usual
    width -= inward_shift(frames, inner + width[..., None] * outward, outward, closed=closed)
    return np.asarray(inner + np.maximum(width, LEAST * usual)[..., None] * outward, np.float64)


def _within(sector: NDArray[np.bool_], places: Array) -> NDArray[np.bool_]:
    """Return which places, ``(..., 2)`` px, lie in the sector."""
    x = np.clip(np.rint(places[..., 0]), 0, sector.shape[1] - 1).astype(np.int64)
    y = np.clip(np.rint(places[..., 1]), 0, sector.shape[0] - 1).astype(np.int64)
    return np.asarray(sector[y, x])
