"""Displacements: warp, compose, enlarge, and count folds.

This module alone knows the order of a displacement's components and the corner convention of
sampling. Everywhere: images are ``(N, C, *spatial)``, displacements ``(N, D, *spatial)`` in px of
their own grid, components (x, y[, z]) while the axes run ([z, ]y, x), and a displacement is a
pull-back: ``warp(moving, u)(p) = moving(p + u(p))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import InputError

Mode = Literal["bilinear", "bicubic", "nearest"]
Padding = Literal["border", "zeros"]

_MODES = ("bilinear", "bicubic", "nearest")
_PADDINGS = ("border", "zeros")
_FAR = 16.0
_LINEAR = {2: "bilinear", 3: "trilinear"}


def identity_grid(
    size: Sequence[int],
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the coordinates of every pixel.

    Args:
        size: Spatial size ([D, ]H, W), px.
        device: Where the result lies.
        dtype: Its type.

    Returns:
        Coordinates ``(1, D, *size)`` with components (x, y[, z]), px.
    """
    axes = [torch.arange(n, device=device, dtype=dtype) for n in size]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1])[None]


def warp(
    image: Tensor, displacement: Tensor, *, mode: Mode = "bilinear", padding: Padding = "border"
) -> Tensor:
    """Sample an image at displaced positions: ``result(p) = image(p + displacement(p))``.

    The displacement's grid may differ in size from the image's: ``p`` then runs over the
    displacement's grid and both share the origin (a crop of the top left corner).

    Args:
        image: ``(N, C, *spatial)``, any unit.
        displacement: ``(N, D, *spatial)``, px; a batch of one on either side is broadcast.
        mode: Interpolation; ``bicubic`` is for 2D.
        padding: What lies outside the image: its nearest border value, or zero.

    Returns:
        Warped image ``(N, C, *displacement's spatial)``, float32 (float64 if the image is).
    """
    dims = _check_pair("warp", "image", image, displacement)
    if mode not in _MODES or (mode == "bicubic" and dims == 3):
        raise InputError(f"warp: mode must be one of {_MODES} (bicubic in 2D only), not {mode!r}")
    if padding not in _PADDINGS:
        raise InputError(f"warp: padding must be one of {_PADDINGS}, not {padding!r}")
    dtype = torch.float64 if image.dtype == torch.float64 else torch.float32
    image, displacement = image.to(dtype), displacement.to(dtype)
    count = max(image.shape[0], displacement.shape[0])
    size = image.shape[2:]
    points = displacement + identity_grid(displacement.shape[2:], device=image.device, dtype=dtype)
    if mode == "bicubic":
        points = _unbiased(points)
    extent = torch.tensor(tuple(size)[::-1], device=image.device, dtype=dtype)
    normalised = (2 * points.movedim(1, -1) + 1) / extent - 1
    # Sampling at NaN or far beyond the image reads foreign memory in the backward pass.
    normalised = normalised.nan_to_num(nan=0.0).clamp(-_FAR, _FAR)
    with torch.autocast(image.device.type, enabled=False):
        return functional.grid_sample(
            image.expand(count, *image.shape[1:]),
            normalised.expand(count, *normalised.shape[1:]),
            mode=mode,
            padding_mode=padding,
            align_corners=False,
        )


def compose(residual: Tensor, previous: Tensor) -> Tensor:
    """Compose two displacements so that one warp equals warping by both in turn.

    ``warp(warp(image, previous), residual) = warp(image, compose(residual, previous))``, that is
    ``u(p) = residual(p) + previous(p + residual(p))``.

    Args:
        residual: ``(N, D, *spatial)``, px; found on the image already warped by ``previous``.
        previous: ``(N, D, *spatial)``, px, on the same grid.

    Returns:
        Composed displacement ``(N, D, *spatial)``, px.
    """
    _check_displacement("compose", "residual", residual)
    _check_displacement("compose", "previous", previous)
    if residual.shape[1:] != previous.shape[1:]:
        raise InputError(
            f"compose: previous must have the residual's shape (N, {_sizes(residual.shape[1:])}),"
            f" not ({_sizes(previous.shape)})"
        )
    return residual + warp(previous, residual)


def invert(displacement: Tensor, iterations: int = 3) -> Tensor:
    """Invert a displacement: solve ``f(q) = -u(q + f(q))`` by fixed-point iteration.

    Args:
        displacement: ``u``, ``(N, D, *spatial)``, px; its gradients must be well below 1.
        iterations: Each lowers the error by the factor of the greatest gradient.

    Returns:
        ``f``, same shape: ``compose(f, u)`` is nearly zero.

    Raises:
        InputError: If the components do not match the spatial axes.
    """
    _check_displacement("invert", "displacement", displacement)
    ahead = -displacement
    for _ in range(iterations):
        ahead = -warp(displacement, ahead)
    return ahead


def resize_displacement(displacement: Tensor, size: Sequence[int]) -> Tensor:
    """Bring a displacement to a grid of another size over the same field of view.

    Interpolation is linear between pixel centres; every component is scaled by the ratio of the
    sizes along its own axis, because 630 / 8 is not whole.

    Args:
        displacement: ``(N, D, *spatial)``, px of its grid.
        size: Spatial size of the result ([D, ]H, W), px.

    Returns:
        Displacement ``(N, D, *size)``, px of the new grid.
    """
    dims = _check_displacement("resize_displacement", "displacement", displacement)
    target = tuple(int(n) for n in size)
    if len(target) != dims or min(target) < 1:
        raise InputError(
            f"resize_displacement: size must be {dims} positive numbers, not {tuple(size)}"
        )
    old = tuple(displacement.shape[2:])
    if old == target:
        return displacement
    ratio = [new / was for new, was in zip(target[::-1], old[::-1], strict=True)]
    factor = torch.tensor(ratio, device=displacement.device, dtype=displacement.dtype)
    shrinks = dims == 2 and min(ratio) < 1
    resized = functional.interpolate(
        displacement, target, mode=_LINEAR[dims], align_corners=False, antialias=shrinks
    )
    return resized * factor.view(1, dims, *([1] * dims))


