"""Warping, composing, enlarging and counting folds: facts of geometry."""

import pytest
import torch

from engine.errors import InputError
from engine.registration.warp import (
    compose,
    corner_jacobian_determinants,
    folding_fraction,
    identity_grid,
    invert,
    resize_displacement,
    warp,
)


def smooth_image(size: tuple[int, ...]) -> torch.Tensor:
    """Return a smooth image ``(1, 1, *size)``, a sum of sines."""
    grid = identity_grid(size)
    return sum(
        torch.sin(grid[:, axis : axis + 1] * (0.11 + 0.03 * axis) + axis)
        for axis in range(len(size))
    )


def smooth_displacement(size: tuple[int, ...], amplitude: float, phase: float) -> torch.Tensor:
    """Return a smooth displacement ``(1, D, *size)``, px."""
    grid = identity_grid(size)
    parts = [torch.sin(0.09 * grid.sum(dim=1) + phase + axis) for axis in range(len(size))]
    return amplitude * torch.stack(parts, dim=1)


@pytest.mark.parametrize("size", [(17, 23), (1, 9), (6, 7, 8)])
@pytest.mark.parametrize("padding", ["border", "zeros"])
def test_identity_changes_nothing(size: tuple[int, ...], padding: str) -> None:
    image = torch.rand(2, 3, *size)
    warped = warp(image, torch.zeros(2, len(size), *size), padding=padding)
    torch.testing.assert_close(warped, image, atol=1e-5, rtol=0)


def test_the_displacement_points_back_to_the_moving_image() -> None:
    moving = torch.rand(1, 1, 12, 14)
    displacement = torch.zeros(1, 2, 12, 14)
    displacement[:, 0], displacement[:, 1] = 3, -2
    warped = warp(moving, displacement)
    torch.testing.assert_close(warped[..., 2:, :-3], moving[..., :-2, 3:], atol=1e-5, rtol=0)


def test_components_are_x_y_z_in_three_dimensions() -> None:
    moving = torch.rand(1, 1, 6, 7, 8)
    for component, dim in ((0, 4), (1, 3), (2, 2)):
        displacement = torch.zeros(1, 3, 6, 7, 8)
        displacement[:, component] = 1
        warped = warp(moving, displacement)
        length = moving.shape[dim] - 1
        torch.testing.assert_close(
            warped.narrow(dim, 0, length), moving.narrow(dim, 1, length), atol=1e-5, rtol=0
        )


def test_cubic_interpolation_keeps_what_linear_blurs() -> None:
    moving = torch.sin(1.5 * identity_grid((16, 64))[:, :1])
    displacement = torch.zeros(1, 2, 16, 64)
    displacement[:, 0] = 0.5
    truth = torch.sin(1.5 * (identity_grid((16, 64))[:, :1] + 0.5))
    inner = (..., slice(4, -4))
    linear = (warp(moving, displacement) - truth)[inner].abs().max()
    cubic = (warp(moving, displacement, mode="bicubic") - truth)[inner].abs().max()
    assert cubic < 0.6 * linear


def test_cubic_interpolation_reproduces_ramps_without_bias() -> None:
    ramp = identity_grid((12, 20))[:, :1]
    for shift in (0.1, 0.25, 0.5, 0.8, 1.3):
        displacement = torch.zeros(1, 2, 12, 20)
        displacement[:, 0] = shift
        sampled = warp(ramp, displacement, mode="bicubic")[..., 3:-4]
        torch.testing.assert_close(sampled, ramp[..., 3:-4] + shift, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(64, 80), (24, 26, 28)])
def test_one_composed_warp_equals_warping_twice(size: tuple[int, ...]) -> None:
    image = smooth_image(size)
    previous = smooth_displacement(size, 2.0, 0.0)
    residual = smooth_displacement(size, 1.0, 1.0)
    twice = warp(warp(image, previous), residual)
    once = warp(image, compose(residual, previous))
    other_order = warp(image, previous + warp(residual, previous))
    inner = (..., *[slice(4, -4)] * len(size))
    error = (once - twice)[inner].square().mean()
    assert error < 1e-4
    assert error < 0.05 * (other_order - twice)[inner].square().mean()


