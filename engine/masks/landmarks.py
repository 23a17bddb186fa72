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

from engine.masks.annulus import corners_of, with_moved_corners
from engine.masks.contour import areas
from engine.masks.following import follow
from engine.masks.left_ventricle import LeftVentricle
from engine.masks.sector import Sector
from engine.masks.settings import LandmarkConfig, SearchConfig
from engine.masks.shape import ordered_points
from engine.masks.shape_model import ApicalModel
from engine.masks.through_time import contours_through_time
from engine.masks.working import COARSE_HEIGHT, SMOOTHING, WorkingLoop, make_working
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
    if not ventricle.given or ventricle.seen is None:
        return ventricle
    phase = systolic_phase(areas(ventricle.contours), ed, es)
    loop = make_working(cine, sector, COARSE_HEIGHT, SMOOTHING)
    if ventricle.closed:
        contours = _round(ventricle, loop, phase, frames, points_es)
        return replace(ventricle, contours=loop.to_source(contours))
    path = _path(loop, (ventricle.given, points_es), phase, frames)
    expected, spread = _expectation(loop, path, phase, given_es=bool(points_es), config=config)
    search = SearchConfig()
    rng = np.random.default_rng(search.seed)
    contours = contours_through_time(
        cine,
        sector,
        loop,
        ApicalModel(),
        (expected, spread),
        ventricle.seen,
        search,
        rng,
        progress,
        ends=path[:, :2],
    )
    kept = 1 - (1 - config.annulus_kept) * _freedom(phase, given_es=bool(points_es))
    contours = loop.to_working(contours)
    moves = kept[:, None, None] * (path - corners_of(contours))
    return replace(ventricle, contours=loop.to_source(with_moved_corners(contours, moves)))


def _path(
    loop: WorkingLoop,
    points: tuple[Points, Points],
    phase: Array,
    frames: tuple[int, int | None],
) -> Array:
    """Return where the given points are in every frame, ``(T, 3, 2)``, working px.

    Followed from end-diastole; points of end-systole bend the way so that it meets them.
    """
    given = _in_order(loop.to_working(np.asarray(points[0], np.float64)))
    path = follow(loop.frames, given, frames[0])
    if points[1] and frames[1] is not None:
        late = _in_order(loop.to_working(np.asarray(points[1], np.float64)))
        path = path + phase[:, None, None] * (late - path[frames[1]])
    return path


def _in_order(places: Array) -> Array:
    """Return left annulus point, right annulus point and apex, ``(3, 2)``."""
    first, second, apex = ordered_points(places)
    if first[0] > second[0]:
        first, second = second, first
    return np.stack([first, second, apex])


def _freedom(phase: Array, *, given_es: bool) -> Array:
    """Return how far every frame is from those that points were given at, 0 to 1."""
    return np.clip(1.5 * np.minimum(phase, 1 - phase), 0, 1) if given_es else phase


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
    loop: WorkingLoop, path: Array, phase: Array, *, given_es: bool, config: LandmarkConfig
) -> tuple[Array, Array]:
    """Return the shape expected in every frame and how far it may depart, ``(T, P)`` each."""
    model = ApicalModel()
    expected = np.stack([model.through_points(loop.normalised(places)) for places in path])
    expected[:, 6:8] -= config.narrowing * phase[:, None]
    spread = np.tile(model.spread, (len(phase), 1))
    loose = np.array([0.02, 0.025, 0.02, 0.025, config.apex_rest, 1.5 * config.apex_rest])
    free = _freedom(phase, given_es=given_es)
    spread[:, :_CORNERS] = np.maximum(config.exact, free[:, None] * loose)
    return expected, spread


def _round(
    ventricle: LeftVentricle,
    loop: WorkingLoop,
    phase: Array,
    frames: tuple[int, int | None],
    points_es: Points,
) -> Array:
    """Return short-axis contours with the given centre and mean radius, working px."""
    (ed, es), contours = frames, loop.to_working(ventricle.contours)
    centres = contours.mean(1)
    radii = np.linalg.norm(contours - centres[:, None], axis=2).mean(1)

    def correction(points: Points, frame: int) -> tuple[Array, float]:
        centre, rim = loop.to_working(np.asarray(points, np.float64))
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
