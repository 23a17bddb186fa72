"""What one step of a training does: supervised by the true motion, or by likeness alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import InputError
from engine.registration.network import MotionUNet, PaperUNet
from engine.registration.pyramid import resize_image, scaled_size
from engine.registration.regularisation import smoothness
from engine.registration.similarity import similarity
from engine.registration.warp import warp
from engine.training.config import TrainingConfig
from engine.training.shards import ShardPool
from engine.training.unrolled import backward_unrolled, prepare

Loop = NDArray[np.uint8]

_SCALES = (1 / 8, 1 / 4, 1 / 2, 1.0)


class Objective(Protocol):
    """Draws a batch, accumulates gradients, and tells what it measured."""

    def backward(self) -> dict[str, float]:
        """Accumulate the gradients of one batch; return its measurements by name."""


class SupervisedMotion:
    """The motion network against the exact motion of simulated pairs."""

    def __init__(self, network: MotionUNet, pool: ShardPool, config: TrainingConfig) -> None:
        """Take the network, the pairs and the settings."""
        self._network = network
        self._pool = pool
        self._config = config
        self._random = np.random.default_rng(config.seed)

    def backward(self) -> dict[str, float]:
        """Run the unrolled protocol; return the endpoint error (px) of every pass."""
        sample = prepare(self._pool.draw(self._config.batch), self._random)
        # bfloat16 halves the time; the motion itself is added up in float32.
        with torch.autocast("cpu", torch.bfloat16):
            losses = backward_unrolled(self._network, sample, self._config.crop, self._random)
        return {entry.name: entry.error for entry in losses}


class UnsupervisedLikeness:
    """The paper's U-Net by similarity and smoothness, at a random scale each step."""

    def __init__(
        self,
        network: PaperUNet,
        pool: ShardPool,
        config: TrainingConfig,
        loops: Sequence[Loop] = (),
    ) -> None:
        """Take the network and where pairs come from.

        Args:
            network: Trained in place.
            pool: Simulated pairs, used where no loops are given.
            config: Settings.
            loops: Loops ``(T, H, W)`` uint8 whose neighbouring frames are paired.
        """
        for loop in loops:
            if loop.ndim != 3 or loop.shape[0] < 2:
                raise InputError(
                    "UnsupervisedLikeness: every loop must be (T, H, W) with at least two frames,"
                    f" not {loop.shape}"
                )
        self._network = network
        self._pool = pool
        self._config = config
        self._loops = list(loops)
        self._random = np.random.default_rng(config.seed)

    def backward(self) -> dict[str, float]:
        """Return the loss and the mean squared correlation of one batch."""
        fixed, moving = self._draw()
        scale = float(self._random.choice(_SCALES))
        size = scaled_size(fixed.shape[2:], scale)
        fixed, moving = resize_image(fixed, size), resize_image(moving, size)
        crop = min(self._config.crop, *size)
        top, left = (int(self._random.integers(length - crop + 1)) for length in size)
        window = (..., slice(top, top + crop), slice(left, left + crop))
        fixed, moving = fixed[window], moving[window]
        with torch.autocast("cpu", torch.bfloat16):
            residual = self._network(fixed, moving)
        fit, _ = similarity(fixed, warp(moving, residual), None, self._config.window)
        loss = (self._config.smoothness_weight * smoothness(residual) - fit).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return {"loss": float(loss.detach()), "similarity": float(fit.detach().mean())}

    def _draw(self) -> tuple[Tensor, Tensor]:
        """Draw fixed and moving ``(N, 1, H, W)`` in 0..1."""
        if not self._loops:
            batch = self._pool.draw(self._config.batch)
            fixed, moving = batch.fixed, batch.moving
        else:
            loop = self._loops[int(self._random.integers(len(self._loops)))]
            frames = self._random.integers(1, len(loop), self._config.batch)
            fixed, moving = loop[frames], loop[frames - 1]
        return _tensor(fixed), _tensor(moving)


def _tensor(images: Loop) -> Tensor:
    """Turn images ``(N, H, W)`` uint8 into a tensor ``(N, 1, H, W)`` in 0..1."""
    return torch.from_numpy(images).float()[:, None] / 255
