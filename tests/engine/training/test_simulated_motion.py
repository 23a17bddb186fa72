"""Random motions: smooth, bounded, one to one, and sometimes none."""

import numpy as np
import pytest
import torch

from engine.registration.warp import folding_fraction
from engine.training.motion import MotionConfig, random_displacement, smooth_noise
from engine.training.tissue import random_echogenicity, random_regions


@pytest.mark.parametrize("seed", range(12))
def test_motion_is_bounded_and_does_not_fold(seed: int) -> None:
    random = np.random.default_rng(seed)
    config = MotionConfig(zero_fraction=0)
    regions = random_regions(random, 120)
    displacement = random_displacement(random, 120, config, regions)
    assert displacement.shape == (2, 120, 120)
    assert displacement.dtype == np.float32
    steepest = max(np.abs(np.diff(displacement, axis=axis)).max() for axis in (1, 2))
    assert steepest < 3 * config.steepest
    assert folding_fraction(torch.from_numpy(displacement)[None]).item() < 0.02
    assert np.hypot(*displacement).mean() < 3 * config.largest


def test_motion_can_be_absent() -> None:
    random = np.random.default_rng(0)
    none = MotionConfig(zero_fraction=1)
    assert not random_displacement(random, 64, none, random_regions(random, 64)).any()


def test_amplitudes_reach_from_small_to_large() -> None:
    random = np.random.default_rng(1)
    sizes = []
    for _ in range(60):
        field = random_displacement(random, 96, MotionConfig(), random_regions(random, 96))
        sizes.append(float(np.hypot(*field).mean()))
    assert min(sizes) < 0.1
    assert max(sizes) > 6


@pytest.mark.parametrize("length", [6.0, 20.0, 80.0])
def test_smooth_noise_has_its_correlation_length(length: float) -> None:
    fields = [smooth_noise(np.random.default_rng(seed), 200, length) for seed in range(8)]
    near = np.mean([np.mean(f[:, :-1] * f[:, 1:]) / np.mean(f**2) for f in fields])
    step = int(2.5 * length)
    assert near > 0.8
    if step < 200:
        far = np.mean([np.mean(f[:, :-step] * f[:, step:]) / np.mean(f**2) for f in fields])
        assert abs(far) < 0.5


def test_echogenicity_is_positive_and_varied() -> None:
    random = np.random.default_rng(2)
    strength = random_echogenicity(random, random_regions(random, 96))
    assert (strength > 0).all()
    assert np.isfinite(strength).all()


def test_a_wall_moves_most_along_its_inner_edge() -> None:
    config = MotionConfig(zero_fraction=0, wall_fraction=1)
    ratios = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        regions = random_regions(random, 160)
        field = random_displacement(random, 160, config, regions)
        departure = np.hypot(*(field - np.median(field, axis=(1, 2), keepdims=True)))
        near = np.abs(regions) < 0.15
        if near.mean() > 0.01:
            ratios.append(departure[near].mean() / departure.mean())
    assert np.median(ratios) > 1.2
