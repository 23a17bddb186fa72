"""The unrolled protocol: augmentation keeps the truth true, losses fall to what they mean."""

import numpy as np
import pytest
import torch

from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.warp import warp
from engine.training.motion import MotionConfig
from engine.training.shards import Batch, stack_pairs
from engine.training.simulator import SimulationConfig, simulate_pair
from engine.training.unrolled import backward_unrolled, prepare


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Return two texture pairs of 64 px that move by a few px."""
    motion = MotionConfig(smallest=1.0, largest=3.0, zero_fraction=0)
    config = SimulationConfig(64, 0, 1, motion)
    return stack_pairs([simulate_pair(np.random.default_rng(seed), config) for seed in (1, 2)])


@pytest.mark.parametrize("seed", range(8))
def test_mirrored_and_turned_pairs_still_fit_their_motion(batch: Batch, seed: int) -> None:
    sample = prepare(batch, np.random.default_rng(seed))
    inner = (..., slice(8, -8), slice(8, -8))
    aligned = warp(sample.moving, sample.truth)[inner]
    before = (sample.moving - sample.fixed)[inner].abs().mean()
    assert (aligned - sample.fixed[inner]).abs().mean() < 0.7 * before


class _Oracle(MotionUNet):
    """Says nothing moves, and that it is sure of it."""

    def forward(
        self,
        fixed: torch.Tensor,
        warped: torch.Tensor,
        scale: float = 1.0,
        previous: MotionEstimate | None = None,
    ) -> MotionEstimate:
        """Return zero motion that depends on a parameter."""
        zero = 0 * self.stem.weight.sum() * torch.cat((fixed, fixed), dim=1)
        return MotionEstimate(zero, zero[:, :1] - 1)


@pytest.mark.parametrize(("zoom", "last"), [(1, "1.1"), (2, "1/2"), (4, "1/4")])
def test_the_error_of_doing_nothing_is_the_size_of_the_motion(
    batch: Batch, zoom: int, last: str
) -> None:
    sample = prepare(batch, np.random.default_rng(0))
    losses = backward_unrolled(_Oracle((8, 8, 8)), sample, 64, np.random.default_rng(0), zoom)
    expected = zoom * np.hypot(*np.moveaxis(batch.displacement.astype(float), 1, 0)).mean()
    for entry in losses:
        assert entry.error == pytest.approx(expected, rel=0.1), entry.name
    assert losses[-1].name.startswith(last)


def test_every_weight_receives_a_gradient(batch: Batch) -> None:
    torch.manual_seed(0)
    network = MotionUNet((8, 8, 8, 8))
    backward_unrolled(
        network, prepare(batch, np.random.default_rng(0)), 32, np.random.default_rng(0)
    )
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_training_on_one_batch_lowers_its_error(batch: Batch) -> None:
    torch.manual_seed(0)
    network = MotionUNet((12, 16, 16))
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    errors = []
    for _ in range(25):
        sample = prepare(batch, np.random.default_rng(3))
        errors.append(backward_unrolled(network, sample, 64, np.random.default_rng(0), 1)[-1].error)
        optimiser.step()
        optimiser.zero_grad()
    assert np.mean(errors[-5:]) < 0.95 * errors[0]
