"""Simulated pairs: exact motion, and speckle that behaves as a scanner's."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.registration.similarity import similarity
from engine.registration.warp import warp
from engine.training.motion import MotionConfig
from engine.training.simulator import SimulatedPair, SimulationConfig, simulate_pair
from engine.training.ultrasound import Scanner, echo

SIZE = 96


def fit(pair: SimulatedPair, displacement: NDArray[np.float32]) -> float:
    """Return the similarity of a pair after a displacement."""
    fixed, moving = (
        torch.from_numpy(part).float()[None, None] / 255 for part in (pair.fixed, pair.moving)
    )
    weight = torch.from_numpy(pair.weight)[None, None]
    warped = warp(moving, torch.from_numpy(displacement)[None], mode="bicubic")
    return similarity(fixed, warped, weight, 9)[0].item()


@pytest.mark.parametrize(
    "config",
    [
        SimulationConfig(SIZE, 0, 0),
        SimulationConfig(SIZE, 1, 0),
        SimulationConfig(SIZE, 0, 1),
    ],
    ids=["scan", "particles", "texture"],
)
def test_the_stated_motion_is_the_motion_of_the_images(config: SimulationConfig) -> None:
    motion = MotionConfig(smallest=2.0, largest=5.0, zero_fraction=0)
    config = SimulationConfig(SIZE, config.particle_fraction, config.texture_fraction, motion)
    truth, identity, reversed_ = [], [], []
    for seed in range(6):
        pair = simulate_pair(np.random.default_rng(seed), config)
        truth.append(fit(pair, pair.displacement))
        identity.append(fit(pair, 0 * pair.displacement))
        reversed_.append(fit(pair, -pair.displacement))
    assert np.mean(truth) > np.mean(identity) + 0.1
    assert np.mean(truth) > np.mean(reversed_) + 0.1


def test_a_pair_is_well_formed_and_repeatable() -> None:
    config = SimulationConfig(SIZE)
    one, two = (simulate_pair(np.random.default_rng(5), config) for _ in range(2))
    np.testing.assert_array_equal(one.fixed, two.fixed)
    np.testing.assert_array_equal(one.displacement, two.displacement)
    assert one.fixed.shape == one.moving.shape == one.weight.shape == (SIZE, SIZE)
    assert one.fixed.dtype == one.moving.dtype == np.uint8
    assert one.displacement.shape == (2, SIZE, SIZE)
    assert one.weight.min() >= 0
    assert one.weight.max() <= 1


def test_a_beam_of_constant_angle_is_wider_in_depth() -> None:
    scanner = Scanner((0, 0), 0.0, 20, -0.6, 0.5, 0.004, (500, 300), 1.5, 0.012, 3.0)
    widths = []
    for depth in (60.0, 240.0):
        one = np.ones(1, np.complex64)
        spread = echo(scanner, np.zeros(1, np.float32), np.full(1, depth, np.float32), one)
        profile = np.hypot(spread[..., 0], spread[..., 1])[int((depth - 20) / 0.5)]
        angle = -0.6 + 0.004 * np.arange(300)
        variance = (profile * angle**2).sum() / profile.sum()
        widths.append(depth * np.sqrt(variance))
    assert widths[0] == pytest.approx(60 * 0.012, rel=0.1)
    assert widths[1] == pytest.approx(4 * widths[0], rel=0.1)


def test_echoes_add_with_their_phase() -> None:
    scanner = Scanner((0, 0), 0.0, 20, -0.3, 0.5, 0.004, (200, 150), 2.0, 0.012, 4.0)
    x = np.zeros(2, np.float32)
    value = np.ones(2, np.complex64)
    together = echo(scanner, x, np.array([60, 60], np.float32), value)
    # Half a wavelength there and back: a quarter wavelength apart.
    opposed = echo(scanner, x, np.array([60, 61], np.float32), value)
    assert np.abs(opposed).max() < 0.4 * np.abs(together).max()
