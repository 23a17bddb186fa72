"""Where the left ventricle is in the mean over a loop: proposed without a click, or from points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.cavity_network import Sighting
from engine.masks.contour import POINTS
from engine.masks.rasterise import fill_loop, fill_polygon
from engine.masks.search import Evidence, Scene, cross_entropy, search_everywhere
from engine.masks.sector import Sector
from engine.masks.settings import SearchConfig
from engine.masks.shape_model import ApicalModel, ShapeModel, ShortAxisModel
from engine.masks.working import WorkingLoop

Array = NDArray[np.float64]
AGREED: Final = 0.7
"""Dice of the best shape and the network's maps at which confidence is halved."""
AGREED_LEAST: Final = 0.73
"""The same of final contours, in the tenth of the frames that agrees least."""
AGREED_STEADILY: Final = 0.67
"""The same, less what that tenth falls short of half of the frames."""


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


def propose(
    loop: WorkingLoop,
    seen: Sighting,
    config: SearchConfig,
    rng: np.random.Generator,
    *,
    short_axis: bool | None = None,
) -> Proposal:
    """Return the best shape of the asked family of views, or of the likelier one."""
    keys = spread_frames(len(loop.frames), 6)
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
    sure = _rise(float(evidence.side[0]), 0.45, 0.07) * _rise(float(evidence.prior[0]), -3.8, 0.5)
    sure *= _rise(-float(evidence.inside[0]), -0.78, 0.05)
    # Where the network sees the cavity elsewhere, or none, one of the two is wrong.
    sure *= _rise(float(evidence.overlap[0]), AGREED, 0.02)
    curves = scene.model.contours(np.stack([shape for shape, _ in found]), scene.shape, POINTS)
    fills = [fill_polygon(curve, scene.shape) for curve in curves]
    for (_, score), fill in zip(found[1:], fills[1:], strict=True):
        total = max(1, int(fills[0].sum() + fill.sum()))
        if 2 * int((fills[0] & fill).sum()) / total < 0.5:
            sure *= 1 - float(np.exp(-max(0.0, found[0][1] - score) / 0.06))
    return sure


def sure_throughout(loop: WorkingLoop, contours: Array, seen: Sighting) -> float:
    """Return how sure it is, 0 to 1, that apical contours end where the cavity does.

    A contour that reaches into the atrium agrees with the network's maps in some frames and not in
    others: the maps move with the heart. So the frames that agree least are asked, and how far they
    fall short of the others.

    Args:
        loop: The loop.
        contours: ``(T, N, 2)``, px of that loop.
        seen: Where the network sees the cavity.
    """
    maps = seen.of(seen.frames, closed=False)
    fills = fill_loop(contours[seen.frames], loop.size)
    both = (maps * fills).sum((1, 2))
    overlap = 2 * both / (maps.sum((1, 2)) + fills.sum((1, 2)) + 1e-6)
    least, usual = np.quantile(overlap, (0.1, 0.5))
    steadily = _rise(float(2 * least - usual), AGREED_STEADILY, 0.01)
    return steadily * _rise(float(least), AGREED_LEAST, 0.01)


def _rise(value: float, middle: float, width: float) -> float:
    """Return 0 far below a middle value, a half there, 1 far above."""
    return float(1 / (1 + np.exp(-np.clip((value - middle) / width, -40, 40))))


def propose_from_points(
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
    keys = spread_frames(len(loop.frames), 6)
    maps = seen.of(keys, closed=model.closed)
    scene = Scene(loop.frames[keys], loop.sector, model, config, maps)
    # The points are of one frame, the shape is of the whole loop: it may be somewhat smaller.
    draws = start + model.spread * rng.normal(size=(800, len(start)))
    shape, score = cross_entropy(
        scene, draws, rng, rounds=8, count=400, keep=30, near=(start, 0.7 * model.spread)
    )
    return Proposal(model, shape, score, 1.0)


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


def spread_frames(count: int, wanted: int) -> NDArray[np.int64]:
    """Return up to ``wanted`` frame numbers spread over a loop of ``count`` frames."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))
