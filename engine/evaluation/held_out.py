"""Blocks of the image that a method does not see, to score what it says of them.

Blocks on a sparse lattice are blanked in every frame: each is filled by the harmonic surface
through its border, which has no edge that would stand still while the tissue moves. A method
tracks the blanked loop; its field inside the blocks then comes from around them (by smoothness,
or by what a network has learnt), and is scored on the untouched pixels, whose noise it cannot
have fitted. This is the same for every method and needs no access to its loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from engine.model import Cine, Mask

BLOCK_PX: Final = 16
PERIOD_PX: Final = 48
FOLDS: Final = 2
_LEAST_SHARE: Final = 0.5
"""Of a block that must lie in the mask; walls are thinner than whole blocks on small images."""


@dataclass(frozen=True)
class HeldOutFit:
    """How well a field fits where its method saw nothing.

    Attributes:
        nlcc: Mean over blocks and pairs of the squared correlation of a block's pixels.
        mse: Mean squared error of those pixels, intensities in [0, 1].
    """

    nlcc: float
    mse: float


def block_corners(mask: NDArray[np.bool_], fold: int) -> NDArray[np.intp]:
    """Return the top-left corners (row, column) ``(M, 2)`` of a fold's blocks within a mask.

    Args:
        mask: ``(H, W)``; a block counts if half of it lies inside, in the image's interior.
        fold: 0 or 1; the second lattice is shifted by half a period.
    """
    shift = 1 + fold * PERIOD_PX // FOLDS
    height, width = mask.shape
    corners = [
        (row, column)
        for row in range(shift, height - BLOCK_PX - 1, PERIOD_PX)
        for column in range(shift, width - BLOCK_PX - 1, PERIOD_PX)
        if mask[row : row + BLOCK_PX, column : column + BLOCK_PX].mean() >= _LEAST_SHARE
    ]
    return np.array(corners, np.intp).reshape(-1, 2)


def blank_blocks(cine: Cine, mask: Mask, corners: NDArray[np.intp]) -> tuple[Cine, Mask]:
    """Return a loop whose blocks are filled from their borders, and a mask without them.

    Args:
        cine: Loop.
        mask: Its mask; blocks are taken out of it, so that no loss counts them.
        corners: From ``block_corners``.
    """
    frames = np.array(cine.frames)
    kept = np.array(mask.data)
    surface = _harmonic_surface(BLOCK_PX)
    border = _border(BLOCK_PX)
    for row, column in corners:
        around = frames[:, row - 1 : row + BLOCK_PX + 1, column - 1 : column + BLOCK_PX + 1]
        values = around[:, border].astype(np.float64) @ surface.T
        block = (slice(None), slice(row, row + BLOCK_PX), slice(column, column + BLOCK_PX))
        frames[block] = np.rint(values).reshape(-1, BLOCK_PX, BLOCK_PX).astype(np.uint8)
        kept[block] = False
    blanked = Cine(frames, cine.provenance, cine.frame_times_s, cine.spacing_mm)
    return blanked, Mask(kept, mask.kind)


def score_blocks(
    cine: Cine, mask: Mask, displacement: NDArray[np.float32], corners: NDArray[np.intp]
) -> HeldOutFit:
    """Score a field on the untouched pixels of the blocks that lie in the mask.

    Args:
        cine: The loop before it was blanked.
        mask: Its mask, blocks included; that of the fixed frame counts.
        displacement: ``(T-1, 2, H, W)``, px, found on the blanked loop.
        corners: The blocks.
    """
    offset = np.arange(BLOCK_PX)
    rows = corners[:, :1, None] + offset[:, None]
    columns = corners[:, 1:, None] + offset[None, :]
    rows, columns = np.broadcast_arrays(rows, columns)
    squares, errors = [], []
    frames = cine.frames.astype(np.float32) / 255
    for pair, field in enumerate(displacement):
        at = [rows + field[1, rows, columns], columns + field[0, rows, columns]]
        warped = ndimage.map_coordinates(frames[pair], at, order=1, mode="nearest")
        fixed = frames[pair + 1, rows, columns]
        weight = mask.data[pair + 1, rows, columns].astype(np.float32)
        used = weight.any(axis=(1, 2))
        weight, fixed, warped = weight[used], fixed[used], warped[used]
        weight /= weight.sum(axis=(1, 2), keepdims=True)
        errors.append((weight * (warped - fixed) ** 2).sum(axis=(1, 2)))
        squares.append(_squared_correlation(fixed, warped, weight))
    return HeldOutFit(
        float(np.mean(np.concatenate(squares))), float(np.mean(np.concatenate(errors)))
    )


def _squared_correlation(
    first: NDArray[np.float32], second: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the squared correlation of every block under weights; 0 where one is flat."""

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((weight * values).sum(axis=(1, 2), keepdims=True))

    a, b = first - mean(first), second - mean(second)
    power = mean(a * a) * mean(b * b)
    return np.asarray(mean(a * b) ** 2 / np.maximum(power, 1e-12), np.float32)[:, 0, 0]


def _border(size: int) -> NDArray[np.bool_]:
    """Return which pixels of a block with a rim of one px are its border (no corners)."""
    border = np.zeros((size + 2, size + 2), bool)
    border[0, 1:-1] = border[-1, 1:-1] = True
    border[1:-1, 0] = border[1:-1, -1] = True
    return border


@lru_cache(maxsize=2)
def _harmonic_surface(size: int) -> NDArray[np.float64]:
    """Return the matrix ``(size^2, 4 size)`` from border values to the harmonic surface."""
    inside = np.zeros((size + 2, size + 2), bool)
    inside[1:-1, 1:-1] = True
    number = np.cumsum(inside).reshape(inside.shape) - 1
    border = _border(size)
    place = np.cumsum(border).reshape(border.shape) - 1
    laplacian, source = 4 * np.eye(size * size), np.zeros((size * size, 4 * size))
    for row, column in zip(*np.nonzero(inside), strict=True):
        for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            there = (row + step[0], column + step[1])
            if inside[there]:
                laplacian[number[row, column], number[there]] = -1
            else:
                source[number[row, column], place[there]] = 1
    return np.asarray(np.linalg.solve(laplacian, source), np.float64)
