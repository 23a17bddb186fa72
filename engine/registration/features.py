"""What the motion network sees of a pair: normalised images and their products, 2D.

A displacement is, to first order, a ratio of local sums of ``difference x gradient`` and
``gradient x gradient``; products given as inputs leave the network the averaging, which is what
beats noise. Products of oppositely shifted images (a small symmetric correlation) reach motions
for which the first order does not hold.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import InputError

FEATURE_COUNT = 24
"""Channels that ``pair_features`` returns."""

UNKNOWN_LOG_SCALE = 1.0
"""Stands for "nothing is known yet": an expected error of some px."""

_BLOCK = 8
_FLOOR = 0.03
_LIMIT = 4.0
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


def pair_features(
    fixed: Tensor,
    warped: Tensor,
    scale: float,
    displacement: Tensor | None = None,
    log_scale: Tensor | None = None,
) -> Tensor:
    """Compute the network's input channels.

    What is known already (the displacement that warped the image, and how far it is trusted)
    lets the network weigh new evidence against old, and smooth what earlier passes left rough.

    Args:
        fixed: Fixed image ``(N, 1, H, W)``, any unit.
        warped: Moving image warped so far, same shape.
        scale: Scale of both relative to the full resolution, for instance 1/8.
        displacement: Motion that was found so far ``(N, 2, H, W)``, px of this scale; None is 0.
        log_scale: Log of its expected error ``(N, 1, H, W)``, px of this scale; None if unknown.

    Returns:
        Features ``(N, 24, H, W)``, dimensionless: gain and offset of the images do not matter.
    """
    if fixed.ndim != 4 or fixed.shape[1] != 1 or fixed.shape != warped.shape:
        raise InputError(
            "pair_features: fixed and warped must both be (N, 1, H, W), not"
            f" {tuple(fixed.shape)} and {tuple(warped.shape)}"
        )
    one, contrast_one = normalise_locally(fixed.float())
    two, contrast_two = normalise_locally(warped.float())
    mean, difference = (one + two) / 2, two - one
    padded = functional.pad(mean, (1, 1, 1, 1), mode="replicate")
    grad_x = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    grad_y = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    if displacement is None:
        displacement = torch.zeros_like(mean).expand(-1, 2, -1, -1)
    if log_scale is None:
        log_scale = torch.full_like(mean, UNKNOWN_LOG_SCALE)
    displacement = displacement.float()
    channels = [
        mean,
        difference,
        grad_x,
        grad_y,
        difference * grad_x,
        difference * grad_y,
        grad_x * grad_x,
        grad_x * grad_y,
        grad_y * grad_y,
        difference * difference,
        one * two,
        *_shifted_products(one, two),
        (contrast_one + contrast_two) / 2,
        torch.full_like(mean, math.log2(scale) / 3),
        log_scale.float() / 2,
        torch.tanh(displacement - local_mean(displacement)),
    ]
    return torch.cat(channels, dim=1)


def normalise_locally(image: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract the local mean and divide by the local deviation over some tens of px.

    Args:
        image: ``(N, 1, H, W)``, any unit.

    Returns:
        The normalised image, softly limited to +-4, and the local contrast (log2 of the local
        over the overall deviation); both ``(N, 1, H, W)``.
    """
    centre = image.mean(dim=(2, 3), keepdim=True)
    image = image - centre
    overall = image.square().mean(dim=(2, 3), keepdim=True) + 1e-8
    mean = local_mean(image)
    residual = image - mean
    # The floor keeps flat regions (outside the sector) from blowing up their noise.
    variance = local_mean(residual.square()) + _FLOOR * overall
    normalised = _LIMIT * torch.tanh(residual * variance.rsqrt() / _LIMIT)
    return normalised, torch.log2(variance / overall) / 4


def _shifted_products(one: Tensor, two: Tensor) -> list[Tensor]:
    """Return ``one(p - s) two(p + s)`` for the eight neighbours ``s``."""
    height, width = one.shape[2:]
    first = functional.pad(one, (1, 1, 1, 1), mode="replicate")
    second = functional.pad(two, (1, 1, 1, 1), mode="replicate")

    def shifted(image: Tensor, down: int, right: int) -> Tensor:
        return image[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    products = []
    for down, right in _SHIFTS:
        products.append(shifted(first, -down, -right) * shifted(second, down, right))
        products.append(shifted(first, down, right) * shifted(second, -down, -right))
    return products


def local_mean(image: Tensor) -> Tensor:
    """Average smoothly over about 50 px, by block means that are averaged and enlarged.

    Args:
        image: ``(N, C, H, W)``.

    Returns:
        Local mean, same shape.
    """
    height, width = image.shape[2:]
    blocks = functional.avg_pool2d(image, _BLOCK, ceil_mode=True, count_include_pad=False)
    for _ in range(2):
        blocks = functional.avg_pool2d(blocks, 3, stride=1, padding=1, count_include_pad=False)
    enlarged = functional.interpolate(
        blocks, scale_factor=float(_BLOCK), mode="bilinear", align_corners=False
    )
    return enlarged[..., :height, :width]
