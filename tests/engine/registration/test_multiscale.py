"""Coarse to fine: known shifts are found, in 2D and 3D, and staged warps equal one warp."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from engine.errors import Cancelled, ConvergenceError, ResourceError
from engine.model import Scale
from engine.progress import RecordingProgress
from engine.registration.memory import in_batches
from engine.registration.multiscale import ScaleEstimate, register
from engine.registration.network import PaperUNet
from engine.registration.pairs import ImagePairs
from engine.registration.paper import PaperEstimator, PaperSettings
from engine.registration.warp import compose, warp

CPU = torch.device("cpu")


def texture(size: tuple[int, ...], sigma: float, seed: int = 0) -> np.ndarray:
    """Return smooth noise in [0, 1]."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=size), sigma)
    return (noise - noise.min()) / np.ptp(noise)


def shifted_pair(size: tuple[int, ...], offset: tuple[float, ...]) -> ImagePairs:
    """Return a pair whose moving image is the fixed one moved by ``offset`` (array axes)."""
    big = texture(tuple(n + 24 for n in size), 2.0)
    inner = tuple(slice(12, -12) for _ in size)
    moved = ndimage.shift(big, offset, order=3, mode="nearest")[inner]
    fixed = torch.from_numpy(big[inner][None].astype(np.float32))
    moving = torch.from_numpy(moved[None].astype(np.float32))
    return ImagePairs(fixed, moving, torch.ones_like(fixed, dtype=torch.bool), CPU)


def run(pairs: ImagePairs, scales: list[Scale], steps: int, seed: int = 0) -> list[Tensor]:
    """Register with a few of the paper's steps; return the displacement after every scale."""
    torch.manual_seed(seed)
    settings = PaperSettings(steps=steps, smoothness_weight=1.0)
    estimator = PaperEstimator(PaperUNet(pairs.dims), settings, seed)
    kept: list[Tensor] = []

    def keep(estimate: ScaleEstimate) -> None:
        kept.append(estimate.full_size(pairs.size)[0])

    register(pairs, estimator, scales, RecordingProgress(), keep)
    return kept


def test_a_shift_is_found_with_its_sign() -> None:
    pairs = shifted_pair((48, 64), (1.2, -2.1))
    fields = run(pairs, [Scale.QUARTER, Scale.HALF, Scale.FULL], 80)
    x, y = fields[-1].mean(dim=(0, 2, 3))
    assert float(x) == pytest.approx(-2.1, abs=0.15)
    assert float(y) == pytest.approx(1.2, abs=0.15)


def test_a_shift_is_found_in_a_volume() -> None:
    pairs = shifted_pair((12, 16, 24), (0.0, 1.0, -1.5))
    fields = run(pairs, [Scale.HALF, Scale.FULL], 45)
    x, y, z = fields[-1].mean(dim=(0, 2, 3, 4))
    assert float(x) == pytest.approx(-1.5, abs=0.2)
    assert float(y) == pytest.approx(1.0, abs=0.2)
    assert float(z) == pytest.approx(0.0, abs=0.2)


def test_one_seed_gives_one_result() -> None:
    pairs = shifted_pair((32, 32), (0.5, 0.5))
    first, second = (run(pairs, [Scale.HALF], 5)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_staged_warps_equal_the_composed_one() -> None:
    image = torch.from_numpy(texture((160, 160), 6.0).astype(np.float32))[None, None]
    flows = [
        torch.from_numpy(np.stack([texture((160, 160), 14.0, seed + k) for k in (0, 1)]))
        .float()[None]
        .sub(0.5)
        .mul(6.0)
        for seed in (1, 3, 5)
    ]
    staged, composed = image, torch.zeros(1, 2, 160, 160)
    for flow in flows:
        staged = warp(staged, flow)
        composed = compose(flow, composed)
    once = warp(image, composed)
    inner = (..., slice(12, -12), slice(12, -12))
    assert float((staged[inner] - once[inner]).square().mean()) < 1e-6


def test_progress_rises_and_ends_and_cancel_stops() -> None:
    pairs = shifted_pair((32, 32), (0.0, 1.0))
    torch.manual_seed(0)
    progress = RecordingProgress()
    estimator = PaperEstimator(PaperUNet(2), PaperSettings(steps=30), 0)
    register(pairs, estimator, [Scale.HALF, Scale.FULL], progress, lambda _: None)
    fractions = [step.fraction for step in progress.steps]
    assert all(later >= earlier for earlier, later in pairwise(fractions))
    assert fractions[-1] == pytest.approx(1.0, abs=0.03)

    stopping = RecordingProgress()
    stopping.cancelled = True
    with pytest.raises(Cancelled):
        register(pairs, estimator, [Scale.HALF], stopping, lambda _: None)


def test_a_loss_that_is_not_finite_is_told() -> None:
    pairs = shifted_pair((32, 32), (0.0, 1.0))
    network = PaperUNet(2)
    with torch.no_grad():
        network.flow.weight.fill_(float("nan"))
    estimator = PaperEstimator(network, PaperSettings(steps=3), 0)
    with pytest.raises(ConvergenceError, match="finite"):
        register(pairs, estimator, [Scale.HALF], RecordingProgress(), lambda _: None)


def test_flat_and_extreme_images_stay_finite() -> None:
    flat = torch.zeros(2, 32, 32)
    flat[1, 10:20] = 1.0
    pairs = ImagePairs(flat, flat.flip(1), torch.ones_like(flat, dtype=torch.bool), CPU)
    for field in run(pairs, [Scale.HALF, Scale.FULL], 5):
        assert bool(field.isfinite().all())


def test_a_batch_that_does_not_fit_is_halved() -> None:
    progress = RecordingProgress()
    done: list[int] = []

    def work(indices: range) -> None:
        if len(indices) > 2:
            raise torch.OutOfMemoryError("pretended")
        done.extend(indices)

    in_batches(7, 7, work, progress)
    assert done == list(range(7))
    assert progress.notices

    def never(indices: range) -> None:
        raise torch.OutOfMemoryError("pretended")

    with pytest.raises(ResourceError, match="memory"):
        in_batches(3, 2, never, progress)


def test_pictures_are_warped_before_they_are_resized() -> None:
    pairs = shifted_pair((48, 64), (0.0, 2.0))
    field = torch.zeros(1, 2, 12, 16)
    field[:, 0] = 0.5  # px of a quarter grid: 2 px of the full one
    size = (24, 32)
    aligned = pairs.warped_at_size([0], field, size)
    raw = pairs.at_size([0], size)
    inner = (..., slice(3, -3), slice(3, -3))
    before = float((raw.fixed[inner] - raw.moving[inner]).square().mean())
    after = float((aligned.fixed[inner] - aligned.moving[inner]).square().mean())
    assert after < 0.02 * before
