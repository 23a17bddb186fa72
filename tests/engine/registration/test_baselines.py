"""Longer baselines: a drift that no pair shows is found over several, and is shared fairly."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.errors import InputError
from engine.model import Scale
from engine.progress import RecordingProgress
from engine.registration import baselines
from engine.registration.baselines import Baselines
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs

COUNT, SIZE = 9, (64, 80)
DRIFT = 0.03


def true_motion() -> Tensor:
    """Return a turn by 1 degree a pair about the middle, as pull-back, ``(N, 2, H, W)`` px."""
    rows, columns = (torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in SIZE)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    c, s = math.cos(math.radians(1)) - 1, math.sin(math.radians(1))
    return torch.stack([c * x - s * y, s * x + c * y]).expand(COUNT, 2, *SIZE).clone()


def make_baselines(motion: Motion) -> Baselines:
    """Return baselines over blank frames: what windows find is given by the tests."""
    frames = torch.zeros(COUNT + 1, *SIZE)
    mask = torch.ones(COUNT, *SIZE, dtype=torch.bool)
    pairs = ImagePairs(frames[1:], frames[:-1], mask, torch.device("cpu"))
    return Baselines(
        MotionUNet((8, 8, 8)), pairs, motion, Stage(Scale.FULL, 0.0, 1.0, RecordingProgress())
    )


def drifted(error: float = 0.05) -> Motion:
    """Return the true motion with the same small error in every pair."""
    log_scale = torch.full((COUNT, 1, *SIZE), math.log(error))
    return Motion(true_motion() + DRIFT, log_scale)


def find_truth(monkeypatch: pytest.MonkeyPatch, error: float) -> None:
    """Let the network find the exact motion of every window, told with an expected error."""

    def exact(
        network: object, fixed: Tensor, moving: Tensor, scale: float, previous: MotionEstimate
    ) -> MotionEstimate:
        length = round(math.exp(float(previous.log_scale[0, 0, 0, 0])) / 0.05)
        angle = math.radians(length)
        rows, columns = (torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in SIZE)
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        c, s = math.cos(angle) - 1, math.sin(angle)
        truth = torch.stack([c * x - s * y, s * x + c * y])
        told = torch.full_like(previous.log_scale, math.log(error))
        return MotionEstimate(truth.expand_as(previous.displacement), told)

    monkeypatch.setattr(baselines, "refine_once", exact)


def inner_error(motion: Motion) -> float:
    """Return the mean endpoint error away from the border, px."""
    error = (motion.displacement - true_motion()).norm(dim=1)
    return float(error[:, 12:-12, 12:-12].mean())


@pytest.mark.parametrize("length", [2, 4])
def test_a_drift_of_every_pair_is_found(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    find_truth(monkeypatch, error=0.02)
    start = drifted()
    refined = make_baselines(start).refined(length)
    assert inner_error(start) == pytest.approx(math.sqrt(2) * DRIFT, rel=1e-3)
    assert inner_error(refined) < 0.3 * inner_error(start)


def test_windows_that_are_lost_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    find_truth(monkeypatch, error=2.0)
    start = drifted()
    torch.testing.assert_close(make_baselines(start).refined(4).displacement, start.displacement)


def test_a_pair_that_is_surer_than_the_windows_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    find_truth(monkeypatch, error=0.9)
    start = drifted()
    assert inner_error(make_baselines(start).refined(2)) > 0.9 * inner_error(start)


def test_a_loop_shorter_than_the_window_stays() -> None:
    start = drifted()
    refined = make_baselines(start).refined(COUNT + 1)
    torch.testing.assert_close(refined.displacement, start.displacement)


def test_motion_without_its_error_is_refused() -> None:
    with pytest.raises(InputError, match="expected error"):
        make_baselines(Motion(true_motion()))