def corner_jacobian_determinants(displacement: Tensor) -> Tensor:
    """Return the Jacobian determinant of ``p + u(p)`` at every corner of every grid cell.

    Between pixels the map is (bi)linear, so within a cell its determinant is least at one of the
    corners; differences taken at one corner alone overlook folds.

    Args:
        displacement: ``(N, D, *spatial)``, px.

    Returns:
        Determinants ``(N, 2**D, *(spatial - 1))``: four corners a cell in 2D, eight in 3D.
    """
    dims = _check_displacement("corner_jacobian_determinants", "displacement", displacement)
    if min(displacement.shape[2:]) < 2:
        raise InputError(
            "corner_jacobian_determinants: displacement must be (N, D, *spatial) with at least"
            f" 2 px along each axis, not ({_sizes(displacement.shape)})"
        )
    # Column a holds the derivative along spatial axis x, y[, z] = 0, 1[, 2].
    steps = [displacement.diff(dim=displacement.ndim - 1 - axis) for axis in range(dims)]
    unit = torch.eye(dims, device=displacement.device, dtype=displacement.dtype)
    corners = []
    for corner in product((0, 1), repeat=dims):
        columns = []
        for axis in range(dims):
            part = steps[axis]
            for other in range(dims):
                if other != axis:
                    dim = part.ndim - 1 - other
                    part = part.narrow(dim, corner[other], part.shape[dim] - 1)
            columns.append(part + unit[:, axis].view(1, dims, *([1] * dims)))
        corners.append(_determinant(columns))
    return torch.stack(corners, dim=1)


def folding_fraction(displacement: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the fraction of grid cells with a fold (a corner determinant of zero or less).

    Args:
        displacement: ``(N, D, *spatial)``, px.
        mask: ``(N or 1, 1, *spatial)``; a cell counts if all its corners are in the mask
            (> 0.5). None counts every cell.

    Returns:
        Fraction ``(N,)`` in 0..1; 0 where the mask holds no cell.
    """
    folded = corner_jacobian_determinants(displacement).amin(dim=1, keepdim=True) <= 0
    if mask is None:
        return folded.flatten(1).float().mean(dim=1)
    dims = displacement.shape[1]
    if mask.ndim != dims + 2 or mask.shape[1] != 1 or mask.shape[2:] != displacement.shape[2:]:
        raise InputError(
            f"folding_fraction: mask must be (N or 1, 1, {_sizes(displacement.shape[2:])}),"
            f" not ({_sizes(mask.shape)})"
        )
    cells = (mask > 0.5).expand(displacement.shape[0], *mask.shape[1:])
    for dim in range(2, dims + 2):
        last = cells.shape[dim] - 1
        cells = cells.narrow(dim, 0, last) & cells.narrow(dim, 1, last)
    count = cells.flatten(1).sum(dim=1)
    return (folded & cells).flatten(1).sum(dim=1) / count.clamp(min=1)


def _unbiased(points: Tensor) -> Tensor:
    """Move sampling points so that cubic interpolation reproduces linear ramps.

    ``grid_sample`` uses the cubic kernel of parameter -0.75, whose first moment is
    ``m(t) = t^3 - 1.5 t^2 + 1.5 t`` instead of ``t``: it samples up to 0.048 px beside the point,
    a systematic error of every sub-pixel displacement. With ``s = t - 1/2`` the moment is
    ``s^3 + 0.75 s + 1/2``, which is inverted in closed form (Cardano).
    """
    middle = points.detach().floor() + 0.5
    moment = 4 * (points - middle)
    root = (moment + (moment * moment + 1).sqrt()).pow(1 / 3)
    return middle + (root - 1 / root) / 2


def _determinant(columns: list[Tensor]) -> Tensor:
    """Return the determinant of matrices given by columns ``(N, D, *cells)``."""
    if len(columns) == 2:
        (a, c), (b, d) = (column.unbind(1) for column in columns)
        return a * d - b * c
    first, second, third = columns
    volume: Tensor = (first * torch.linalg.cross(second, third, dim=1)).sum(dim=1)
    return volume


def _check_displacement(function: str, name: str, displacement: Tensor) -> int:
    """Return the number of spatial dimensions of a well-formed displacement."""
    dims = displacement.ndim - 2
    if dims not in (2, 3) or displacement.shape[1] != dims:
        raise InputError(
            f"{function}: {name} must be (N, 2, H, W) or (N, 3, D, H, W),"
            f" not ({_sizes(displacement.shape)})"
        )
    return dims


def _check_pair(function: str, name: str, image: Tensor, displacement: Tensor) -> int:
    """Return the number of spatial dimensions of an image and its displacement."""
    dims = _check_displacement(function, "displacement", displacement)
    if image.ndim != dims + 2 or 0 in image.shape:
        raise InputError(
            f"{function}: {name} must be (N, C, {'D, ' if dims == 3 else ''}H, W) like the"
            f" displacement ({_sizes(displacement.shape)}), not ({_sizes(image.shape)})"
        )
    counts = {image.shape[0], displacement.shape[0]}
    if len(counts - {1}) > 1:
        raise InputError(
            f"{function}: {name} and displacement must have equal batches or a batch of one,"
            f" not {image.shape[0]} and {displacement.shape[0]}"
        )
    return dims


def _sizes(shape: Sequence[int]) -> str:
    """Write a shape for a message."""
    return ", ".join(str(int(n)) for n in shape)
