"""Smoothness: what is free, what costs, and what the mask leaves out."""

import pytest
import torch

from engine.errors import InputError
from engine.registration.regularisation import bending_energy, smoothness
from engine.registration.warp import identity_grid


@pytest.mark.parametrize("size", [(9, 11), (5, 6, 7)])
def test_translation_is_free(size: tuple[int, ...]) -> None:
    displacement = torch.full((2, len(size), *size), 3.0)
    assert smoothness(displacement).tolist() == [0, 0]
    assert bending_energy(displacement).tolist() == [0, 0]


@pytest.mark.parametrize("size", [(9, 11), (5, 6, 7)])
def test_a_linear_motion_costs_its_squared_gradient_and_does_not_bend(
    size: tuple[int, ...],
) -> None:
    displacement = 0.1 * identity_grid(size)
    dims = len(size)
    assert smoothness(displacement).item() == pytest.approx(dims * 0.01, rel=1e-4)
    assert bending_energy(displacement).item() == pytest.approx(0, abs=1e-9)


def test_a_parabola_bends() -> None:
    x = identity_grid((8, 12))[:, :1]
    displacement = torch.cat((0.05 * x**2, torch.zeros_like(x)), dim=1)
    assert bending_energy(displacement).item() == pytest.approx(0.01, rel=1e-3)


def test_a_mask_gives_what_its_cropped_region_would() -> None:
    displacement = torch.randn(1, 2, 20, 24, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(1, 1, 20, 24)
    mask[..., 4:15, 3:20] = 1
    cropped = displacement[..., 4:15, 3:20]
    torch.testing.assert_close(smoothness(displacement, mask), smoothness(cropped))
    torch.testing.assert_close(bending_energy(displacement, mask), bending_energy(cropped))


def test_an_empty_mask_and_a_single_pixel_give_zero() -> None:
    assert smoothness(torch.randn(1, 2, 8, 8), torch.zeros(1, 1, 8, 8)).item() == 0
    assert smoothness(torch.randn(1, 2, 1, 1)).item() == 0
    assert bending_energy(torch.randn(1, 2, 2, 1)).item() == 0


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(InputError, match="smoothness: displacement"):
        smoothness(torch.rand(1, 3, 8, 8))
    with pytest.raises(InputError, match="bending_energy: mask"):
        bending_energy(torch.rand(1, 2, 8, 8), torch.rand(1, 1, 8, 9))
