"""Edits of contours and masks: pure functions, each returns a new value.

A contour is ``(N, 2)`` (x, y) in px; ``closed`` says whether its last point joins its first.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.contour import refine
from engine.masks.shape import resample
from engine.masks.wall import thickened
from engine.model import Contours

Array = NDArray[np.float64]
_LEAST_WALL: Final = 0.5
"""Of a wall's thickness before an edit: where less would be left, its other border gives way."""


class Brush(StrEnum):
    """What a brush stroke does."""

    ADD = "add"
    ERASE = "erase"


class Layer(StrEnum):
    """Which of the two curves is edited."""

    ENDOCARDIAL = "endocardial"
    EPICARDIAL = "epicardial"


class Scope(StrEnum):
    """Which frames an edit reaches."""

    FRAME = "frame"
    """The edited frame becomes a keyframe; the change fades out to the neighbouring keyframes."""
    LOOP = "loop"
    """The same change is made in every frame."""


def nearest_point(contour: NDArray[np.floating], place: tuple[float, float]) -> tuple[int, float]:
    """Return the index of the contour point nearest to a place, and its distance, px."""
    distance = np.linalg.norm(np.asarray(contour, np.float64) - place, axis=1)
    index = int(distance.argmin())
    return index, float(distance[index])


def move_point(
    contour: NDArray[np.floating],
    index: int,
    place: tuple[float, float],
    *,
    reach: float,
    closed: bool,
) -> Array:
    """Return the contour with a point moved and its neighbours drawn along.

    Args:
        contour: ``(N, 2)``, px.
        index: Of the point.
        place: Where it goes, px.
        reach: Length along the contour after which neighbours stay, px; 0 moves it alone.
        closed: Whether neighbours are counted around the seam.
    """
    points = np.asarray(contour, np.float64)
    shift = np.asarray(place, np.float64) - points[index]
    away = _distance_along(points, index, closed=closed)
    weight = _fade(away, reach)
    weight[index] = 1.0
    return np.asarray(points + weight[:, None] * shift, np.float64)


def push(
    contour: NDArray[np.floating],
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    radius: float,
) -> Array:
    """Return the contour pushed by a round tool that moves from one place to another.

    Args:
        contour: ``(N, 2)``, px.
        start: Where the tool was, px.
        end: Where it is now, px.
        radius: Of the tool, px; points farther away stay.
    """
    points = np.asarray(contour, np.float64)
    away = np.linalg.norm(points - np.asarray(start, np.float64), axis=1)
    shift = np.asarray(end, np.float64) - np.asarray(start, np.float64)
    return points + _fade(away, radius)[:, None] * shift


def insert_point(
    contour: NDArray[np.floating], place: tuple[float, float], *, closed: bool
) -> Array:
    """Return the contour with a point put into the side nearest to a place, at that place."""
    points = np.asarray(contour, np.float64)
    following = np.roll(points, -1, axis=0)
    sides = len(points) if closed else len(points) - 1
    along = following[:sides] - points[:sides]
    square = np.maximum((along**2).sum(1), 1e-12)
    part = np.clip(((place - points[:sides]) * along).sum(1) / square, 0, 1)
    foot = points[:sides] + part[:, None] * along
    side = int(((foot - place) ** 2).sum(1).argmin())
    return np.insert(points, side + 1, place, axis=0)


def delete_point(contour: NDArray[np.floating], index: int) -> Array:
    """Return the contour without a point.

    Raises:
        InputError: If fewer than four points would be left.
    """
    if len(contour) <= 4:
        raise InputError("A contour needs at least four points: move this one instead.")
    return np.delete(np.asarray(contour, np.float64), index, axis=0)


