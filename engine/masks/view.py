"""What view a loop may show, and which way round: proposals for the user to confirm.

Nothing here names a wall or turns a picture. A mirrored apical loop swaps septum and lateral
wall, so the user confirms the view before any segment has a name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.masks.left_ventricle import COARSE_HEIGHT, SMOOTHING, LeftVentricle
from engine.masks.rasterise import fill_polygon
from engine.masks.sector import Sector
from engine.masks.wall import cavity_length, offset_contours
from engine.masks.working import make_working
from engine.model import Cine, View

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Orientation:
    """Which way round a loop is shown.

    Attributes:
        mirrored: Whether left and right look swapped against the usual display (four-chamber:
            right ventricle on the left of the image); False where nothing tells.
        apex_down: Whether the probe is at the bottom of the image.
        confidence: 0 to 1, of ``mirrored``.
    """

    mirrored: bool
    apex_down: bool
    confidence: float


@dataclass(frozen=True)
class ViewProposal:
    """A view for the user to confirm or change.

    Attributes:
        view: The likeliest view.
        orientation: Which way round.
        confidence: 0 to 1, of the view.
        sentence: What to ask the user.
    """

    view: View
    orientation: Orientation
    confidence: float
    sentence: str


def propose_view(cine: Cine, sector: Sector, ventricle: LeftVentricle) -> ViewProposal:
    """Propose the view and the orientation of a loop.

    A chamber of blood beside the left ventricle makes a four-chamber view likely and shows where
    the right heart is. Without one, a two-chamber view is proposed with low confidence: the long
    axis looks alike.

    Args:
        cine: The loop.
        sector: Its sector.
        ventricle: The cavity.
    """
    apex_down = sector.fan is not None and sector.fan.apex_down
    if ventricle.closed:
        orientation = Orientation(False, apex_down, 0.0)
        return _proposal(View.PSAX_MID, orientation, 0.4 * ventricle.confidence)
    left, right = _blood_beside(cine, sector, ventricle)
    gap = abs(left - right)
    sure = float(np.clip(gap / 0.3, 0, 1)) * ventricle.confidence
    if max(left, right) < 0.12:
        return _proposal(View.A2C, Orientation(False, apex_down, 0.0), 0.3 * ventricle.confidence)
    return _proposal(View.A4C, Orientation(right > left, apex_down, sure), sure)


def _proposal(view: View, orientation: Orientation, confidence: float) -> ViewProposal:
    turned = " mirrored" if orientation.mirrored else ""
    upside = ", apex down" if orientation.apex_down else ""
    sentence = (
        f"This looks like {view.value}{turned}{upside} (confidence {confidence:.0%}). Confirm the "
        "view before any segment is named."
    )
    return ViewProposal(view, orientation, confidence, sentence)


def _blood_beside(cine: Cine, sector: Sector, ventricle: LeftVentricle) -> tuple[float, float]:
    """Return how much of the band beyond each side wall is as dark as the cavity.

    The shadowed rim of a sector is dark too, but it does not lie between two bright walls, so
    only what something brighter closes off on the far side counts.
    """
    loop = make_working(cine, sector, COARSE_HEIGHT, SMOOTHING)
    frame = loop.frames[:: max(1, len(loop.frames) // 12)].mean(0)
    curves = loop.to_working(ventricle.contours)
    curve = curves.mean(0)
    length = cavity_length(curve, closed=False)
    cavity = frame[fill_polygon(curve, loop.size)]
    wall = _ring_brightness(frame, curve, 0.06 * length)
    threshold = float(np.median(cavity) + 0.35 * max(wall - np.median(cavity), 1e-3))
    count = len(curve)
    stem = slice(2, max(3, round(0.32 * count)))
    flipped = slice(count - max(3, round(0.32 * count)), count - 2)
    scores = []
    for side in (stem, flipped):
        scores.append(_closed_off(frame > threshold, loop.sector, curve, side, length))
    if curve[0, 0] > curve[-1, 0]:
        scores.reverse()
    return scores[0], scores[1]


def _ring_brightness(frame: NDArray[np.float32], curve: Array, distance: float) -> float:
    ring = offset_contours(curve[None], distance, closed=False)[0]
    x = np.clip(np.rint(ring[:, 0]), 0, frame.shape[1] - 1).astype(np.int64)
    y = np.clip(np.rint(ring[:, 1]), 0, frame.shape[0] - 1).astype(np.int64)
    return float(frame[y, x].mean())


def _closed_off(
    bright: NDArray[np.bool_], sector: NDArray[np.bool_], curve: Array, side: slice, length: float
) -> float:
    """Fraction of the lines out of a side that cross wall, dark, and something bright again."""
    steps = np.arange(0.04, 0.75, 0.01) * length
    base = curve[side]
    outward = offset_contours(curve[None], 1.0, closed=False)[0][side] - base
    places = base[:, None] + steps[None, :, None] * outward[:, None]
    x = np.clip(np.rint(places[..., 0]), 0, bright.shape[1] - 1).astype(np.int64)
    y = np.clip(np.rint(places[..., 1]), 0, bright.shape[0] - 1).astype(np.int64)
    inside = sector[y, x]
    bright, dark = bright[y, x] & inside, ~bright[y, x] & inside
    found = 0.0
    for row_bright, row_dark in zip(bright, dark, strict=True):
        if not row_bright.any():
            continue
        wall_starts = int(row_bright.argmax())
        beyond = np.nonzero(row_dark[wall_starts:])[0]
        if not len(beyond):
            continue
        blood_starts = wall_starts + int(beyond[0])
        again = np.nonzero(row_bright[blood_starts:])[0]
        width = int(again[0]) if len(again) else 0
        found += min(1.0, width / 10)
    return found / len(bright)
