"""Support through time: noise falls on smooth motion, and a loop that jumps is left alone."""

from __future__ import annotations

import numpy as np
import torch

from engine.registration.multiscale import Motion
from engine.registration.temporal import (
    LARGEST_ERROR,
    LARGEST_ERROR_OF_FLOW,
    TemporalSupport,
)

COUNT, SIZE = 15, 64


def smooth_loop() -> torch.Tensor:
    """Return a translation that swings like a beat, px, ``(N, 2, H, W)``."""
    phase = torch.linspace(0, 2.2, COUNT)
    field = torch.zeros(COUNT, 2, SIZE, SIZE)
    field[:, 0] = (2.0 * torch.sin(phase))[:, None, None]
    field[:, 1] = (-1.5 * torch.cos(phase))[:, None, None]
    return field


def blurred_noise(scale: float) -> torch.Tensor:
    """Return errors that are smooth in space and independent in time, mean length ``scale``."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(COUNT, 2, SIZE // 8, SIZE // 8, generator=generator)
    noise = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic")
    return noise * (scale / float(noise.norm(dim=1).mean()))


def mean_error(field: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the mean endpoint error."""
    return float((field - truth).norm(dim=1).mean())


def support(largest_error: float = LARGEST_ERROR) -> TemporalSupport:
    """Return support over the whole image, equal frame times."""
    everywhere = torch.ones(COUNT, SIZE, SIZE, dtype=torch.bool)
    return TemporalSupport(torch.ones(COUNT), everywhere, largest_error)


def smooth(
    field: torch.Tensor, expected_error: float, largest_error: float = LARGEST_ERROR
) -> torch.Tensor:
    """Return the smoothed field; the expected endpoint error is given."""
    log_scale = torch.full((COUNT, 1, SIZE, SIZE), float(np.log(expected_error)))
    return support(largest_error)(Motion(field, log_scale)).displacement


def test_noise_falls_on_smooth_motion() -> None:
    truth, noise = smooth_loop(), blurred_noise(0.2)
    smoothed = smooth(truth + noise, 0.2)
    assert mean_error(smoothed, truth) < 0.6 * mean_error(truth + noise, truth)


def lasting_vortex() -> torch.Tensor:
    """Return a vortex that stays as it is, px, ``(N, 2, H, W)``."""
    down, right = torch.meshgrid(*[torch.arange(SIZE) - SIZE / 2] * 2, indexing="ij")
    turn = 0.9 * torch.exp(-(down.square() + right.square()) / (2 * 8.0**2))
    return torch.stack([-turn * down, turn * right]).expand(COUNT, -1, -1, -1).clone()


def test_noise_falls_in_a_vortex_that_lasts_while_its_points_turn() -> None:
    truth, noise = lasting_vortex(), blurred_noise(0.2)
    smoothed = smooth(truth + noise, 0.2)
    assert mean_error(smoothed, truth) < 0.6 * mean_error(truth + noise, truth)


def test_errors_of_a_pixel_are_believed_in_blood_and_not_in_a_wall() -> None:
    truth, noise = lasting_vortex(), blurred_noise(1.2)
    before = mean_error(truth + noise, truth)
    blood = mean_error(smooth(truth + noise, 1.2, LARGEST_ERROR_OF_FLOW), truth)
    wall = mean_error(smooth(truth + noise, 1.2), truth)
    assert blood < 0.6 * before < 0.9 * before < wall


def test_exact_motion_is_kept() -> None:
    truth = smooth_loop()
    kept = smooth(truth, 1e-3)
    assert mean_error(kept, truth) < 2e-3


def test_exact_fast_motion_survives_a_network_that_is_too_careful() -> None:
    phase = torch.linspace(0, 8, COUNT)
    truth = torch.sin(phase)[:, None, None, None].expand(-1, 2, SIZE, SIZE).clone()
    kept = smooth(truth, 0.35)
    assert mean_error(kept, truth) < 0.02


def test_a_lost_quarter_does_not_flatten_the_fast_motion_of_the_rest() -> None:
    truth = torch.sin(torch.arange(COUNT) * 0.9)[:, None, None, None].expand(-1, 2, SIZE, SIZE)
    lost = torch.zeros(SIZE, SIZE)
    lost[: SIZE // 2, : SIZE // 2] = 1
    found = truth + blurred_noise(0.1) * (1 - lost) + blurred_noise(0.7) * lost
    expected = 0.1 * (1 - lost) + 0.7 * lost
    log_scale = expected.log().expand(COUNT, 1, -1, -1)
    supported = support()(Motion(found, log_scale)).displacement
    rest = (lost == 0).expand(COUNT, -1, -1)
    errors = [(field - truth).norm(dim=1)[rest].mean() for field in (found, supported)]
    assert errors[1] < 1.05 * errors[0]


def test_a_loop_that_jumps_is_left_alone() -> None:
    truth = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (COUNT, 2))).float()
    field = truth[:, :, None, None].expand(COUNT, 2, SIZE, SIZE).clone()
    kept = smooth(field, 0.1)
    assert mean_error(kept, field) < 1e-3


def test_without_an_error_estimate_nothing_is_changed() -> None:
    truth = smooth_loop()
    assert torch.equal(support()(Motion(truth)).displacement, truth)


def test_the_loops_ends_have_neighbours_on_one_side_and_stay_as_they_were_found() -> None:
    found = smooth_loop() + blurred_noise(0.2)
    smoothed = smooth(found, 0.2)
    assert torch.equal(smoothed[0], found[0])
    assert torch.equal(smoothed[-1], found[-1])
    assert not torch.equal(smoothed[1], found[1])
