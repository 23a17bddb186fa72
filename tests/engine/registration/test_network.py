"""The networks: sizes, the paper's order, and independence of gain, batch and padding."""

import pytest
import torch

from engine.errors import InputError
from engine.registration.features import FEATURE_COUNT, normalise_locally, pair_features
from engine.registration.network import (
    MotionEstimate,
    MotionUNet,
    PaperUNet,
    resize_estimate,
)


@pytest.fixture
def motion() -> MotionUNet:
    """Return a motion network whose output is not nearly zero."""
    torch.manual_seed(0)
    network = MotionUNet().eval()
    with torch.no_grad():
        network.head[-1].weight.mul_(100)
    return network


@pytest.mark.parametrize("size", [(32, 48), (37, 53), (5, 3), (12, 20, 17)])
def test_the_paper_network_takes_any_size_and_starts_near_zero(size: tuple[int, ...]) -> None:
    network = PaperUNet(len(size))
    found = network(torch.rand(2, 1, *size), torch.rand(2, 1, *size))
    assert found.shape == (2, len(size), *size)
    assert found.abs().max() < 1e-2


def test_the_paper_network_is_voxelmorph_2() -> None:
    network = PaperUNet(2)
    assert [layer.out_channels for layer in network.encoder] == [16, 32, 32, 32]
    assert [layer.stride for layer in network.encoder] == [(2, 2)] * 4
    assert [layer.out_channels for layer in network.decoder] == [32, 32, 32, 32, 32, 16, 16]
    # 2-channel input, skips from 1/8, 1/4, 1/2 and the images themselves.
    assert [layer.in_channels for layer in network.decoder] == [32, 64, 64, 48, 32, 34, 16]
    assert network.flow.weight.std().item() == pytest.approx(1e-5, rel=0.2)


@pytest.mark.parametrize("size", [(64, 64), (73, 79), (3, 5)])
def test_the_motion_network_takes_any_size(motion: MotionUNet, size: tuple[int, int]) -> None:
    fixed, warped = torch.rand(2, 2, 1, *size)
    found = motion(fixed, warped, 1 / 8)
    assert found.displacement.shape == (2, 2, *size)
    assert found.log_scale.shape == (2, 1, *size)
    assert torch.isfinite(found.displacement).all()


def test_the_batch_does_not_change_a_pair(motion: MotionUNet) -> None:
    fixed, warped = torch.rand(2, 3, 1, 48, 64)
    together = motion(fixed, warped).displacement[1:2]
    alone = motion(fixed[1:2], warped[1:2]).displacement
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_gain_and_offset_do_not_matter(motion: MotionUNet) -> None:
    fixed, warped = torch.rand(2, 1, 1, 64, 64)
    plain = motion(fixed, warped).displacement
    changed = motion(0.2 * fixed + 0.3, 90 * warped + 40).displacement
    torch.testing.assert_close(plain, changed, atol=2e-3, rtol=1e-2)


def test_flat_images_give_finite_features() -> None:
    features = pair_features(torch.zeros(1, 1, 40, 40), torch.zeros(1, 1, 40, 40), 1.0)
    assert features.shape == (1, FEATURE_COUNT, 40, 40)
    assert torch.isfinite(features).all()
    normalised, _ = normalise_locally(torch.full((1, 1, 20, 20), 7.0))
    assert normalised.abs().max() < 1e-3


def test_what_is_known_already_reaches_the_network(motion: MotionUNet) -> None:
    fixed, warped = torch.rand(2, 1, 1, 64, 64)
    sure = MotionEstimate(torch.zeros(1, 2, 64, 64), torch.full((1, 1, 64, 64), -3.0))
    unsure = MotionEstimate(torch.zeros(1, 2, 64, 64), torch.full((1, 1, 64, 64), 1.0))
    with_sure = motion(fixed, warped, 1.0, sure).displacement
    assert not torch.allclose(with_sure, motion(fixed, warped, 1.0, unsure).displacement)
    torch.testing.assert_close(
        motion(fixed, warped).displacement, motion(fixed, warped, 1.0, unsure).displacement
    )


def test_a_constant_coarse_field_stays_constant(motion: MotionUNet) -> None:
    enlarged = motion._enlarge(torch.full((1, 3, 5, 6), 0.8))
    torch.testing.assert_close(enlarged, torch.full((1, 3, 20, 24), 0.8))
    ramp = motion._enlarge(torch.arange(12.0).expand(1, 1, 4, 12))
    torch.testing.assert_close(ramp.diff(dim=-1)[..., 12:-12], torch.full((1, 1, 16, 23), 0.25))


def test_an_estimate_keeps_its_meaning_on_another_grid() -> None:
    estimate = MotionEstimate(torch.ones(1, 2, 20, 30), torch.zeros(1, 1, 20, 30))
    doubled = resize_estimate(estimate, (40, 60))
    torch.testing.assert_close(doubled.displacement, torch.full((1, 2, 40, 60), 2.0))
    torch.testing.assert_close(doubled.log_scale.exp(), torch.full((1, 1, 40, 60), 2.0))


def test_a_wrong_shape_is_named(motion: MotionUNet) -> None:
    with pytest.raises(InputError, match="MotionUNet: fixed and moving"):
        motion(torch.rand(1, 2, 8, 8), torch.rand(1, 2, 8, 8))
    with pytest.raises(InputError, match="PaperUNet: dims"):
        PaperUNet(4)
    with pytest.raises(InputError, match="widths"):
        MotionUNet((8, 8))
    with pytest.raises(InputError, match="pair_features"):
        pair_features(torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 9), 1.0)
