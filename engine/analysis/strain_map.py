"""Strain at every pixel of the wall, along the wall, from end-diastole to another frame."""

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
    if result.contours is None:
        raise InputError("A strain map needs the wall's contours.")
    if not 0 <= start < frame < len(result.mask):
        raise InputError(f"A strain map needs a frame after its reference, not {frame}, {start}.")
    # Only the frames that lie between are composed.
    steps = field.displacement[:frame]
    [(_, pull_back)] = deque(composed_pull_backs(steps, result.mask[: frame + 1], start), maxlen=1)
    mask = result.mask[frame]
    rows, columns = np.nonzero(mask)
    origin = np.stack([columns, rows], axis=1) + pull_back[:, rows, columns].T
    direction = np.zeros((*mask.shape, 2))
    direction[..., 0] = 1.0
    direction[rows, columns] = _along(result.contours, start, origin)
    bent = deformation(pull_back, mask, result.spacing_mm)
    strain = 100 * bent.strain_along(direction)
    name = "circumferential" if result.contours.closed else "longitudinal"
    return StrainMap(np.where(mask, strain, np.nan), name, start, frame)


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
