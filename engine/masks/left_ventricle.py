"""The left ventricle without a click, or from the usual three points.

The search finds one shape for the loop, then one near it for many frames; smoothed in time they
start a refinement on the edge of every frame, at a finer grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.annulus import refine_annulus, with_moved_corners
from engine.masks.cavity_network import Sighting, sight
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
from engine.masks.rasterise import fill_polygon
from engine.masks.search import Evidence, Scene, cross_entropy, search_everywhere
from engine.masks.sector import Sector
from engine.masks.settings import AnnulusConfig, SearchConfig
from engine.masks.shape import even_halves, normals
from engine.masks.shape_model import ApicalModel, ShapeModel, ShortAxisModel
from engine.masks.working import WorkingLoop, make_working
from engine.model import Cine
from engine.progress import Progress, Step

Array = NDArray[np.float64]
COARSE_HEIGHT: Final = 112
FINE_HEIGHT: Final = 256
SMOOTHING: Final = 1.2
FINE_USUAL: Final = 192
"""Height from which the finer frames are smoothed by a fixed part of it, px."""
SHORT_AXIS_SHARE: Final = 0.3
"""Weight of the network's map once the ring is found, beside its weight in apical views."""
SHORT_AXIS_SIZE: Final = 1.8
"""Factor on the reward for size then: single frames tempt to the papillary muscles' ring."""
AGREED: Final = 0.7
"""Dice of the best shape and the network's maps at which confidence is halved."""
CONFIDENT: Final = 0.35
"""Confidence from which the automatic start is used without asking for points."""


@dataclass(frozen=True, eq=False)
class LeftVentricle:
    """The cavity through the loop.

    Attributes:
        contours: ``(T, 100, 2)`` float64, (x, y), source px; in apical views from the annulus
            point on the left of the image through the apex to the other.
        closed: Whether the curves are closed (short axis).
        confidence: 0 to 1; below ``CONFIDENT`` the user should give points.
        given: Points on the contour that the user gave, source px; empty without them.
        seen: Where the network saw the cavity; None if nobody asked it.
    """

    contours: Array
    closed: bool
    confidence: float
    given: tuple[tuple[float, float], ...] = ()
    seen: Sighting | None = None


@dataclass(frozen=True, eq=False)
class Proposal:
    """Where the search sees the cavity in the mean over the loop.

    Attributes:
        model: Family of shapes.
        parameters: Of the shape, ``(P,)``.
        score: Of the search.
        confidence: 0 to 1.
    """

    model: ShapeModel
    parameters: Array
    score: float
    confidence: float


def find_left_ventricle(
    cine: Cine,
    sector: Sector,
    progress: Progress,
    *,
    short_axis: bool | None = None,
    points: tuple[tuple[float, float], ...] = (),
    config: SearchConfig | None = None,
) -> LeftVentricle:
    """Find the cavity in every frame.

    Args:
        cine: The loop.
        sector: Its sector.
        progress: Told of every step; may cancel.
        short_axis: Which family of views; None takes the one that fits better.
        points: Source px (x, y): two annulus points and the apex in any order, or centre and a
            rim point in short axis; empty to start without a click.
        config: Weights and effort.

    Raises:
        InputError: If the points are not two or three, not apart, or outside the sector.
    """
    config = config or SearchConfig()
    loop = make_working(cine, sector, COARSE_HEIGHT, SMOOTHING)
    rng = np.random.default_rng(config.seed)
    progress.report(Step("left ventricle", 0, 3))
    seen = sight(loop, _spread_frames(len(loop.frames), 48))
    if points:
        proposal = _from_points(loop, sector, points, seen, config, rng)
    else:
        proposal = propose(loop, seen, config, rng, short_axis=short_axis)
    progress.check()
    progress.report(Step("left ventricle", 1, 3))
    model = proposal.model
    shape = np.tile(proposal.parameters, (len(loop.frames), 1))
    near = (shape, np.broadcast_to(model.spread, shape.shape))
    contours = contours_through_time(cine, sector, loop, model, near, seen, config, rng, progress)
    return LeftVentricle(contours, model.closed, proposal.confidence, points, seen)


def propose(
    loop: WorkingLoop,
    seen: Sighting,
    config: SearchConfig,
    rng: np.random.Generator,
    *,
    short_axis: bool | None = None,
) -> Proposal:
    """Return the best shape of the asked family of views, or of the likelier one."""
    keys = _spread_frames(len(loop.frames), 6)
    families: list[ShapeModel] = []
    if short_axis is not True:
        families.append(ApicalModel())
    if short_axis is not False:
        families.append(ShortAxisModel())
    proposals = []
    for model in families:
        maps = seen.of(keys, closed=model.closed)
        scene = Scene(loop.frames[keys], loop.sector, model, config, maps)
        found = search_everywhere(scene, rng)
        evidence = scene.judge(found[0][0][None])
        confidence = _confidence(scene, found, evidence)
        proposals.append(Proposal(model, found[0][0], found[0][1], confidence))
    if len(proposals) == 1:
        return proposals[0]
    apical, short = proposals
    usual = float(short.model.log_prior(short.parameters[None])[0]) > -1.5
    # Apical shapes have more freedom and may score higher on a ring, but look unusual there.
    gain = short.score - apical.score + short.confidence - apical.confidence
    return short if usual and gain > 0 else apical