def brush_stroke(
    mask: NDArray[np.bool_], path: NDArray[np.floating], radius: float, mode: Brush
) -> NDArray[np.bool_]:
    """Return a mask with a round brush drawn along a path.

    Args:
        mask: ``(H, W)`` bool.
        path: ``(K, 2)`` (x, y), px; one point is a dab.
        radius: Of the brush, px.
        mode: Add to the mask or erase from it.
    """
    drawn = np.zeros(mask.shape, np.uint8)
    places = np.rint(np.asarray(path, np.float64) * 16).astype(np.int32)
    for place in places:
        cv2.circle(drawn, tuple(int(v) for v in place), round(radius * 16), 1, -1, shift=4)
    if len(places) > 1:
        width = max(1, round(2 * radius))
        cv2.polylines(drawn, [places], isClosed=False, color=1, thickness=width, shift=4)
    inside = drawn > 0
    return mask | inside if mode == Brush.ADD else mask & ~inside


def snap_to_gradient(
    frame: NDArray[np.uint8],
    contour: NDArray[np.floating],
    *,
    radius: float,
    closed: bool,
    sigma: float = 1.5,
) -> Array:
    """Return the contour moved onto the nearest strong edge from dark inside to bright outside.

    Args:
        frame: ``(H, W)`` uint8.
        contour: ``(N, 2)``, px.
        radius: Farthest move, px.
        closed: Whether the contour is closed.
        sigma: Smoothing of the frame, px.
    """
    points = np.asarray(contour, np.float64)
    margin = int(np.ceil(radius + 4 * sigma + 4))
    low = np.maximum(np.floor(points.min(0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int) + margin + 1, frame.shape[::-1])
    crop = np.ascontiguousarray(frame[low[1] : high[1], low[0] : high[0]], np.float32)
    smooth = np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.float32)
    moved = refine(
        smooth[None], (points - low)[None], closed=closed, radius=radius, stay=0.2, time_sigma=0.0
    )
    return np.asarray(moved[0] + low, np.float64)


def apply_edit(
    contours: Contours, frame: int, curve: NDArray[np.floating], layer: Layer, scope: Scope
) -> Contours:
    """Return the contours of the loop after one frame's curve was edited.

    A border that is drawn towards the other one, or past it, pushes it on: walls stay walls.

    Args:
        contours: Before the edit.
        frame: Edited frame; it becomes a keyframe.
        curve: Its new curve; of any number of points, brought to the loop's.
        layer: Which curve it is.
        scope: Which frames the change reaches.

    Raises:
        InputError: If the frame is outside the loop, or there is no epicardial curve.
    """
    curves = contours.endocardial if layer == Layer.ENDOCARDIAL else contours.epicardial
    if curves is None:
        raise InputError("There is no epicardial contour yet: set a wall thickness first.")
    if not 0 <= frame < len(curves):
        raise InputError(f"Frame {frame} lies outside the loop of {len(curves)} frames.")
    values = np.asarray(curves, np.float64)
    wanted = np.asarray(curve, np.float64)
    if len(wanted) != values.shape[1]:
        wanted = resample(wanted, values.shape[1], closed=contours.closed)
    change = wanted - values[frame]
    weight = np.ones(len(values))
    if scope == Scope.FRAME:
        weight = _weights(frame, contours.keyframes, len(values))
    changed = (values + weight[:, None, None] * change).astype(np.float32)
    keyframes = tuple(sorted({*contours.keyframes, frame}))
    inner = changed if layer == Layer.ENDOCARDIAL else contours.endocardial
    outer = changed if layer == Layer.EPICARDIAL else contours.epicardial
    if outer is not None and contours.epicardial is not None:
        across = np.asarray(contours.epicardial, np.float64) - contours.endocardial
        lacking = _lacking(across, np.asarray(outer, np.float64) - inner)
        if layer == Layer.ENDOCARDIAL:
            outer = (outer + lacking).astype(np.float32)
        else:
            inner = (inner - lacking).astype(np.float32)
    return replace(contours, endocardial=inner, epicardial=outer, keyframes=keyframes)


def _lacking(before: Array, after: Array) -> Array:
    """Return what a wall lacks of its least thickness, from the inner to the outer border.

    Args:
        before: ``(T, N, 2)``: from the inner to the outer border before an edit, px.
        after: The same after it.
    """
    square = (before**2).sum(-1, keepdims=True)
    left = (after * before).sum(-1, keepdims=True) / np.where(square > 0, square, 1.0)
    lacking: Array = np.maximum(_LEAST_WALL - left, 0.0) * before
    return lacking


