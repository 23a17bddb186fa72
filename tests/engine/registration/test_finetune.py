"""Test-time training: blind where the loss is taken, deterministic, and taken back if worse."""

from __future__ import annotations

import copy

import pytest
import torch

from engine.model import Scale
from engine.progress import RecordingProgress
from engine.registration import finetune
from engine.registration.finetune import FinetuneSettings, LoopTrainer
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionUNet
from engine.registration.pairs import ImagePairs
from engine.registration.weights import load_weights

SIZE = (96, 112)


def make_trainer(network: MotionUNet, settings: FinetuneSettings) -> LoopTrainer:
    """Return a trainer on three pairs of speckle-like noise that moves one px to the right."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(1, 1, SIZE[0], SIZE[1] + 4, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)[0, 0]
    frames = torch.stack([smooth[:, 4 - k : 4 - k + SIZE[1]] for k in range(4)])
    mask = torch.ones(3, *SIZE, dtype=torch.bool)
    pairs = ImagePairs(frames[1:], frames[:-1], mask, torch.device("cpu"))
    motion = Motion(torch.zeros(3, 2, *SIZE), torch.zeros(3, 1, *SIZE))
    stage = Stage(Scale.FULL, 0.0, 1.0, RecordingProgress())
    return LoopTrainer(network, pairs, motion, stage, settings, torch.Generator().manual_seed(0))


@pytest.fixture(name="network")
def _network() -> MotionUNet:
    loaded, _ = load_weights("motion_unet")
    assert isinstance(loaded, MotionUNet)
    return loaded


def test_what_is_blind_cannot_be_seen() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, 60, 70, generator=generator)
    blind = torch.zeros(1, 1, 60, 70)
    blind[..., 20:40, 30:50] = 1
    other = image + blind * torch.rand(1, 1, 60, 70, generator=generator)
    one, two = (finetune._blank(picture, blind) for picture in (image, other))
    torch.testing.assert_close(one, two)
    torch.testing.assert_close(one[..., :20, :], image[..., :20, :])


def test_the_scored_lattice_is_never_trained_on(network: MotionUNet) -> None:
    trainer = make_trainer(network, FinetuneSettings(block=8, blind_share=0.9))
    scored = trainer._blind(SIZE, score=True)
    trained = trainer._blind(SIZE, score=False)
    assert scored.sum() > 0
    assert trained.sum() > 0
    assert float((scored * trained).sum()) == 0.0


def test_one_seed_trains_one_network(network: MotionUNet, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter((0.0, 1.0, 0.0, 1.0))
    monkeypatch.setattr(LoopTrainer, "_score", lambda _: next(scores))
    start = copy.deepcopy(network.state_dict())
    settings = FinetuneSettings(steps=2, pairs=2, block=16)
    other = copy.deepcopy(network)
    for candidate in (network, other):
        assert make_trainer(candidate, settings).fit() == 2
    changed = [not torch.equal(start[key], value) for key, value in network.state_dict().items()]
    assert any(changed)
    for one, two in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_weights_that_score_worse_are_taken_back(
    network: MotionUNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter((1.0, 0.5))
    monkeypatch.setattr(LoopTrainer, "_score", lambda _: next(scores))
    start = copy.deepcopy(network.state_dict())
    assert make_trainer(network, FinetuneSettings(steps=1, pairs=1, block=16)).fit() == 0
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, start[key])


def test_training_raises_what_it_trains(network: MotionUNet) -> None:
    trainer = make_trainer(
        network, FinetuneSettings(steps=6, pairs=3, learning_rate=2e-4, block=16)
    )
    before = trainer._score()
    trainer.fit()
    assert trainer._score() >= before
