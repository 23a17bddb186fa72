"""Scales stay aligned: a motion found at a coarse scale holds at the full one."""

import pytest
import torch

from engine.errors import InputError
from engine.registration.pyramid import image_pyramid, resize_image, scaled_size
from engine.registration.warp import identity_grid, resize_displacement, warp


def blobs(height: int, width: int, right: float, down: float) -> torch.Tensor:
    """Return a smooth image whose content is moved by (right, down) px."""
    grid = identity_grid((height, width))
    x, y = grid[:, :1] - right, grid[:, 1:] - down
    return torch.sin(x / 23) * torch.cos(y / 31) + torch.sin((x + 2 * y) / 47)


def found_translation(fixed: torch.Tensor, moving: torch.Tensor) -> torch.Tensor:
    """Return the constant pull-back (x, y) that aligns two images, by Gauss-Newton steps."""
    size = fixed.shape[2:]
    shift = torch.zeros(2)
    inner = (..., slice(4, -4), slice(4, -4))
    for _ in range(20):
        warped = warp(moving, shift.view(1, 2, 1, 1).expand(1, 2, *size), mode="bicubic")
        grad_y, grad_x = torch.gradient(warped, dim=(2, 3))
        columns = torch.stack([grad_x[inner].flatten(), grad_y[inner].flatten()], dim=1)
        difference = (fixed - warped)[inner].flatten()
        shift = shift + torch.linalg.lstsq(columns, difference[:, None]).solution[:, 0]
    return shift


@pytest.mark.parametrize("scale", [1 / 8, 1 / 4, 1 / 2])
@pytest.mark.parametrize("size", [(584, 630), (300, 421)])
def test_a_translation_found_at_a_coarse_scale_is_right_at_full_scale(
    size: tuple[int, int], scale: float
) -> None:
    right, down = 5.0, -3.0
    moving, fixed = blobs(*size, 0, 0), blobs(*size, right, down)
    target = scaled_size(size, scale)
    found = found_translation(resize_image(fixed, target), resize_image(moving, target))
    full = resize_displacement(found.view(1, 2, 1, 1).expand(1, 2, *target), size)
    assert full[0, 0].mean().item() == pytest.approx(-right, abs=0.03)
    assert full[0, 1].mean().item() == pytest.approx(-down, abs=0.03)


@pytest.mark.parametrize("size", [(73, 79), (37, 53)])
def test_image_and_displacement_agree_on_where_a_coarse_pixel_lies(size: tuple[int, int]) -> None:
    ramp = identity_grid((584, 630))
    small = resize_image(ramp, size)
    # A displacement that equals the coordinates, resized, must give the resized coordinates.
    ratio = torch.tensor([size[1] / 630, size[0] / 584]).view(1, 2, 1, 1)
    field = resize_displacement(ramp, size) / ratio
    inner = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(field[inner], small[inner], atol=1e-2, rtol=0)
    centres = (identity_grid(size) + 0.5) / ratio - 0.5
    torch.testing.assert_close(small[inner], centres[inner], atol=1e-2, rtol=0)


def test_decimation_removes_noise_that_the_coarse_grid_cannot_hold() -> None:
    noise = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(0))
    assert resize_image(noise, (32, 32)).std() < 0.15


@pytest.mark.parametrize("size", [(8, 7), (40, 31)])
def test_three_dimensions_agree_with_two(size: tuple[int, int]) -> None:
    image = torch.rand(1, 1, 1, 24, 21)
    torch.testing.assert_close(
        resize_image(image, (1, *size))[:, :, 0], resize_image(image[:, :, 0], size)
    )


def test_constant_volumes_stay_constant() -> None:
    resized = resize_image(torch.full((1, 2, 9, 10, 11), 0.7), (4, 5, 3))
    torch.testing.assert_close(resized, torch.full((1, 2, 4, 5, 3), 0.7))


def test_sizes_are_rounded_and_never_vanish() -> None:
    assert scaled_size((584, 630), 1 / 8) == (73, 79)
    assert scaled_size((3, 5), 1 / 8) == (1, 1)
    shapes = [
        tuple(level.shape[2:]) for level in image_pyramid(torch.rand(1, 1, 584, 630), (1 / 8, 1))
    ]
    assert shapes == [(73, 79), (584, 630)]


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(InputError, match="resize_image: image"):
        resize_image(torch.rand(8, 8), (4, 4))
    with pytest.raises(InputError, match="resize_image: size"):
        resize_image(torch.rand(1, 1, 8, 8), (4,))
    with pytest.raises(InputError, match="scale must be positive"):
        scaled_size((8, 8), 0)
