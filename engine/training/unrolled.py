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

from engine.registration.known_motion import (
    laplace_loss,
    log_uniform,
    random_window,
    smooth_motion,
)
from engine.registration.network import MotionEstimate, MotionUNet, resize_estimate
from engine.registration.pyramid import resize_image, scaled_size
from engine.registration.warp import resize_displacement, warp
from engine.training.shards import Batch

_LEVELS = ((1 / 8, 3, 0.5), (1 / 4, 2, 0.5), (1 / 2, 2, 0.6), (1.0, 2, 2.0))
"""Scales, greatest number of passes, importance of their losses."""

_DRIFT_FRACTION = 0.3
"""Share of the steps that start at the last scales from a motion that has drifted."""

_REACH = 20.0
"""Motion up to which pairs count fully, px."""

_NAMES = {1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1.0: "1"}


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
    network: MotionUNet,
    sample: Sample,
    crop: int,
    random: np.random.Generator,
    zoom: int | None = None,
) -> list[PassLoss]:
    """Run every pass from coarse to fine and accumulate gradients.

    With a zoom the patch is taken for one of twice or four times its size whose finest scales are
    not looked at: speckle and motion are then as much larger, and the coarse scales, which decide
    about large motion, see more of their surroundings.

    Args:
        network: The network; its gradients grow.
        sample: The pairs.
        crop: Greatest side of what a pass sees, px of its scale; larger levels are cropped.
        random: Source of randomness (zoom, crop and number of passes).
        zoom: 1, 2 or 4; None draws it.

    Returns:
        One entry a pass, coarse to fine.
    """
    if zoom is None and random.random() < _DRIFT_FRACTION:
        return _backward_drifted(network, sample, crop, random)
    zoom = int(random.choice((1, 2, 4), p=(0.45, 0.4, 0.15))) if zoom is None else zoom
    patch = sample.fixed.shape[2:]
    # Motion beyond what the scales can reach would drown the rest.
    size = zoom * sample.truth.norm(dim=1).mean(dim=(1, 2)).view(-1, 1, 1, 1)
    trusted = sample.weight * (_REACH / size.clamp(min=_REACH)).square()
    found: MotionEstimate | None = None
    losses: list[PassLoss] = []
    for scale, most, importance in _LEVELS:
        if scale * zoom > 1:
            break
        target = scaled_size(patch, scale * zoom)
        level = Sample(
            resize_image(sample.fixed, target),
            resize_image(sample.moving, target),
            resize_displacement(sample.truth, target),
            resize_image(trusted, target),
        )
        found = None if found is None else resize_estimate(found, target)
        passes = 2 if scale == 1 else int(random.integers(1, most + 1))
        window = random_window(random, target, crop)
        for turn in range(passes):
            found, likelihood, error = _pass(network, level, scale, found, window)
            loss = (likelihood + error) * (importance / passes)
            loss.backward()  # type: ignore[no-untyped-call]
            name = f"{_NAMES[scale]}.{turn}"
            losses.append(PassLoss(name, float(error.detach()) / scale, float(likelihood.detach())))
    return losses


def _backward_drifted(
    network: MotionUNet, sample: Sample, crop: int, random: np.random.Generator
) -> list[PassLoss]:
    """Two passes from a start with a smooth error, as motion has that was carried over frames.

    What single pairs leave over is small and the same from pair to pair; carried on, it grows
    into errors that are smooth, larger than a pair's, and of about known size.
    """
    scale = 1.0 if random.random() < 0.75 else 0.5
    target = scaled_size(sample.fixed.shape[2:], scale)
    level = Sample(
        resize_image(sample.fixed, target),
        resize_image(sample.moving, target),
        resize_displacement(sample.truth, target),
        resize_image(sample.weight, target),
    )
    found = _drifted(level.truth, random)
    window = random_window(random, target, crop)
    losses: list[PassLoss] = []
    for turn in range(2):
        found, likelihood, error = _pass(network, level, scale, found, window)
        loss = likelihood + error
        loss.backward()  # type: ignore[no-untyped-call]
        name = f"drift {_NAMES[scale]}.{turn}"
        losses.append(PassLoss(name, float(error.detach()) / scale, float(likelihood.detach())))
    return losses


def _drifted(truth: Tensor, random: np.random.Generator) -> MotionEstimate:
    """Return the truth with smooth errors, and their expected size with some doubt about it."""
    count, _, *size = truth.shape
    errors, expected = [], []
    for _ in range(count):
        amplitude = log_uniform(random, 0.02, 1.5)
        lengths = [log_uniform(random, 12, max(size)) for _ in range(2)]
        parts = [smooth_motion(random, size, amplitude / 2, length) for length in lengths]
        errors.append(torch.stack(parts).sum(dim=0))
        expected.append(float(np.log(amplitude) + random.normal(0, 0.5)))
    log_scale = torch.tensor(expected).view(-1, 1, 1, 1).expand(count, 1, *size)
    return MotionEstimate(truth + torch.cat(errors), log_scale.contiguous())


def _pass(
    network: MotionUNet,
    level: Sample,
    scale: float,
    found: MotionEstimate | None,
    window: tuple[slice, slice],
) -> tuple[MotionEstimate, Tensor, Tensor]:
    """Run one pass on a level's window; return the level's motion, likelihood and error."""
    view = (..., *window)
    origin = torch.tensor([window[1].start, window[0].start], dtype=torch.float32)
    origin = origin.view(1, 2, 1, 1)
    fixed = level.fixed[view]
    if found is None:
        estimate = network(fixed, level.moving[view], scale)
        composed = estimate.displacement
        found = MotionEstimate(torch.zeros_like(level.truth), torch.zeros_like(level.weight))
    else:
        known = MotionEstimate(found.displacement[view], found.log_scale[view])
        warped = warp(level.moving, known.displacement + origin, mode="bicubic")
        estimate = network(fixed, warped, scale, known)
        # Composition within the window, the motion so far being known around it.
        residual = estimate.displacement
        composed = residual + warp(found.displacement, residual + origin)
    losses = laplace_loss(composed, estimate.log_scale, level.truth[view], level.weight[view])
    found = MotionEstimate(found.displacement.clone(), found.log_scale.clone())
    found.displacement[view] = composed.detach()
    found.log_scale[view] = estimate.log_scale.detach()
    return found, *losses
