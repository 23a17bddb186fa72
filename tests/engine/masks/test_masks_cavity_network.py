"""The cavity network: evaluated as it was trained, and trained on scenes whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import InputError
from engine.masks.cavity_network import cavity_maps, load_cavity_network
from engine.masks.rasterise import fill_loop
from engine.masks.sector import analyse_sector
from engine.masks.working import COARSE_HEIGHT, SMOOTHING, make_working
from engine.phantom import Phantom
from engine.progress import NullProgress
from engine.training.cavity import (
    CavityModule,
    CavityTraining,
    cavity_loss,
    simulated_frames,
    train_cavity_network,
    write_cavity_weights,
)


def test_numpy_gives_what_pytorch_gives(apical: Phantom, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = CavityModule((4, 6, 8))
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(layer.running_var, 0.5, 2.0)
    write_cavity_weights(module.eval(), tmp_path / "net.safetensors", CavityTraining())
    network = load_cavity_network(tmp_path / "net.safetensors")
    images = np.random.default_rng(0).normal(size=(3, 2, 32, 48)).astype(np.float32)
    with torch.no_grad():
        wanted = torch.sigmoid(module(torch.from_numpy(images))).numpy()
    split = torch.nn.functional.pixel_unshuffle(torch.from_numpy(images), 2).numpy()
    found = network(split.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_the_shipped_network_sees_the_cavity_of_a_phantom(
    apical: Phantom, short_axis: Phantom
) -> None:
    for phantom, family in ((apical, 0), (short_axis, 1)):
        assert phantom.contours is not None
        loop = make_working(phantom.cine, analyse_sector(phantom.cine), COARSE_HEIGHT, SMOOTHING)
        maps = cavity_maps(loop, np.array([0, 5]))
        assert maps.shape == (2, 2, *loop.size)
        curves = loop.to_working(phantom.contours.endocardial[[0, 5]])
        truth = fill_loop(curves, loop.size)
        seen = maps[family] > 0.5
        assert 2 * (seen & truth).sum() / (seen.sum() + truth.sum()) > 0.75


def test_a_scene_shows_its_cavity_darker_than_its_wall() -> None:
    darker = 0
    for seed in range(20):
        images, cavities = simulated_frames(seed)
        assert images.shape == cavities.shape == (3, 2, 112, 128)
        assert 0 <= cavities.min() <= cavities.max() <= 1
        cavity = cavities[0].max(0) > 0.5
        near = torch.nn.functional.max_pool2d(
            torch.from_numpy(cavity[None, None].astype(np.float32)), 13, 1, 6
        ).numpy()[0, 0]
        ring = (near > 0) & ~cavity & (images[0, 0] > -2)
        inside = images[0, 0][cavity & (images[0, 0] > -2)]
        if len(inside) and ring.any():
            darker += inside.mean() < images[0, 0][ring].mean()
    assert darker >= 17


def test_training_lowers_the_loss_and_writes_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "cavity.safetensors"
    config = CavityTraining(steps=3, loops=1)
    assert np.isfinite(train_cavity_network(config, path, NullProgress()))
    assert load_cavity_network(path).head.weight.shape == (1, 2, 20)
    perfect = torch.full((1, 2, 4, 4), 20.0)
    assert float(cavity_loss(perfect, torch.ones(1, 2, 8, 8))) < 0.01


def test_missing_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="three points"):
        load_cavity_network(tmp_path / "none.safetensors")