def set_thickness(
    contours: Contours, frame: int, segment: int, factor: float, scope: Scope, *, segments: int
) -> Contours:
    """Return the contours with one segment's wall made thicker or thinner.

    The neighbouring segments follow half-way to their middles; the inner curve stays.

    Args:
        contours: With an epicardial curve.
        frame: Edited frame; it becomes a keyframe.
        segment: Index along the curve, from 0.
        factor: New thickness over the old one, positive.
        scope: Which frames the change reaches.
        segments: Segments along the curve.

    Raises:
        InputError: If the factor is not positive, or there is no epicardial curve.
    """
    if not factor > 0:
        raise InputError("Every wall thickness must be larger than 0 px.")
    weight = np.ones(len(contours.endocardial))
    if scope == Scope.FRAME:
        weight = _weights(frame, contours.keyframes, len(weight))
    factors = np.ones((len(weight), segments))
    factors[:, segment] = factor**weight
    keyframes = tuple(sorted({*contours.keyframes, frame}))
    return replace(thickened(contours, factors), keyframes=keyframes)


def reversed_contours(contours: Contours) -> Contours:
    """Return the contours run the other way: their first wall becomes their last.

    Walls are named from the contour's first end on, so a mirrored image is named rightly by
    contours that begin on its right.
    """
    outer = contours.epicardial
    return replace(
        contours,
        endocardial=contours.endocardial[:, ::-1],
        epicardial=None if outer is None else outer[:, ::-1],
    )


def starts_on_the_right(contours: Contours) -> bool:
    """Return whether an apical contour begins on the image's right (a mirrored loop)."""
    ends = contours.endocardial[:, [0, -1], 0].mean(0)
    return not contours.closed and bool(ends[0] > ends[1])


def reinterpolate(contours: Contours) -> Contours:
    """Return the contours with every frame between keyframes linear in time.

    Raises:
        InputError: If no keyframe is marked.
    """
    marks = contours.keyframes
    if not marks:
        raise InputError("No keyframe is marked: edit or confirm the contour at one frame.")

    def linear(curves: NDArray[np.float32]) -> NDArray[np.float32]:
        place = np.interp(np.arange(len(curves)), marks, np.arange(len(marks)))
        before = np.floor(place).astype(np.int64)
        after = np.minimum(before + 1, len(marks) - 1)
        weight = (place - before)[:, None, None].astype(np.float32)
        known = curves[list(marks)]
        return np.asarray(known[before] * (1 - weight) + known[after] * weight, np.float32)

    outer = contours.epicardial
    return replace(
        contours,
        endocardial=linear(contours.endocardial),
        epicardial=None if outer is None else linear(outer),
    )


def _weights(frame: int, keyframes: tuple[int, ...], count: int) -> Array:
    """One at the edited frame, falling to zero at the keyframes before and after it."""
    before = max((k for k in keyframes if k < frame), default=None)
    after = min((k for k in keyframes if k > frame), default=None)
    marks, values = [float(frame)], [1.0]
    if before is not None:
        marks, values = [float(before), *marks], [0.0, *values]
    if after is not None:
        marks, values = [*marks, float(after)], [*values, 0.0]
    return np.asarray(np.interp(np.arange(count), marks, values), np.float64)


def _fade(away: Array, reach: float) -> Array:
    """Smooth weight from one to zero at ``reach``."""
    if reach < 1e-6:
        return np.asarray(away <= 0, np.float64)
    part = np.clip(away / reach, 0, 1)
    return np.asarray((1 - part**2) ** 2, np.float64)


def _distance_along(points: Array, index: int, *, closed: bool) -> Array:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    away = np.abs(along - along[index])
    if not closed:
        return np.asarray(away, np.float64)
    around = along[-1] + float(np.linalg.norm(points[0] - points[-1]))
    return np.asarray(np.minimum(away, around - away), np.float64)
