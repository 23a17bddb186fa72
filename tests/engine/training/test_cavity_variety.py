"""Varied loops stay loops: cavities move with their pictures, seeds decide everything."""

import numpy as np
import pytest

from engine.training.cavity import simulated_frames
from engine.training.cavity_variety import varied


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two frames of a dark disk in a bright square sector."""
    y, x = np.mgrid[:112, :128]
    cavity = ((x - 64) ** 2 + (y - 50) ** 2 < 20**2).astype(np.float32)
    sector = np.ones((112, 128), bool)
    frames = (140 - 110 * cavity).astype(np.float32)
    return np.stack([frames, frames]), np.stack([cavity, cavity]), sector


@pytest.mark.parametrize("seed", range(12))
def test_the_cavity_stays_the_dark_disk(seed: int) -> None:
    frames, cavities, sector = varied(*scene(), np.random.default_rng(seed))
    assert frames.shape == cavities.shape == (2, 112, 128)
    assert frames.min() >= 0
    assert frames.max() <= 256
    inside = cavities[0] > 0.9
    around = (cavities[0] < 0.1) & sector
    assert np.median(frames[0][inside]) < np.median(frames[0][around])
    assert 0.5 < inside.sum() / (np.pi * 20**2) < 2


def test_a_seed_decides_every_pixel() -> None:
    once, again = simulated_frames(7), simulated_frames(7)
    assert np.array_equal(once[0], again[0])
    assert np.array_equal(once[1], again[1])
    assert not np.array_equal(once[0], simulated_frames(8)[0])
