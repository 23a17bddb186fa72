"""Squared local normalised cross-correlation, the paper's Eq. 2, with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import InputError

EPSILON = 1e-5
"""Added to the variances (image units squared), so that flat windows give 0 and not NaN."""


@dataclass(frozen=True, eq=False)
class FixedSums:
    """What the fixed image contributes to the correlation; compute once, use every step.

    Attributes:
        image: Fixed image less its overall mean ``(N, C, *spatial)``, float32.
        mean: Its local mean, same shape.
        variance: Its local variance, clamped at zero, same shape.
        window: Window size ([D, ]H, W), px.
    """

    image: Tensor
    mean: Tensor
    variance: Tensor
    window: tuple[int, ...]


def prepare_fixed(fixed: Tensor, window: int | Sequence[int] = 9) -> FixedSums:
    """Compute the window sums of the fixed image.

    Args:
        fixed: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        window: Window size, px; one number or one for each axis; may be even.

    Returns:
        The fixed image with its local mean and variance.
    """
    dims = fixed.ndim - 2
    if dims not in (2, 3) or 0 in fixed.shape:
        raise InputError(
            "prepare_fixed: fixed must be (N, C, H, W) or (N, C, D, H, W), not"
            f" {tuple(fixed.shape)}"
        )
    sizes = (window,) * dims if isinstance(window, int) else tuple(int(n) for n in window)
    if len(sizes) != dims or min(sizes) < 1:
        raise InputError(f"prepare_fixed: window must be {dims} positive numbers, not {window}")
    with torch.autocast(fixed.device.type, enabled=False):
        image = _centred(fixed)
        mean = box_mean(image, sizes)
        variance = (box_mean(image * image, sizes) - mean * mean).clamp(min=0)
    return FixedSums(image, mean, variance, sizes)


def correlation_map(fixed: Tensor | FixedSums, warped: Tensor, window: int = 9) -> Tensor:
    """Return the squared local correlation at every pixel.

    Args:
        fixed: ``(N, C, *spatial)``, or its sums (their window then counts).
        warped: Warped moving image ``(N, C, *spatial)``.
        window: Window size, px, where ``fixed`` is an image.

    Returns:
        Squared correlation ``(N, C, *spatial)`` in 0..1, float32; 0 where either image is flat.
    """
    sums = fixed if isinstance(fixed, FixedSums) else prepare_fixed(fixed, window)
    if warped.shape != sums.image.shape:
        raise InputError(
            f"correlation_map: warped must have the fixed image's shape"
            f" {tuple(sums.image.shape)}, not {tuple(warped.shape)}"
        )
    with torch.autocast(warped.device.type, enabled=False):
        image = _centred(warped)
        mean = box_mean(image, sums.window)
        variance = (box_mean(image * image, sums.window) - mean * mean).clamp(min=0)
        covariance = box_mean(image * sums.image, sums.window) - mean * sums.mean
        # The product of two separately guarded variances: either flat window gives 0.
        guarded = (variance + EPSILON) * (sums.variance + EPSILON)
        return (covariance * covariance / guarded).clamp(max=1)


def similarity(
    fixed: Tensor | FixedSums, warped: Tensor, mask: Tensor | None = None, window: int = 9
) -> tuple[Tensor, Tensor]:
    """Return the mean squared local correlation over the mask, and its map.

    Args:
        fixed: ``(N, C, *spatial)``, or its sums.
        warped: Warped moving image ``(N, C, *spatial)``.
        mask: Weights ``(N or 1, 1, *spatial)``, >= 0; None weighs every pixel alike.
        window: Window size, px, where ``fixed`` is an image.

    Returns:
        Mean ``(N,)`` (1 is perfect, 0 where the mask is empty) and map ``(N, C, *spatial)``.
    """
    values = correlation_map(fixed, warped, window)
    return masked_mean(values, mask), values


def masked_mean(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average over channels and the mask's pixels, each pair for itself.

    Args:
        values: ``(N, C, *spatial)``.
        mask: Weights ``(N or 1, 1, *spatial)``, >= 0; None weighs every pixel alike.

    Returns:
        Weighted mean ``(N,)``; 0 where the weights sum to 0.
    """
    if mask is None:
        return values.flatten(1).mean(dim=1)
    if mask.ndim != values.ndim or mask.shape[1] != 1 or mask.shape[2:] != values.shape[2:]:
        raise InputError(
            f"masked_mean: mask must be (N or 1, 1, *{tuple(values.shape[2:])}),"
            f" not {tuple(mask.shape)}"
        )
    weights = mask.to(values.dtype)
    total = weights.flatten(1).sum(dim=1) * values.shape[1]
    return (values * weights).flatten(1).sum(dim=1) / total.clamp(min=1e-6)


def box_mean(image: Tensor, window: Sequence[int]) -> Tensor:
    """Average over a window centred on every pixel, by separable box filters.

    An even window of ``n`` has no centre pixel; it is taken as ``n + 1`` taps of which the two
    outermost weigh one half, so it covers ``n`` px and is centred without a half-pixel shift.
    At the border the window shrinks to what lies in the image.

    Args:
        image: ``(N, C, *spatial)``.
        window: Window size ([D, ]H, W), px.

    Returns:
        Local mean, same shape.
    """
    for axis, size in enumerate(window):
        if size > 1:
            image = _box_axis(image, axis + 2, size)
    return image


def _centred(image: Tensor) -> Tensor:
    """Subtract the overall mean, which the correlation ignores and float32 would choke on."""
    image = image.float()
    return image - image.mean(dim=tuple(range(2, image.ndim)), keepdim=True).detach()


def _box_axis(image: Tensor, dim: int, size: int) -> Tensor:
    """Average along one axis over a centred window cut at the border."""
    half = size // 2
    total, taps = _window_sum(image, dim, half), _taps(image, dim, half)
    if size % 2 == 0:
        total = total + _window_sum(image, dim, half - 1)
        taps = taps + _taps(image, dim, half - 1)
    return total / taps


def _window_sum(image: Tensor, dim: int, half: int) -> Tensor:
    """Sum over 2 half + 1 taps along an axis, what lies outside counting nothing.

    Sums of 1, 2, 4, 8 taps are doubled up, and those of the window's binary digits added.
    """
    length, size = image.shape[dim], 2 * half + 1
    ends = [0, 0] * (image.ndim - 1 - dim) + [half, half]
    run, total, start = functional.pad(image, ends), torch.zeros_like(image), 0
    for digit in range(size.bit_length()):
        taps = 1 << digit
        if digit:
            count = run.shape[dim] - taps // 2
            run = run.narrow(dim, 0, count) + run.narrow(dim, taps // 2, count)
        if size & taps:
            total = total + run.narrow(dim, start, length)
            start += taps
    return total


def _taps(image: Tensor, dim: int, half: int) -> Tensor:
    """Return how many of the 2 half + 1 taps lie inside; shaped to be divided by along an axis."""
    length = image.shape[dim]
    place = torch.arange(length, device=image.device)
    low, high = (place - half).clamp(min=0), (place + half).clamp(max=length - 1)
    counts = (high - low + 1).to(image.dtype)
    return counts.view(-1, *([1] * (image.ndim - 1 - dim)))
