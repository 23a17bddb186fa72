"""How accurate registration can be on a phantom: an oracle that starts from the truth.

The moving frame is warped by the true field, so what is left between the two pictures is noise
and decorrelation. A least-squares step (Gauss-Newton, gradients of both pictures) on a cubic
B-spline grid then moves away from the truth by as much as that noise dictates: this is the
spread of an unbiased estimator of that grid, like the Cramer-Rao bound but with the phantom's own
noise, which is not white. A coarse grid averages more noise but cannot follow the true motion:
its best fit to the truth gives the bias. The limit is the grid where both together are least.

It holds for one pair by itself and without knowledge of how tissue moves. A method that uses more
frames, or has learnt what motions occur, may do better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.linalg import solve

from engine.phantom import Phantom
from engine.registration.splines import cubic_splines

GRIDS_PX: Final = (12, 16, 24, 32, 48, 64, 96)
_RIDGE: Final = 1e-3
"""Added to the normal matrix, of its mean diagonal: splines at the mask's edge see few pixels."""


@dataclass(frozen=True)
class GridLimit:
    """Endpoint error of the oracle on one grid, px, mean over mask and pairs.

    Attributes:
        grid_px: Distance of the control points.
        spread: Due to noise and decorrelation.
        bias: Due to the true motion that the grid cannot follow.
    """

    grid_px: int
    spread: float
    bias: float

    @property
    def total(self) -> float:
        """Both together, as independent errors."""
        return float(np.hypot(self.spread, self.bias))


def oracle_limits(
    phantom: Phantom, pairs: Sequence[int], grids: Sequence[int] = GRIDS_PX
) -> tuple[GridLimit, ...]:
    """Return the oracle's error on every grid.

    Args:
        phantom: With its true displacement.
        pairs: Indices of the pairs that are measured.
        grids: Distances of the control points, px.
    """
    limits = []
    for grid in grids:
        errors = np.array([_pair_errors(phantom, pair, grid) for pair in pairs])
        limits.append(GridLimit(grid, *(float(value) for value in errors.mean(axis=0))))
    return tuple(limits)


def best_limit(limits: Sequence[GridLimit]) -> GridLimit:
    """Return the grid with the least error."""
    return min(limits, key=lambda limit: limit.total)


def _pair_errors(phantom: Phantom, pair: int, grid: int) -> tuple[float, float]:
    """Return spread and bias of one pair, px."""
    inside = phantom.mask[pair + 1]
    truth = phantom.displacement[pair].astype(np.float64)
    fixed = phantom.cine.frames[pair + 1].astype(np.float64)
    moving = phantom.cine.frames[pair].astype(np.float64)
    rows, columns = np.indices(fixed.shape)
    at = [rows + truth[1], columns + truth[0]]
    warped = ndimage.map_coordinates(moving, at, order=3, mode="nearest")
    slope = [
        ((np.gradient(fixed, axis=axis) + np.gradient(warped, axis=axis)) / 2)[inside]
        for axis in (1, 0)
    ]
    basis = _spline_basis(inside, grid)
    jacobian = sparse.hstack([basis.multiply(part[:, None]) for part in slope]).tocsr()
    found = _least_squares(jacobian, (fixed - warped)[inside])
    count = basis.shape[1]
    moved = np.stack([basis @ found[:count], basis @ found[count:]])
    misfit = [part[inside] - basis @ _least_squares(basis, part[inside]) for part in truth]
    return float(np.hypot(*moved).mean()), float(np.hypot(*misfit).mean())


def _spline_basis(inside: NDArray[np.bool_], grid: int) -> sparse.csr_array:
    """Return the values of all cubic B-splines that reach the mask, ``(pixels, splines)``."""
    rows, columns = np.nonzero(inside)
    (row, row_weight), (column, column_weight) = (
        cubic_splines(place / grid) for place in (rows, columns)
    )
    wide = inside.shape[1] // grid + 5
    place = (row[:, :, None] * wide + column[:, None, :]).reshape(len(rows), 16)
    weight = row_weight[:, :, None] * column_weight[:, None, :]
    used, place = np.unique(place, return_inverse=True)
    start = np.arange(0, place.size + 1, 16)
    shape = (len(rows), len(used))
    return sparse.csr_array((weight.ravel(), place.ravel(), start), shape=shape)


def _least_squares(matrix: sparse.csr_array, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slightly damped least-squares solution."""
    normal = (matrix.T @ matrix).toarray()
    normal[np.diag_indices_from(normal)] += _RIDGE * normal.trace() / len(normal)
    return np.asarray(solve(normal, matrix.T @ target, assume_a="pos"), np.float64)
