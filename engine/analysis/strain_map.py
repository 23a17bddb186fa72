"""Strain at every pixel of the wall, along the wall, from end-diastole to other frames."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engine.analysis.dense import deformation
from engine.analysis.trajectories import composed_pull_backs
from engine.errors import InputError
from engine.model import Contours, ScaleField, TrackingResult
from engine.progress import Progress, Step


@dataclass(frozen=True, eq=False)
class StrainMap:
    """Lagrangian strain along the wall at the pixels of one frame.

    Attributes:
        percent: ``(H, W)`` float64, %; NaN outside the wall. Shortening is negative.
        direction: ``longitudinal`` or ``circumferential``.
        start: Reference frame, counted from the loop's first, 0.
        frame: The frame whose pixels these are, likewise.
    """

    percent: NDArray[np.float64]
    direction: str
    start: int
    frame: int


@dataclass(frozen=True, eq=False)
class StrainMaps:
    """Lagrangian strain along the wall through a loop, on every ``stride``-th pixel.

    Attributes:
        percent: ``(T, h, w)`` float32, %, at the pixels from ``stride // 2`` on; NaN outside the
            wall, and in all frames up to the reference. Shortening is negative.
        direction: ``longitudinal`` or ``circumferential``.
        start: Reference frame, counted from the loop's first, 0.
        stride: Distance of the pixels, px.
    """

    percent: NDArray[np.float32]
    direction: str
    start: int
    stride: int

    def at(self, frame: int) -> NDArray[np.float32] | None:
        """Return the map of a frame, ``(h, w)``; None where there is none, as after the beat."""
        values = self.percent[frame]
        return values if bool(np.isfinite(values).any()) else None


def strain_map(result: TrackingResult, field: ScaleField, start: int, frame: int) -> StrainMap:
    """Return the strain ``sqrt(n^T F^T F n) - 1`` along the wall's direction n at the reference.

    Args:
        result: With contours; those of the reference frame tell the direction.
        field: Displacements.
        start: Reference frame (end-diastole), from the loop's first, 0.
        frame: A later frame.

    Raises:
        InputError: If there are no contours, or the frames do not follow one another.
    """
    contours = _contours(result, start, frame)
    # Only the frames that lie between are composed.
    steps = field.displacement[:frame]
    [(_, pull_back)] = deque(composed_pull_backs(steps, result.mask[: frame + 1], start), maxlen=1)
    percent = _percent(result, contours, start, frame, pull_back)
    return StrainMap(percent, _direction(contours), start, frame)


def strain_maps(
    result: TrackingResult, field: ScaleField, start: int, progress: Progress, *, stride: int = 1
) -> StrainMaps:
    """Return the strain of ``strain_map`` for every frame after the reference.

    Args:
        result: With contours; those of the reference frame tell the direction.
        field: Displacements.
        start: Reference frame (end-diastole), from the loop's first, 0.
        progress: Told of every frame; may cancel.
        stride: Distance of the pixels kept, px.

    Raises:
        InputError: If there are no contours, or no frame follows the reference.
        Cancelled: If a stop was asked for.
    """
    count = len(result.mask)
    contours = _contours(result, start, count - 1)
    grid = slice(stride // 2, None, stride)
    percent = np.full((count, *result.mask[0, grid, grid].shape), np.nan, np.float32)
    for frame, pull_back in composed_pull_backs(field.displacement, result.mask, start):
        progress.check()
        if frame > start:
            percent[frame] = _percent(result, contours, start, frame, pull_back)[grid, grid]
        done = (frame - start + 1) / (count - start)
        progress.report(Step("strain map", frame + 1, count, fraction=done))
    percent.flags.writeable = False
    return StrainMaps(percent, _direction(contours), start, stride)


def _contours(result: TrackingResult, start: int, frame: int) -> Contours:
    """Return the contours, once everything else is there too."""
    if result.contours is None:
        raise InputError("A strain map needs the wall's contours.")
    if not 0 <= start < frame < len(result.mask):
        raise InputError(f"A strain map needs a frame after its reference, not {frame}, {start}.")
    return result.contours


def _direction(contours: Contours) -> str:
    return "circumferential" if contours.closed else "longitudinal"


def _percent(
    result: TrackingResult,
    contours: Contours,
    start: int,
    frame: int,
    pull_back: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the strain at every pixel of a frame, ``(H, W)``, %; NaN outside the wall."""
    mask = result.mask[frame]
    percent = np.full(mask.shape, np.nan)
    if not mask.any():
        return percent
    rows, columns = np.nonzero(mask)
    box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    inside = mask[box]
    origin = np.stack([columns, rows], axis=1) + pull_back[:, rows, columns].T
    direction = np.zeros((*inside.shape, 2))
    direction[..., 0] = 1.0
    direction[inside] = _along(contours, start, origin)
    bent = deformation(pull_back[:, *box], inside, result.spacing_mm)
    percent[box] = np.where(inside, 100 * bent.strain_along(direction), np.nan)
    return percent


def _along(contours: Contours, frame: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction of the contour next to points, ``(P, 2)``, x right and y up."""
    curves = [contours.endocardial[frame]]
    if contours.epicardial is not None:
        curves.append(contours.epicardial[frame])
    places, tangents = [], []
    for curve in curves:
        line = np.asarray(curve, np.float64)
        if contours.closed:
            ahead, behind = np.roll(line, -1, axis=0), np.roll(line, 1, axis=0)
            tangents.append(ahead - behind)
        else:
            tangents.append(np.gradient(line, axis=0))
        places.append(line)
    nearest = cKDTree(np.concatenate(places)).query(points)[1]
    tangent = np.concatenate(tangents)[nearest]
    return np.asarray(tangent * (1.0, -1.0), np.float64)
