"""Contours carried by the tracked field, blended between the frames that a person confirmed.

Fields are pull-back: ``displacement[k]`` lives on frame k+1 and points to where the tissue was at
frame k. Backwards in time a point just follows it; forwards the place whose past is the point is
found by fixed-point iteration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from engine.errors import InputError
from engine.masks.check import sound_contours
from engine.masks.rasterise import fill_polygon
from engine.masks.shape import resample
from engine.model import Contours

Array = NDArray[np.float64]
ITERATIONS: Final = 12
AGREEMENT: Final = "Interpolated and tracked contour"
"""How the sentence on two contours' agreement begins."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far two moving contours agree.

    Attributes:
        dice: Of the enclosed areas, ``(T,)``, 0 to 1.
        distance_px: Mean distance between the curves, both ways, ``(T,)``, px.
    """

    dice: Array
    distance_px: Array

    @property
    def sentence(self) -> str:
        """One line for the window and the report."""
        return (
            f"{AGREEMENT}: Dice {self.dice.mean():.3f} "
            f"(least {self.dice.min():.3f}), mean distance {self.distance_px.mean():.1f} px."
        )


def step_back(displacement: NDArray[np.floating], points: Array) -> Array:
    """Return where points of frame k+1 were at frame k, ``(N, 2)``, px.

    Args:
        displacement: ``(2, H, W)`` (x, y), px, on frame k+1.
        points: ``(N, 2)`` (x, y) at frame k+1, px.
    """
    return points + _sample(displacement, points)


def step_forward(displacement: NDArray[np.floating], points: Array) -> Array:
    """Return where points of frame k are at frame k+1, ``(N, 2)``, px.

    Args:
        displacement: ``(2, H, W)`` (x, y), px, on frame k+1.
        points: ``(N, 2)`` (x, y) at frame k, px.
    """
    place = points - _sample(displacement, points)
    for _ in range(ITERATIONS):
        place = points - _sample(displacement, place)
    return place


def propagate_contours(
    displacement: NDArray[np.floating], keyframes: Mapping[int, NDArray[np.floating]]
) -> Array:
    """Return the contour of every frame, carried from the keyframes, ``(T, N, 2)``, px.

    Between two keyframes the contour carried forwards from the earlier one and backwards from
    the later one are blended linearly in time; each keyframe keeps its own contour.

    Args:
        displacement: ``(T-1, 2, H, W)``, pull-back, px.
        keyframes: Contour ``(N, 2)`` by frame; all with the same number of points.

    Raises:
        InputError: If there is no keyframe, one lies outside the loop, or the numbers of points
            differ.
    """
    frames = len(displacement) + 1
    marks = sorted(keyframes)
    if not marks:
        raise InputError("Propagation needs a contour at one frame or more: mark a keyframe.")
    if marks[0] < 0 or marks[-1] >= frames:
        raise InputError(f"A keyframe lies outside the loop of {frames} frames.")
    curves = {k: np.asarray(curve, np.float64) for k, curve in keyframes.items()}
    if len({curve.shape for curve in curves.values()}) > 1:
        raise InputError("The keyframes' contours must have the same number of points.")
    result = np.empty((frames, *curves[marks[0]].shape))
    for k in marks:
        result[k] = curves[k]
    for k in range(marks[0] - 1, -1, -1):
        result[k] = step_back(displacement[k], result[k + 1])
    for k in range(marks[-1] + 1, frames):
        result[k] = step_forward(displacement[k - 1], result[k - 1])
    for first, last in pairwise(marks):
        _fill_between(displacement, result, first, last)
    return result


def follow_motion(
    contours: Contours, displacement: NDArray[np.floating], sector: NDArray[np.bool_]
) -> tuple[Contours, Agreement]:
    """Return contours that follow the tracked field, and how far they agree with those before.

    The keyframes keep their curves; between them the curves carried from both sides are blended.

    Args:
        contours: Of the loop; their keyframes are the given or confirmed ones.
        displacement: ``(T-1, 2, H, W)``, pull-back, px, of tissue.
        sector: ``(H, W)``: the inner curve stays inside. Where the outer one leaves the picture,
            the mask is cut and not the curve.

    Raises:
        InputError: If no keyframe is marked, or field and contours differ in frames.
    """
    if len(displacement) + 1 != len(contours.endocardial):
        raise InputError(
            f"The field is of {len(displacement) + 1} frames, the contours of "
            f"{len(contours.endocardial)}. Track this loop first."
        )

    def carried(
        curves: NDArray[np.float32], within: NDArray[np.bool_] | None
    ) -> NDArray[np.float32]:
        marked = {frame: curves[frame] for frame in contours.keyframes}
        moved = propagate_contours(displacement, marked)
        return sound_contours(moved, within, closed=contours.closed).astype(np.float32)

    outer = contours.epicardial
    moved = replace(
        contours,
        endocardial=carried(contours.endocardial, sector),
        epicardial=None if outer is None else carried(outer, None),
    )
    agreement = compare_contours(contours.endocardial, moved.endocardial, closed=contours.closed)
    return moved, agreement


def _fill_between(displacement: NDArray[np.floating], result: Array, first: int, last: int) -> None:
    """Fill the frames between two keyframes in place."""
    forward = {first: result[first]}
    for k in range(first + 1, last):
        forward[k] = step_forward(displacement[k - 1], forward[k - 1])
    backward = result[last]
    for k in range(last - 1, first, -1):
        backward = step_back(displacement[k], backward)
        weight = (k - first) / (last - first)
        result[k] = (1 - weight) * forward[k] + weight * backward


def compare_contours(
    one: NDArray[np.floating], other: NDArray[np.floating], *, closed: bool
) -> Agreement:
    """Return Dice and mean distance of two moving contours, frame by frame.

    Args:
        one: ``(T, N, 2)``, px.
        other: ``(T, M, 2)``, px.
        closed: Whether the curves are closed; open ones enclose an area with their base line.
    """
    dice = np.empty(len(one))
    distance = np.empty(len(one))
    for k, (a, b) in enumerate(zip(one, other, strict=True)):
        low = np.minimum(a.min(0), b.min(0)) - 1
        high = np.maximum(a.max(0), b.max(0)) + 2
        scale = 256 / max(float((high - low).max()), 1e-6)
        shape = (int((high - low)[1] * scale) + 1, int((high - low)[0] * scale) + 1)
        first = fill_polygon((a - low) * scale, shape)
        second = fill_polygon((b - low) * scale, shape)
        total = max(1, int(first.sum() + second.sum()))
        dice[k] = 2 * int((first & second).sum()) / total
        dense_a = resample(np.asarray(a, np.float64), 400, closed=closed)
        dense_b = resample(np.asarray(b, np.float64), 400, closed=closed)
        there = np.mean(cKDTree(dense_a).query(dense_b)[0])
        back = np.mean(cKDTree(dense_b).query(dense_a)[0])
        distance[k] = (there + back) / 2
    return Agreement(dice, distance)


def _sample(displacement: NDArray[np.floating], points: Array) -> Array:
    where = points[:, ::-1].T
    return np.stack(
        [
            map_coordinates(component, where, order=1, mode="nearest")
            for component in np.asarray(displacement, np.float64)
        ],
        axis=1,
    )
