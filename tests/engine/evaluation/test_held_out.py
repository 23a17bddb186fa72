"""Held-out blocks: what is blanked carries no trace, what is scored is untouched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from engine.evaluation.held_out import (
    BLOCK_PX,
    FOLDS,
    blank_blocks,
    block_corners,
    score_blocks,
)
from engine.model import Cine, Mask, MaskKind, Provenance


def _loop(frames: NDArray[np.uint8]) -> tuple[Cine, Mask]:
    mask = np.zeros(frames.shape, bool)
    mask[:, 8:-8, 8:-8] = True
    return Cine(frames, Provenance("x", "0", "phantom")), Mask(mask, MaskKind.SECTOR)


def _texture() -> NDArray[np.float64]:
    rng = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(rng.normal(size=(140, 160)), 2)
    return 128 + 40 * smooth / smooth.std()


def test_a_plane_is_filled_exactly() -> None:
    rows, columns = np.indices((120, 130))
    plane = (rows + columns).astype(np.uint8)
    cine, mask = _loop(np.stack([plane, plane]))
    corners = block_corners(mask.data[0], 0)
    blanked, _ = blank_blocks(cine, mask, corners)
    np.testing.assert_array_equal(blanked.frames, cine.frames)


def test_blocks_lose_their_texture_and_leave_the_mask() -> None:
    frames = np.clip(_texture(), 0, 255).astype(np.uint8)[None].repeat(2, axis=0)
    cine, mask = _loop(frames)
    corners = block_corners(mask.data[0], 0)
    assert len(corners)
    blanked, kept = blank_blocks(cine, mask, corners)
    changed = np.zeros(frames.shape[1:], bool)
    for row, column in corners:
        block = slice(row, row + BLOCK_PX), slice(column, column + BLOCK_PX)
        changed[block] = True
        # A harmonic surface has no Laplacian beyond the rounding of its grey values.
        inner = ndimage.laplace(blanked.frames[0][block].astype(float))[1:-1, 1:-1]
        assert np.abs(inner).max() <= 4
        assert np.abs(inner).mean() < 0.2 * np.abs(ndimage.laplace(frames[0][block] * 1.0)).mean()
    np.testing.assert_array_equal(blanked.frames[:, ~changed], frames[:, ~changed])
    np.testing.assert_array_equal(kept.data[0], mask.data[0] & ~changed)


def test_folds_do_not_overlap() -> None:
    mask = np.ones((200, 220), bool)
    seen = np.zeros(mask.shape, int)
    for fold in range(FOLDS):
        for row, column in block_corners(mask, fold):
            seen[row : row + BLOCK_PX, column : column + BLOCK_PX] += 1
    assert seen.max() == 1


def test_the_true_shift_scores_best() -> None:
    texture = _texture()
    frames = np.stack([ndimage.shift(texture, (0, 2.0 * k), order=3) for k in range(3)])
    cine, mask = _loop(np.clip(np.rint(frames), 0, 255).astype(np.uint8))
    corners = block_corners(mask.data[0], 0)
    field = np.zeros((2, 2, *texture.shape), np.float32)
    still = score_blocks(cine, mask, field, corners)
    field[:, 0] = -2
    true = score_blocks(cine, mask, field, corners)
    assert true.nlcc > 0.99
    assert true.mse < 1e-4
    assert still.nlcc < 0.8
