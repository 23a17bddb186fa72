"""The paper's estimator: VoxelMorph-2's U-Net optimised on the pairs themselves, 2D and 3D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.errors import ConvergenceError
from engine.model import Scale
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import PaperUNet
from engine.registration.pairs import ImagePairs, PairBatch
from engine.registration.pyramid import scaled_size
from engine.registration.regularisation import smoothness
from engine.registration.similarity import similarity
from engine.registration.warp import compose, warp

_CHECK_EVERY = 25


@dataclass(frozen=True)
class PaperSettings:
    """The paper's settings (section III-B).

    Attributes:
        steps: Optimisation steps at each scale.
        learning_rate: Of Adam.
        smoothness_weight: lambda of Eq. 1, with means over the mask on both sides.
        window: Window of the squared local correlation, px of its scale.
        carry_weights: Whether a scale starts from the weights of the one before it.
    """

    steps: int = 3500
    learning_rate: float = 1e-3
    smoothness_weight: float = 10.0
    window: int = 6
    carry_weights: bool = True


class PaperEstimator:
    """One pair a step, Adam, squared local correlation and smoothness over the mask."""

    bytes_per_pixel = 700

    def __init__(self, network: PaperUNet, settings: PaperSettings, seed: int) -> None:
        """Take the network with the weights to start from.

        Args:
            network: Trained or freshly initialised; it is optimised in place.
            settings: The paper's, or fewer steps.
            seed: Of the order of the pairs.
        """
        self._network = network
        self._settings = settings
        self._start = {name: value.clone() for name, value in network.state_dict().items()}
        self._generator = torch.Generator().manual_seed(seed)

    def passes(self, scale: Scale) -> int:
        """Return one: the paper passes each scale once."""
        return 1

    def train(self, pairs: ImagePairs, motion: Motion | None, run: Stage, number: int) -> int:
        """Optimise the network on the pairs at a scale; see ``Estimator.train``.

        Raises:
            ConvergenceError: If the loss is no longer finite.
            Cancelled: If a stop was asked for.
        """
        settings = self._settings
        if not settings.carry_weights:
            self._network.load_state_dict(self._start)
        if not settings.steps:
            return 0
        self._network.train()
        optimiser = torch.optim.Adam(self._network.parameters(), lr=settings.learning_rate)
        prepared = self._prepare(pairs, motion, run)
        order: list[int] = []
        for step in range(settings.steps):
            if not order:
                order = torch.randperm(len(pairs), generator=self._generator).tolist()
            loss = self._loss(prepared[order.pop()])
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            run.progress.check()
            if step % _CHECK_EVERY == 0 or step == settings.steps - 1:
                self._report(loss, step, run)
        return settings.steps

    def estimate(
        self,
        pairs: ImagePairs,
        indices: Sequence[int],
        motion: Motion | None,
        scale: Scale,
        number: int,
    ) -> Motion:
        """Return the composed motion of some pairs on the scale's grid."""
        self._network.eval()
        batch = _pictures(pairs, indices, motion, scale)
        with torch.no_grad():
            residual = self._network(batch.fixed, batch.moving)
            if motion is not None:
                residual = compose(residual, motion.displacement.to(residual.device))
        return Motion(residual.clone())

    def settles(self, scale: Scale) -> bool:
        """Return False: the paper takes every pair by itself."""
        return False

    def settle(self, pairs: ImagePairs, motion: Motion, run: Stage) -> Motion:
        """Return the motion as it is."""
        return motion

    def _prepare(self, pairs: ImagePairs, motion: Motion | None, run: Stage) -> list[PairBatch]:
        """Make every pair's pictures once: thousands of steps look at them."""
        prepared = []
        for index in range(len(pairs)):
            run.report(index, len(pairs), (0.0, 0.01), "preparing")
            before = None if motion is None else motion.batch([index])
            prepared.append(_pictures(pairs, [index], before, run.scale))
        return prepared

    def _loss(self, batch: PairBatch) -> Tensor:
        """Return Eq. 1 for one pair."""
        residual = self._network(batch.fixed, batch.moving)
        warped = warp(batch.moving, residual)
        fit, _ = similarity(batch.fixed, warped, batch.mask, self._settings.window)
        roughness = smoothness(residual, batch.mask)
        return (self._settings.smoothness_weight * roughness - fit).mean()

    def _report(self, loss: Tensor, step: int, run: Stage) -> None:
        """Read the loss back, now and then: reading waits for the device."""
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ConvergenceError(
                f"The optimisation at scale {run.scale.label} left the finite numbers at step "
                f"{step}. Use the default preset, or start from trained weights (--init)."
            )
        run.report(step, self._settings.steps, (0.01, 0.5), f"loss {value:.4f}")


def _pictures(
    pairs: ImagePairs, indices: Sequence[int], motion: Motion | None, scale: Scale
) -> PairBatch:
    """Return a scale's pictures of some pairs, the moving ones warped by the motion so far."""
    size = scaled_size(pairs.size, float(scale.fraction))
    if motion is None:
        return pairs.at_size(indices, size)
    return pairs.warped_at_size(indices, motion.displacement, size)
