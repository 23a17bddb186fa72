"""The left ventricle's contour in every frame: searched, put on the edge, ended at the annulus."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.annulus import annulus_path, with_moved_corners
from engine.masks.cavity_network import Sighting
from engine.masks.contour import (
    POINTS,
    areas,
    beat_frames,
    refine,
    smooth_in_time,
    without_outliers,
)
from engine.masks.course import steadied
from engine.masks.edge import outward_shift
from engine.masks.following import LoopMotion
from engine.masks.search import Scene, cross_entropy
from engine.masks.sector import Sector
from engine.masks.settings import SearchConfig
from engine.masks.shape import even_halves, normals
from engine.masks.shape_model import ShapeModel
from engine.masks.working import SMOOTHING, WorkingLoop, make_working
from engine.model import Cine
from engine.progress import Progress, Step

Array = NDArray[np.float64]
FINE_HEIGHT: Final = 256
"""Rows at which contours are put on the edge, px."""
FINE_USUAL: Final = 192
"""Height from which the finer frames are smoothed by a fixed part of it, px."""
SHORT_AXIS_SHARE: Final = 0.3
"""Weight of the network's map once the ring is found, beside its weight in apical views."""
SHORT_AXIS_SIZE: Final = 1.8
"""Factor on the reward for size then: single frames tempt to the papillary muscles' ring."""


def contours_through_time(
    cine: Cine,
    sector: Sector,
    loop: WorkingLoop,
    model: ShapeModel,
    near: tuple[Array, Array],
    seen: Sighting,
    config: SearchConfig,
    rng: np.random.Generator,
    progress: Progress,
    *,
    ends: Array | None = None,
) -> Array:
    """Return the contour of every frame, searched near an expectation and refined on the edge.

    Args:
        cine: The loop.
        sector: Its sector.
        loop: The loop at the search's size.
        model: Family of shapes.
        near: Expected shape of every frame and how far it may depart, ``(T, P)`` each.
        seen: Where the network sees the cavity.
        config: Weights and effort.
        rng: Source of the draws.
        progress: Told of every step; may cancel.
        ends: Where the annulus is known to be, ``(T, 2, 2)``, working px; None looks for it.

    Returns:
        ``(T, 100, 2)``, source px.
    """
    rough = _through_time(loop, model, near, seen, config, rng, progress)
    progress.report(Step("left ventricle", 2, 3))
    return _refined(cine, sector, loop, rough, seen, closed=model.closed, ends=ends)


def _through_time(
    loop: WorkingLoop,
    model: ShapeModel,
    near: tuple[Array, Array],
    seen: Sighting,
    config: SearchConfig,
    rng: np.random.Generator,
    progress: Progress,
) -> Array:
    """Return the shape of every frame near the expected one, ``(T, 100, 2)``, working px."""
    expected, spread = near
    keys = seen.frames
    maps = seen.of(keys, closed=model.closed)
    if model.closed:
        # The map tells where a ring is better than how wide it is.
        config = replace(
            config,
            network=SHORT_AXIS_SHARE * config.network,
            length=SHORT_AXIS_SIZE * config.length,
        )
    shapes = np.empty((len(keys), expected.shape[1]))
    for i, k in enumerate(keys):
        progress.check()
        scene = Scene(loop.frames[k : k + 1], loop.sector, model, config, maps[i : i + 1])
        start = expected[k] + spread[k] * rng.normal(size=(300, len(expected[k])))
        shapes[i], _ = cross_entropy(
            scene, start, rng, rounds=6, count=200, keep=25, near=(expected[k], spread[k])
        )
    return _course(loop, model, keys, shapes)


def _course(loop: WorkingLoop, model: ShapeModel, keys: NDArray[np.int64], shapes: Array) -> Array:
    """Return the contour of every frame of shapes of some, smooth in time, ``(T, 100, 2)``."""
    count = len(loop.frames)
    gap = max(1.0, count / max(1, len(keys)))
    sigma = _time_sigma(areas(model.contours(shapes, loop.size, POINTS)), gap) / gap
    # Single frames are searched with much noise; what is lost here, the edge brings back.
    usual = without_outliers(shapes / model.spread)
    shapes = smooth_in_time(usual, 2 * sigma, rest=3.0) * model.spread
    full = np.stack([np.interp(np.arange(count), keys, column) for column in shapes.T], axis=1)
    return model.contours(full, loop.size, POINTS)


def _time_sigma(size: Array, gap: float) -> float:
    """Return how far to smooth over time, frames: a 40th of a beat, at most 1.2 frames."""
    return float(np.clip(beat_frames(size) * gap / 40, 0.0, 1.2))


def _refined(
    cine: Cine,
    sector: Sector,
    loop: WorkingLoop,
    rough: Array,
    seen: Sighting,
    *,
    closed: bool,
    ends: Array | None = None,
) -> Array:
    """Return contours on the edge of every frame, source px."""
    sigma = _time_sigma(areas(rough), 1.0)
    # In short axis papillary muscles tempt the contour inwards: the ellipse is trusted more.
    radius, stay = (4.0, 1.0) if closed else (5.0, 0.4)
    medium = rough
    # What a family of shapes cannot follow is the same in all frames: first they move together.
    for time_sigma in (np.inf, sigma):
        medium = refine(
            loop.frames,
            medium,
            closed=closed,
            radius=radius,
            stay=stay,
            along_sigma=4,
            time_sigma=time_sigma,
        )
    medium = smooth_in_time(medium, sigma)
    height = min(FINE_HEIGHT, loop.source_height)
    part = SMOOTHING * height / FINE_USUAL
    fine = make_working(cine, sector, height, max(SMOOTHING, part))
    motion = LoopMotion(fine.frames)
    if not closed:
        if ends is None:
            maps = seen.of(seen.frames, closed=False)
            ends = annulus_path(loop.frames, medium, maps, seen.frames, motion)
        moves = np.zeros((len(medium), 3, 2))
        moves[:, :2] = ends - medium[:, [0, -1]]
        medium = with_moved_corners(medium, moves)
    curves = fine.to_working(loop.to_source(medium))
    for along in (4.0, 2.0):
        curves = refine(
            fine.frames,
            curves,
            closed=closed,
            radius=2 if closed else 3,
            stay=0.4 if closed else 0.05,
            along_sigma=along,
            time_sigma=sigma,
        )
    curves = curves if closed else even_halves(curves)
    curves = steadied(curves, motion.steps(curves, fine.size[0]), sigma, closed=closed)
    # Smoothing moves the place of half power outwards: in small images as little as in large ones.
    sharp = fine if part >= SMOOTHING else make_working(cine, sector, height, part)
    shift = outward_shift(sharp.frames, curves, closed=closed)[..., None]
    return fine.to_source(curves + shift * normals(curves, closed=closed))
