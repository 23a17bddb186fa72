"""Contours bound to the points that a person gave at end-diastole, and perhaps at end-systole.

The contour runs through the points of its frame exactly. Towards end-systole the mitral plane
comes down to the apex and the apex rests, so every frame is searched near the shape expected at
its phase: at the given points where they hold, freely where only the picture tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from engine.masks.contour import areas
from engine.masks.left_ventricle import (
    COARSE_HEIGHT,
    SMOOTHING,
    LeftVentricle,
    contours_through_time,
)
from engine.masks.sector import Sector
from engine.masks.settings import LandmarkConfig, SearchConfig
from engine.masks.shape import ordered_points
from engine.masks.shape_model import ApicalModel
from engine.masks.working import WorkingLoop, make_working
from engine.model import Cine
from engine.progress import Progress

Array = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]
_CORNERS: Final = 6
"""Leading parameters of an apical shape: its two annulus points and its apex."""


def bind_to_points(
    cine: Cine,
    sector: Sector,
    ventricle: LeftVentricle,
    frames: tuple[int, int | None],
    progress: Progress,
    *,
    points_es: Points = (),
    config: LandmarkConfig | None = None,
) -> LeftVentricle:
    """Return the ventricle with contours that run through the given points.

    Args:
        cine: The loop.
        sector: Its sector.
        ventricle: As found from the points of end-diastole, which it holds.
        frames: End-diastole and end-systole, from 0 in the loop; the latter may be None.
        progress: May cancel.
        points_es: The same points at end-systole, source px; empty if only ED was marked.
        config: How far frames in between may depart.
    """
    config = config or LandmarkConfig()
    ed, es = frames
    if not ventricle.given:
        return ventricle
    phase = systolic_phase(areas(ventricle.contours), ed, es)
    if ventricle.closed:
        contours = _round(ventricle, phase, ed, es, points_es)
        return replace(ventricle, contours=contours)
    loop = make_working(cine, sector, COARSE_HEIGHT, SMOOTHING)
    expected, spread = _expectation(loop, ventricle.given, points_es, phase, config)
    search = SearchConfig()
    rng = np.random.default_rng(search.seed)
    contours = contours_through_time(
        cine, sector, loop, ApicalModel(), (expected, spread), search, rng, progress
    )
    missing = _missing(contours[ed], ventricle.given)
    if points_es and es is not None:
        late = _missing(contours[es], points_es)
    else:
        late = missing * np.array([config.annulus_kept, config.annulus_kept, 1.0])[:, None]
    share = phase[:, None, None]
    knots = (1 - share) * missing + share * late
    return replace(ventricle, contours=_shifted(contours, knots))


def landmark_points(curve: NDArray[np.floating], *, closed: bool) -> Points:
    """Return the points that a person would give for a contour, source px.

    Args:
        curve: ``(N, 2)`` (x, y), px.
        closed: Whether it is of a short axis.

    Returns:
        Both ends of an open contour and the place farthest from their middle; of a closed one its
        centre and a place at the mean radius.
    """
    places = np.asarray(curve, np.float64)
    if closed:
        centre = places.mean(0)
        radius = np.linalg.norm(places - centre, axis=1).mean()
        chosen = np.stack([centre, centre + np.array([radius, 0.0])])
    else:
        middle = (places[0] + places[-1]) / 2
        apex = places[np.linalg.norm(places - middle, axis=1).argmax()]
        chosen = np.stack([places[0], places[-1], apex])
    return tuple((float(x), float(y)) for x, y in chosen)


def systolic_phase(size: Array, ed: int, es: int | None) -> Array:
    """Return how far every frame is from end-diastole (0) to end-systole (1), by its area.

    Args:
        size: Cavity area, ``(T,)``.
        ed: End-diastolic frame.
        es: End-systolic frame; None gives zeros.
    """
    smooth = gaussian_filter1d(np.asarray(size, np.float64), 1.0, mode="nearest")
    if es is None or smooth[ed] - smooth[es] <= 0:
        return np.zeros(len(smooth))
    phase = np.clip((smooth[ed] - smooth) / (smooth[ed] - smooth[es]), 0, 1)
    phase[ed], phase[es] = 0.0, 1.0
    return np.asarray(phase, np.float64)


def _expectation(
    loop: WorkingLoop, points: Points, points_es: Points, phase: Array, config: LandmarkConfig
) -> tuple[Array, Array]:
    """Return the shape expected in every frame and how far it may depart, ``(T, P)`` each."""
    model = ApicalModel()

    def through(places: Points) -> Array:
        return model.through_points(loop.normalised(loop.to_working(np.asarray(places))))

    diastole = through(points)
    if points_es:
        systole = through(points_es)
        free = np.clip(1.5 * np.minimum(phase, 1 - phase), 0, 1)
    else:
        axis = diastole[4:6] - (diastole[0:2] + diastole[2:4]) / 2
        systole = diastole.copy()
        systole[:4] += config.descent * np.tile(axis, 2)
        free = phase
    systole[6:8] -= config.narrowing
    expected = (1 - phase)[:, None] * diastole + phase[:, None] * systole
    spread = np.tile(model.spread, (len(phase), 1))
    loose = np.array([0.04, 0.05, 0.04, 0.05, config.apex_rest, 1.5 * config.apex_rest])
    spread[:, :_CORNERS] = np.maximum(config.exact, free[:, None] * loose)
    return expected, spread


def _corners(curve: Array, points: Points) -> tuple[Array, int]:
    """Return the points in the contour's order (first end, apex, last end), and its tip's index."""
    first, second, apex = ordered_points(np.asarray(points, np.float64))
    if np.linalg.norm(first - curve[0]) > np.linalg.norm(second - curve[0]):
        first, second = second, first
    tip = int(np.clip(((curve - apex) ** 2).sum(1).argmin(), 1, len(curve) - 2))
    return np.stack([first, second, apex]), tip


def _missing(curve: Array, points: Points) -> Array:
    """Return what is missing from a contour to its points: first end, last end, apex."""
    corners, tip = _corners(curve, points)
    return np.asarray(corners - curve[[0, -1, tip]], np.float64)


def _shifted(contours: Array, knots: Array) -> Array:
    """Return contours moved at their ends and tip, fading in between; knots ``(T, 3, 2)``."""
    moved = np.empty_like(contours)
    along = np.arange(contours.shape[1])
    for k, (curve, (first, last, apex)) in enumerate(zip(contours, knots, strict=True)):
        middle = (curve[0] + curve[-1]) / 2
        tip = int(np.clip(((curve - middle) ** 2).sum(1).argmax(), 1, len(curve) - 2))
        places = [0, tip, len(curve) - 1]
        shift = [np.interp(along, places, [first[c], apex[c], last[c]]) for c in range(2)]
        moved[k] = curve + np.stack(shift, axis=1)
    return moved


def _round(
    ventricle: LeftVentricle, phase: Array, ed: int, es: int | None, points_es: Points
) -> Array:
    """Return short-axis contours with the centre and the mean radius that were given."""
    contours = ventricle.contours
    centres = contours.mean(1)
    radii = np.linalg.norm(contours - centres[:, None], axis=2).mean(1)

    def correction(points: Points, frame: int) -> tuple[Array, float]:
        centre, rim = np.asarray(points, np.float64)
        return centre - centres[frame], float(np.linalg.norm(rim - centre) / radii[frame])

    shift, factor = correction(ventricle.given, ed)
    late_shift, late_factor = shift, factor
    if points_es and es is not None:
        late_shift, late_factor = correction(points_es, es)
    share = phase[:, None]
    moves = (1 - share) * shift + share * late_shift
    factors = (1 - share) * factor + share * late_factor
    around = contours - centres[:, None]
    return np.asarray((centres + moves)[:, None] + factors[..., None] * around, np.float64)
