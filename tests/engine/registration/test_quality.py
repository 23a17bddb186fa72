"""Fit figures: closed forms, and agreement with the loss's own correlation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from engine.errors import InputError
from engine.registration.quality import field_quality, local_correlation, pair_quality
from engine.registration.similarity import correlation_map


def frames(count: int = 3) -> np.ndarray:
    """Return smooth noise, one px further right in every frame, uint8."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(60, 120)), 1.5)
    scaled = 255 * (noise - noise.min()) / np.ptp(noise)
    return np.stack([scaled[:, 40 - k : 104 - k] for k in range(count)]).astype(np.uint8)


def test_the_true_field_fits_perfectly() -> None:
    loop = frames()
    field = np.zeros((2, 2, 60, 64), np.float32)
    field[:, 0] = -1.0
    mask = np.zeros(loop.shape, bool)
    mask[:, 20:40, 20:44] = True
    quality = field_quality(loop, field, mask)
    assert quality.mse == pytest.approx(0.0, abs=1e-10)
    assert quality.nlcc == pytest.approx(1.0, abs=2e-2)
    assert quality.folding == 0.0
    worse = field_quality(loop, np.zeros_like(field), mask)
    assert worse.mse > 1e-3
    assert worse.nlcc < quality.nlcc


def test_the_correlation_agrees_with_the_loss() -> None:
    generator = np.random.default_rng(1)
    one = generator.random((40, 50), np.float32)
    two = (0.5 * one + 0.5 * generator.random((40, 50), np.float32)).astype(np.float32)
    ours = local_correlation(one, two)
    theirs = correlation_map(
        torch.from_numpy(one)[None, None], torch.from_numpy(two)[None, None], 21
    )[0, 0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_a_checkerboard_folds() -> None:
    field = np.zeros((2, 30, 30), np.float32)
    field[0] = 1.2 * (np.indices((30, 30)).sum(0) % 2)
    image = np.random.default_rng(0).integers(0, 255, (30, 30)).astype(np.uint8)
    inside = np.ones((30, 30), bool)
    assert pair_quality(image, image, field, inside).folding == pytest.approx(100.0)


def test_shapes_that_do_not_fit_are_refused() -> None:
    loop = frames()
    with pytest.raises(InputError, match="field_quality"):
        field_quality(loop, np.zeros((2, 2, 10, 10), np.float32), np.ones(loop.shape, bool))
