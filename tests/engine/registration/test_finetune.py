"""Test-time training on known motion: exact samples, deterministic, and taken back if worse."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from engine.errors import InputError
from engine.model import Scale
from engine.progress import RecordingProgress
from engine.registration.finetune import FinetuneSettings, LoopTrainer
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionUNet
from engine.registration.pairs import ImagePairs
from engine.registration.warp import warp
from engine.registration.weights import load_weights

SIZE = (96, 112)


def make_trainer(
    network: MotionUNet, settings: FinetuneSettings, error: float = 0.05
) -> LoopTrainer:
    """Return a trainer on three pairs of speckle-like noise that moves one px to the right.

    Args:
        network: Trained in place.
        settings: Of the trainer.
        error: Expected error of the motion, which is exact, px.
    """
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(1, 1, SIZE[0], SIZE[1] + 4, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(noise, 5, 1, 2)[0, 0]
    frames = torch.stack([smooth[:, 4 - k : 4 - k + SIZE[1]] for k in range(4)])
    mask = torch.ones(3, *SIZE, dtype=torch.bool)
    pairs = ImagePairs(frames[1:], frames[:-1], mask, torch.device("cpu"))
    displacement = torch.zeros(3, 2, *SIZE)
    displacement[:, 0] = -1
    motion = Motion(displacement, torch.full((3, 1, *SIZE), float(np.log(error))))
    stage = Stage(Scale.FULL, 0.0, 1.0, RecordingProgress())
    return LoopTrainer(network, pairs, motion, stage, settings, 0)


@pytest.fixture(name="network")
def _network() -> MotionUNet:
    loaded, _ = load_weights("motion_unet")
    assert isinstance(loaded, MotionUNet)
    return loaded


def test_samples_differ_by_the_motion_they_tell(network: MotionUNet) -> None:
    settings = FinetuneSettings(smallest=0.3, largest=1.0, shortest=40)
    samples = make_trainer(network, settings)._samples(np.random.default_rng(1))
    for _ in range(4):
        sample = next(samples)
        undone = warp(sample.moving, sample.truth, mode="bicubic")
        view = (..., slice(8, -8), slice(8, -8))
        left = float((undone - sample.fixed)[view].abs().mean())
        there = float((sample.moving - sample.fixed)[view].abs().mean())
        assert left < 0.5 * there


def test_motion_finer_than_the_alignment_hardly_counts(network: MotionUNet) -> None:
    settings = FinetuneSettings(smallest=0.1, largest=0.1, shortest=40)
    aligned, doubtful = (
        next(make_trainer(network, settings, error)._samples(np.random.default_rng(1)))
        for error in (0.01, 1.0)
    )
    assert float(aligned.mask.mean()) > 0.98
    assert float(doubtful.mask.mean()) == pytest.approx(0.01, abs=0.001)


def test_one_seed_trains_one_network(network: MotionUNet, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter((1.0, 0.0, 1.0, 0.0))
    monkeypatch.setattr(LoopTrainer, "_score", lambda _: next(scores))
    start = copy.deepcopy(network.state_dict())
    settings = FinetuneSettings(steps=2, samples=2)
    other = copy.deepcopy(network)
    for candidate in (network, other):
        assert make_trainer(candidate, settings).fit() == 2
    changed = [not torch.equal(start[key], value) for key, value in network.state_dict().items()]
    assert any(changed)
    for one, two in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_share_of_nothing_changes_nothing(
    network: MotionUNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter((1.0, 0.0))
    monkeypatch.setattr(LoopTrainer, "_score", lambda _: next(scores))
    start = copy.deepcopy(network.state_dict())
    assert make_trainer(network, FinetuneSettings(steps=1, samples=1, share=0)).fit() == 1
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, start[key])


def test_weights_that_score_worse_are_taken_back(
    network: MotionUNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter((0.5, 1.0))
    monkeypatch.setattr(LoopTrainer, "_score", lambda _: next(scores))
    start = copy.deepcopy(network.state_dict())
    assert make_trainer(network, FinetuneSettings(steps=1, samples=1)).fit() == 0
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, start[key])


def test_training_lowers_the_loss_on_motion_it_has_not_seen(network: MotionUNet) -> None:
    trainer = make_trainer(network, FinetuneSettings(steps=8, scored=6, alike=0, unlike=1e-6))
    before = trainer._score()
    assert trainer.fit() == 8
    assert trainer._score() <= before


def test_the_weights_go_as_far_as_the_loop_is_unlike_the_simulations(
    network: MotionUNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = copy.deepcopy(network)
    ways = []
    settings = FinetuneSettings(steps=1, samples=1)
    half = (settings.alike + settings.unlike) / 2
    for gain in (settings.alike, half, settings.unlike, 1.0):
        scores = iter((0.0, -gain))
        monkeypatch.setattr(LoopTrainer, "_score", lambda _, scores=scores: next(scores))
        tried = copy.deepcopy(start)
        make_trainer(tried, settings).fit()
        pairs = zip(tried.parameters(), start.parameters(), strict=True)
        ways.append(sum(float((new - old).detach().abs().sum()) for new, old in pairs))
    assert ways[0] == 0
    assert ways[1] == pytest.approx(ways[3] / 2, rel=1e-3)
    assert ways[2] == pytest.approx(ways[3], rel=1e-6)


def test_motion_without_its_error_is_refused(network: MotionUNet) -> None:
    trainer = make_trainer(network, FinetuneSettings())
    motion = Motion(torch.zeros(3, 2, *SIZE))
    with pytest.raises(InputError, match="expected error"):
        LoopTrainer(network, trainer._pairs, motion, trainer._run, FinetuneSettings(), 0)
