"""Squared local correlation: its range, its windows, and that it is never NaN."""

import pytest
import torch
from torch.nn import functional

from engine.errors import InputError
from engine.registration.similarity import (
    box_mean,
    correlation_map,
    masked_mean,
    prepare_fixed,
    similarity,
)


@pytest.fixture
def image() -> torch.Tensor:
    """Return a random image ``(2, 1, 33, 40)``."""
    return torch.rand(2, 1, 33, 40, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("window", [3, 6, 9])
def test_an_image_correlates_with_itself_whatever_gain_and_offset(
    image: torch.Tensor, window: int
) -> None:
    value, values = similarity(image, 0.5 - 3 * image, window=window)
    assert value.min() > 0.995
    assert values.shape == image.shape
    assert values.max() <= 1


def test_noise_does_not_correlate(image: torch.Tensor) -> None:
    other = torch.rand(image.shape, generator=torch.Generator().manual_seed(1))
    assert similarity(image, other, window=9)[0].max() < 0.05


def test_it_equals_the_definition_in_the_middle(image: torch.Tensor) -> None:
    other = image + 0.3 * torch.rand(image.shape, generator=torch.Generator().manual_seed(1))
    one, two = (functional.unfold(part, 5).reshape(2, 25, 29, 36) for part in (image, other))
    one, two = one - one.mean(1, keepdim=True), two - two.mean(1, keepdim=True)
    expected = (one * two).sum(1) ** 2 / (one.square().sum(1) * two.square().sum(1))
    measured = correlation_map(image, other, window=5)[:, 0, 2:-2, 2:-2]
    torch.testing.assert_close(measured, expected, atol=2e-3, rtol=0)


@pytest.mark.parametrize("window", [4, 6, 7])
def test_a_window_is_centred_whether_even_or_odd(window: int) -> None:
    ramp = torch.arange(30.0).expand(1, 1, 20, 30)
    inner = (..., slice(8, -8))
    torch.testing.assert_close(box_mean(ramp, (window, window))[inner], ramp[inner])


def test_an_even_window_covers_its_size() -> None:
    impulse = torch.zeros(1, 1, 21, 21)
    impulse[..., 10, 10] = 1
    spread = box_mean(impulse, (6, 6))
    assert spread.sum().item() == pytest.approx(1.0, abs=1e-5)
    assert spread[0, 0, 10, 10].item() == pytest.approx(1 / 36, rel=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 20, 20), (1, 1, 8, 9, 10), (1, 1, 1, 1)])
@pytest.mark.parametrize("window", [1, 6, 9])
def test_flat_images_give_zero_and_finite_gradients(shape: tuple[int, ...], window: int) -> None:
    flat = torch.full(shape, 0.4, requires_grad=True)
    other = torch.rand(shape)
    for fixed, warped in ((flat, other), (other, flat), (flat, flat)):
        value, _ = similarity(fixed, warped, window=window)
        assert torch.isfinite(value).all()
        assert value.max() < 1e-3
        flat.grad = None
        value.sum().backward()
        assert flat.grad is not None
        assert torch.isfinite(flat.grad).all()


def test_an_empty_mask_gives_zero(image: torch.Tensor) -> None:
    value, _ = similarity(image, image, torch.zeros(1, 1, 33, 40))
    assert value.tolist() == [0.0, 0.0]


def test_the_mask_chooses_the_pixels(image: torch.Tensor) -> None:
    other = torch.rand(image.shape, generator=torch.Generator().manual_seed(1))
    half = torch.zeros(1, 1, 33, 40)
    half[..., :20] = 1
    mixed = torch.where(half > 0, image, other)
    inside = masked_mean(correlation_map(image, mixed, window=3), half)
    outside = masked_mean(correlation_map(image, mixed, window=3), 1 - half)
    assert inside.min() > 0.9
    assert outside.max() < 0.4


def test_the_fixed_sums_can_be_kept(image: torch.Tensor) -> None:
    other = torch.rand(image.shape)
    kept = prepare_fixed(image, 6)
    torch.testing.assert_close(correlation_map(kept, other), correlation_map(image, other, 6))


def test_autocast_does_not_lower_the_precision(image: torch.Tensor) -> None:
    plain, _ = similarity(image, image, window=6)
    with torch.autocast("cpu", torch.bfloat16):
        automatic, values = similarity(image.bfloat16().float(), image.bfloat16().float(), window=6)
    assert values.dtype == torch.float32
    torch.testing.assert_close(automatic, plain, atol=1e-3, rtol=0)


def test_great_values_do_not_break_the_variance() -> None:
    image = 1000 + torch.rand(1, 1, 30, 30, generator=torch.Generator().manual_seed(2))
    assert similarity(image, image, window=6)[0].item() > 0.98


def test_a_wrong_shape_is_named(image: torch.Tensor) -> None:
    with pytest.raises(InputError, match="warped must have"):
        correlation_map(image, image[..., :-1])
    with pytest.raises(InputError, match="prepare_fixed: fixed"):
        prepare_fixed(torch.rand(4, 4))
    with pytest.raises(InputError, match="masked_mean: mask"):
        masked_mean(image, torch.ones(33, 40))