def test_enlarging_scales_each_component_by_its_own_ratio() -> None:
    displacement = torch.ones(1, 2, 73, 79)
    enlarged = resize_displacement(displacement, (584, 630))
    torch.testing.assert_close(enlarged[:, 0], torch.full((1, 584, 630), 630 / 79))
    torch.testing.assert_close(enlarged[:, 1], torch.full((1, 584, 630), 8.0))


@pytest.mark.parametrize("size", [(5, 6), (4, 5, 6)])
def test_the_identity_has_unit_determinants_at_every_corner(size: tuple[int, ...]) -> None:
    dims = len(size)
    determinants = corner_jacobian_determinants(torch.zeros(2, dims, *size))
    assert determinants.shape == (2, 2**dims, *[n - 1 for n in size])
    torch.testing.assert_close(determinants, torch.ones_like(determinants))


@pytest.mark.parametrize("size", [(6, 7), (4, 5, 6)])
def test_the_determinant_of_a_linear_map_is_its_own(size: tuple[int, ...]) -> None:
    dims = len(size)
    matrix = torch.eye(dims) + 0.2 * torch.randn(
        dims, dims, generator=torch.Generator().manual_seed(1)
    )
    grid = identity_grid(size)
    displacement = torch.einsum("ij,nj...->ni...", matrix, grid) - grid
    determinants = corner_jacobian_determinants(displacement)
    expected = torch.full_like(determinants, float(torch.linalg.det(matrix)))
    torch.testing.assert_close(determinants, expected, atol=1e-4, rtol=1e-4)


def test_a_fold_at_one_corner_is_counted_and_the_mask_can_leave_it_out() -> None:
    displacement = torch.zeros(1, 2, 9, 9)
    displacement[0, 0, 4, 4] = 1.5
    assert corner_jacobian_determinants(displacement)[0, :, 0, 0].amin() == 1
    fraction = folding_fraction(displacement)
    assert 0 < fraction.item() <= 4 / 64
    mask = torch.zeros(1, 1, 9, 9)
    mask[..., :3] = 1
    assert folding_fraction(displacement, mask).item() == 0
    assert folding_fraction(displacement, torch.zeros(1, 1, 9, 9)).item() == 0


def test_gradients_reach_image_and_displacement() -> None:
    image = torch.rand(1, 1, 8, 8, requires_grad=True)
    displacement = (0.3 * torch.rand(1, 2, 8, 8)).requires_grad_()
    warp(image, displacement).sum().backward()
    assert image.grad is not None
    assert displacement.grad is not None
    assert torch.isfinite(displacement.grad).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: warp(torch.rand(1, 1, 8, 8), torch.rand(1, 3, 8, 8)), "warp: displacement"),
        (lambda: warp(torch.rand(8, 8), torch.rand(1, 2, 8, 8)), "warp: image"),
        (lambda: warp(torch.rand(2, 1, 8, 8), torch.rand(3, 2, 8, 8)), "equal batches"),
        (lambda: compose(torch.rand(1, 2, 8, 8), torch.rand(1, 2, 8, 9)), "compose: previous"),
        (lambda: resize_displacement(torch.rand(1, 2, 8, 8), (4,)), "resize_displacement: size"),
        (lambda: folding_fraction(torch.rand(1, 2, 8, 8), torch.rand(8, 8)), "mask"),
        (lambda: corner_jacobian_determinants(torch.rand(1, 2, 1, 8)), "at least"),
    ],
)
def test_a_wrong_shape_is_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(InputError, match=words):
        call()


def test_invert_undoes_a_displacement() -> None:
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(56.0), indexing="ij")
    wave = torch.stack([torch.sin(rows / 9), torch.cos(columns / 11)])[None] * 1.5
    left = compose(invert(wave, iterations=8), wave)[..., 6:-6, 6:-6]
    assert float(left.norm(dim=1).max()) < 0.02
