"""The left ventricle without a click, or from the usual three points.

The search finds one shape for the loop, then one near it for many frames; smoothed in time they
start a refinement on the edge of every frame, at a finer grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.cavity_network import Sighting, sight
from engine.masks.proposal import propose, propose_from_points, spread_frames, sure_throughout
from engine.masks.sector import Sector
from engine.masks.settings import SearchConfig
from engine.masks.through_time import contours_through_time
from engine.masks.working import COARSE_HEIGHT, SMOOTHING, make_working
from engine.model import Cine
from engine.progress import Progress, Step

Array = NDArray[np.float64]
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
    seen = sight(loop, spread_frames(len(loop.frames), 48))
    if points:
        proposal = propose_from_points(loop, sector, points, seen, config, rng)
    else:
        proposal = propose(loop, seen, config, rng, short_axis=short_axis)
    progress.check()
    progress.report(Step("left ventricle", 1, 3))
    model = proposal.model
    shape = np.tile(proposal.parameters, (len(loop.frames), 1))
    near = (shape, np.broadcast_to(model.spread, shape.shape))
    contours = contours_through_time(cine, sector, loop, model, near, seen, config, rng, progress)
    confidence = proposal.confidence
    if not points and not model.closed:
        confidence *= sure_throughout(loop, loop.to_working(contours), seen)
    return LeftVentricle(contours, model.closed, confidence, points, seen)
