"""The coarse-to-fine protocol, unrolled for supervised training.

It is the protocol of inference: at each scale the resized moving image is warped by the motion so
far, the network finds the residual, and the two are composed. Each pass is trained on what the
pass before left over (detached), so that applying the network again helps instead of harming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.registration.network import MotionEstimate, MotionUNet, resize_estimate
from engine.registration.pyramid import resize_image, scaled_size
from engine.registration.warp import compose, resize_displacement, warp
from engine.training.shards import Batch


@dataclass(frozen=True, eq=False)
class Sample:
    """A batch as tensors.

    Attributes:
        fixed: ``(N, 1, S, S)`` in 0..1.
        moving: Same shape.
        truth: Pull-back displacement ``(N, 2, S, S)``, px.
        weight: ``(N, 1, S, S)`` in 0..1.
    """

    fixed: Tensor
    moving: Tensor
    truth: Tensor
    weight: Tensor


@dataclass(frozen=True)
class PassLoss:
    """What one pass cost.

    Attributes:
        name: Scale and pass, for logs.
        error: Mean endpoint error, px of the full resolution.
        likelihood: Mean negative log-likelihood.
    """

    name: str
    error: float
    likelihood: float


def prepare(batch: Batch, random: np.random.Generator) -> Sample:
    """Turn a batch into tensors, mirrored, turned and re-lit at random.

    Args:
        batch: Pairs of the pool.
        random: Source of randomness.

    Returns:
        The sample.
    """
    fixed = torch.from_numpy(batch.fixed).float().unsqueeze(1) / 255
    moving = torch.from_numpy(batch.moving).float().unsqueeze(1) / 255
    truth = torch.from_numpy(batch.displacement.astype(np.float32))
    weight = torch.from_numpy(batch.weight).float().unsqueeze(1) / 255
    if random.random() < 0.5:
        fixed, moving, truth, weight = (part.flip(3) for part in (fixed, moving, truth, weight))
        truth = truth * torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1)
    if random.random() < 0.5:
        fixed, moving, truth, weight = (part.flip(2) for part in (fixed, moving, truth, weight))
        truth = truth * torch.tensor([1.0, -1.0]).view(1, 2, 1, 1)
    if random.random() < 0.5:
        fixed, moving, truth, weight = (part.mT for part in (fixed, moving, truth, weight))
        truth = truth.flip(1)
    gamma = torch.from_numpy(np.exp(random.normal(0, 0.25, (len(fixed), 1, 1, 1)))).float()
    fixed, moving = (part.clamp(min=1e-4) ** gamma for part in (fixed, moving))
    level = torch.from_numpy(
        np.exp(random.uniform(-7, -2.7, (len(fixed), 1, 1, 1)))
        * (random.random((len(fixed), 1, 1, 1)) < 0.3)
    ).float()
    fixed = fixed + level * torch.randn_like(fixed)
    moving = moving + level * torch.randn_like(moving)
    return Sample(fixed, moving, truth.contiguous(), weight)


def backward_unrolled(
    network: MotionUNet, sample: Sample, crop: int, random: np.random.Generator
) -> list[PassLoss]:
    """Run every pass from coarse to fine and accumulate gradients.

    The coarse scales see the whole patch, the full one a random crop.

    Args:
        network: The network; its gradients grow.
        sample: The pairs.
        crop: Side of the crop at full resolution, px.
        random: Source of randomness (crop and number of passes).

    Returns:
        One entry a pass, coarse to fine.
    """
    size = tuple(sample.fixed.shape[2:])
    found: MotionEstimate | None = None
    losses = []
    for scale, passes, importance in (
        (1 / 8, int(random.integers(1, 4)), 0.3),
        (1 / 4, int(random.integers(1, 3)), 0.4),
        (1 / 2, int(random.integers(1, 3)), 0.6),
    ):
        target = scaled_size(size, scale)
        level = Sample(
            resize_image(sample.fixed, target),
            resize_image(sample.moving, target),
            resize_displacement(sample.truth, target),
            resize_image(sample.weight, target),
        )
        found = None if found is None else resize_estimate(found, target)
        for turn in range(passes):
            name = f"1/{round(1 / scale)}.{turn}"
            found, loss, entry = _pass(name, network, level, scale, found)
            (loss * (importance / passes)).backward()  # type: ignore[no-untyped-call]
            losses.append(PassLoss(entry.name, entry.error / scale, entry.likelihood))
    assert found is not None
    losses.extend(_full_passes(network, sample, resize_estimate(found, size), crop, random))
    return losses


def _pass(
    name: str, network: MotionUNet, level: Sample, scale: float, found: MotionEstimate | None
) -> tuple[MotionEstimate, Tensor, PassLoss]:
    """Run one pass on a whole level; return the composed motion, the loss and its record."""
    moving = level.moving
    warped = moving if found is None else warp(moving, found.displacement, mode="bicubic")
    estimate = network(level.fixed, warped, scale, found)
    composed = estimate.displacement
    if found is not None:
        composed = compose(composed, found.displacement)
    loss, entry = _loss(name, composed, estimate.log_scale, level.truth, level.weight)
    return MotionEstimate(composed.detach(), estimate.log_scale.detach()), loss, entry


def _full_passes(
    network: MotionUNet,
    sample: Sample,
    found: MotionEstimate,
    crop: int,
    random: np.random.Generator,
) -> list[PassLoss]:
    """Run two passes at full resolution on a crop."""
    height, width = sample.fixed.shape[2:]
    top, left = int(random.integers(height - crop + 1)), int(random.integers(width - crop + 1))
    window = (..., slice(top, top + crop), slice(left, left + crop))
    origin = torch.tensor([left, top], dtype=torch.float32).view(1, 2, 1, 1)
    fixed, truth, weight = sample.fixed[window], sample.truth[window], sample.weight[window]
    whole = found.displacement.clone()
    known = MotionEstimate(whole[window], found.log_scale[window])
    losses = []
    for turn in range(2):
        warped = warp(sample.moving, known.displacement + origin, mode="bicubic")
        estimate = network(fixed, warped, 1.0, known)
        composed = estimate.displacement + warp(whole, estimate.displacement + origin)
        loss, entry = _loss(f"1.{turn}", composed, estimate.log_scale, truth, weight)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(entry)
        known = MotionEstimate(composed.detach(), estimate.log_scale.detach())
        whole = whole.clone()
        whole[window] = known.displacement
    return losses


def _loss(
    name: str, composed: Tensor, log_scale: Tensor, truth: Tensor, weight: Tensor
) -> tuple[Tensor, PassLoss]:
    """Return Laplace likelihood plus endpoint error, px of the scale.

    The likelihood amounts to the logarithm of the error: precision where precision can be had
    counts as much as the great errors elsewhere.
    """
    error = (composed - truth).square().sum(dim=1, keepdim=True).add(1e-6).sqrt()
    weight = weight + 1e-4
    total = weight.sum()
    likelihood = (weight * (error * torch.exp(-log_scale) + log_scale)).sum() / total
    distance = (weight * error).sum() / total
    record = PassLoss(name, float(distance.detach()), float(likelihood.detach()))
    return likelihood + distance, record
