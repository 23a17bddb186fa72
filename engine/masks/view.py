"""What view a loop may show, and which way round: proposals for the user to confirm.

Nothing here names a wall or turns a picture. A mirrored apical loop swaps septum and lateral
wall, so the user confirms the view before any segment has a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.left_ventricle import LeftVentricle
from engine.masks.rasterise import fill_polygon
from engine.masks.sector import Sector
from engine.masks.wall import cavity_length, offset_contours
from engine.masks.working import COARSE_HEIGHT, SMOOTHING, make_working
from engine.model import Cine, View

Array = NDArray[np.float64]
RIGHT_HEART: Final = 0.12
"""Share of a side's outward lines that must cross a chamber for a right heart to be seen."""
LEAST_SURE: Final = 0.3
"""Confidence below which no view is proposed."""


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
    """What the picture tells of the view, for the user to confirm or change.

    Attributes:
        view: The likeliest view; None where the picture does not tell it from others.
        short_axis: Whether it is a short-axis view at all.
        orientation: Which way round.
        confidence: 0 to 1, of the view; 0 where none is proposed.
        sentence: What to ask the user.
    """

    view: View | None
    short_axis: bool
    orientation: Orientation
    confidence: float
    sentence: str


def propose_view(cine: Cine, sector: Sector, ventricle: LeftVentricle) -> ViewProposal:
    """Propose the view and the orientation of a loop.

    Two chambers of blood beside one another make a four-chamber view likely and show where the
    right heart is. Other apical views look alike, and so do the levels of the short axis: there
    the user is asked, and nothing is guessed.

    Args:
        cine: The loop.
        sector: Its sector.
        ventricle: The cavity.
    """
    apex_down = sector.fan is not None and sector.fan.apex_down
    upside = " The probe is at the bottom of the image: apex down." if apex_down else ""
    unknown = Orientation(False, apex_down, 0.0)
    if ventricle.closed:
        sentence = (
            "This looks like a short axis. Its level cannot be told: choose base, mid or apex."
        )
        return ViewProposal(None, True, unknown, 0.0, sentence + upside)
    left, right = _blood_beside(cine, sector, ventricle)
    sure = float(np.clip(abs(left - right) / 0.3, 0, 1)) * ventricle.confidence
    if max(left, right) < RIGHT_HEART or sure < LEAST_SURE:
        sentence = (
            "This looks like an apical view. Which one, and which wall is on the left, cannot be "
            "told from the picture: choose the view."
        )
        return ViewProposal(None, False, unknown, 0.0, sentence + upside)
    mirrored = right > left
    side = "right, so it is mirrored" if mirrored else "left"
    sentence = (
        f"This looks like {View.A4C.value} with the right heart on the {side} (confidence "
        f"{100 * sure:.0f} %). Confirm view and left wall before any segment is named."
    )
    orientation = Orientation(mirrored, apex_down, sure)
    return ViewProposal(View.A4C, False, orientation, sure, sentence + upside)


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
