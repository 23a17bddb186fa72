"""Random smooth motion of known size, and the loss of an estimate that tells its own error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def smooth_motion(
    random: np.random.Generator, size: Sequence[int], amplitude: float, length: float
) -> Tensor:
    """Draw a smooth random displacement: cubic interpolation of Gaussian knots.

    Args:
        random: Source of randomness.
        size: (H, W), px.
        amplitude: Deviation of each component at the knots, px.
        length: Distance of the knots, px.

    Returns:
        Displacement ``(1, 2, H, W)`` float32, px.
    """
    knots = [int(side / length) + 3 for side in size]
    coarse = torch.from_numpy(random.standard_normal((1, 2, *knots))).float()
    field = functional.interpolate(coarse, tuple(size), mode="bicubic", align_corners=False)
    return field * amplitude


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def random_window(
    random: np.random.Generator, size: Sequence[int], crop: int
) -> tuple[slice, slice]:
    """Draw a window of at most ``crop`` px along each axis of a picture of ``size`` (H, W)."""
    starts = [int(random.integers(max(length - crop, 0) + 1)) for length in size]
    down, right = (
        slice(start, start + min(crop, length)) for start, length in zip(starts, size, strict=True)
    )
    return down, right


def laplace_loss(
    found: Tensor, log_scale: Tensor, truth: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the Laplace likelihood (negative, log) and the endpoint error, px of the scale.

    The likelihood amounts to the logarithm of the error: precision where precision can be had
    counts as much as the great errors elsewhere.

    Args:
        found: Displacement ``(N, 2, H, W)``, px.
        log_scale: Log of its expected endpoint error ``(N, 1, H, W)``, log px.
        truth: True displacement ``(N, 2, H, W)``, px.
        weight: Of every pixel ``(N, 1, H, W)``, 0 to 1.
    """
    error = (found - truth).square().sum(dim=1, keepdim=True).add(1e-6).sqrt()
    weight = weight + 1e-4
    total = weight.sum()
    likelihood = (weight * (error * torch.exp(-log_scale) + log_scale)).sum() / total
    return likelihood, (weight * error).sum() / total