def _confidence(scene: Scene, found: list[tuple[Array, float]], evidence: Evidence) -> float:
    """Return how sure the best shape is: contrast, usual shape, the network's map, no rival."""

    def rise(value: float, middle: float, width: float) -> float:
        return float(1 / (1 + np.exp(-np.clip((value - middle) / width, -40, 40))))

    sure = rise(float(evidence.side[0]), 0.45, 0.07) * rise(float(evidence.prior[0]), -3.8, 0.5)
    sure *= rise(-float(evidence.inside[0]), -0.78, 0.05)
    # Where the network sees the cavity elsewhere, or none, one of the two is wrong.
    sure *= rise(float(evidence.overlap[0]), AGREED, 0.02)
    curves = scene.model.contours(np.stack([shape for shape, _ in found]), scene.shape, POINTS)
    fills = [fill_polygon(curve, scene.shape) for curve in curves]
    for (_, score), fill in zip(found[1:], fills[1:], strict=True):
        total = max(1, int(fills[0].sum() + fill.sum()))
        if 2 * int((fills[0] & fill).sum()) / total < 0.5:
            sure *= 1 - float(np.exp(-max(0.0, found[0][1] - score) / 0.06))
    return sure


def check_points(
    points: tuple[tuple[float, float], ...], sector: Sector, *, count: int | None = None
) -> Array:
    """Return given points as an array, ``(2 or 3, 2)``.

    Args:
        points: Source px (x, y).
        sector: They must lie inside it.
        count: How many there must be; None allows two or three.

    Raises:
        InputError: If they are too many or too few, or one lies outside the sector.
    """
    places = np.asarray(points, np.float64)
    if places.shape not in {(2, 2), (3, 2)} or not np.all(np.isfinite(places)):
        raise InputError(
            "Give three points (two annulus points and the apex), or in short axis two "
            "(centre and a point on the boundary)."
        )
    if count is not None and len(places) != count:
        raise InputError("Give as many points at end-systole as at end-diastole.")
    height, width = sector.mask.shape
    x, y = np.rint(places).astype(np.int64).T
    if np.any((x < 0) | (y < 0) | (x >= width) | (y >= height)):
        raise InputError(f"A point lies outside the image of {width}x{height} px.")
    if not sector.mask[y, x].all():
        raise InputError("A point lies outside the ultrasound sector: click inside it.")
    return places


def _from_points(
    loop: WorkingLoop,
    sector: Sector,
    points: tuple[tuple[float, float], ...],
    seen: Sighting,
    config: SearchConfig,
    rng: np.random.Generator,
) -> Proposal:
    """Return the shape through the given points whose sides fit the loop best."""
    places = check_points(points, sector)
    model: ShapeModel = ApicalModel() if len(places) == 3 else ShortAxisModel()
    start = model.through_points(loop.normalised(loop.to_working(places)))
    keys = _spread_frames(len(loop.frames), 6)
    maps = seen.of(keys, closed=model.closed)
    scene = Scene(loop.frames[keys], loop.sector, model, config, maps)
    # The points are of one frame, the shape is of the whole loop: it may be somewhat smaller.
    draws = start + model.spread * rng.normal(size=(800, len(start)))
    shape, score = cross_entropy(
        scene, draws, rng, rounds=8, count=400, keep=30, near=(start, 0.7 * model.spread)
    )
    return Proposal(model, shape, score, 1.0)


def _spread_frames(count: int, wanted: int) -> NDArray[np.int64]:
    """Return up to ``wanted`` frame numbers spread over a loop of ``count`` frames."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


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
        ends: Where the annulus is known to be, ``(T, 2, 2)``, working px; it is looked for only
            near that.

    Returns:
        ``(T, 100, 2)``, source px.
    """
    rough = _through_time(loop, model, near, seen, config, rng, progress)
    progress.report(Step("left ventricle", 2, 3))
    return _refined(cine, sector, loop, rough, closed=model.closed, ends=ends)


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
    if ends is not None:
        still = np.zeros_like(ends[:, :1])
        moves = np.concatenate([ends - medium[:, [0, -1]], still], axis=1)
        medium = with_moved_corners(medium, moves)
    elif not closed:
        medium = refine_annulus(loop.frames, medium, AnnulusConfig(time_sigma=sigma))
    height = min(FINE_HEIGHT, loop.source_height)
    part = SMOOTHING * height / FINE_USUAL
    fine = make_working(cine, sector, height, max(SMOOTHING, part))
    curves = fine.to_working(loop.to_source(medium))
    near = AnnulusConfig(reach=0.06, pooled=0.2, time_sigma=sigma)
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
        if not closed:
            curves = refine_annulus(fine.frames, curves, near)
    curves = steadied(fine.frames, curves if closed else even_halves(curves), sigma, closed=closed)
    # Smoothing moves the place of half power outwards: in small images as little as in large ones.
    sharp = fine if part >= SMOOTHING else make_working(cine, sector, height, part)
    shift = outward_shift(sharp.frames, curves, closed=closed)[..., None]
    return fine.to_source(curves + shift * normals(curves, closed=closed))
