"""Test-time training on known motion: the loop's own frames, displaced by what we know.

A network that is trained to raise the correlation of two frames fits the very noise that
decorrelates them; trained so, the endpoint error rises from the first steps on
(docs/experiments.md). What a loop can teach without that danger is its own look: point spread,
noise, decorrelation, compression. So a pair of its frames, brought onto one another by the motion
found so far, is displaced by a random smooth field, and the network learns to find that field
with the loss of its training on simulated motion. It does not see the motion found so far, which
therefore cannot teach it anything.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from engine.errors import ConvergenceError, InputError
from engine.registration.features import normalise_locally
from engine.registration.known_motion import (
    laplace_loss,
    log_uniform,
    random_window,
    smooth_motion,
)
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import scaled_size
from engine.registration.similarity import masked_mean
from engine.registration.warp import invert, warp

_SCORED_SEED = 1
"""Of the samples that decide; they are never trained on."""

_STEEPEST = 0.12
"""Greatest amplitude over length, px per px, so that known motion stays one to one."""


@dataclass(frozen=True)
class FinetuneSettings:
    """How the weights are fitted to a loop.

    Attributes:
        steps: Number of steps.
        learning_rate: Of Adam at the first step; it falls to zero.
        samples: Displaced pairs a step.
        scored: Displaced pairs that decide whether the new weights are kept.
        crop: Greatest side of the piece of a pair that a step looks at, px of the scale.
        smallest: Least amplitude of the known motion, px of the scale.
        largest: Greatest amplitude, px of the scale.
        shortest: Least distance of its knots, grains of speckle.
        doubt: Deviation of the logarithm of what the network is told about the amplitude.
        share: How far the weights go from the old to the trained ones, 0 to 1: a fifth of the way
            keeps most of what is won where the loop is unlike the simulations, and loses least
            where it is not.
        alike: Gain of the scored loss, nats, up to which a loop is like the simulations and the
            old weights stay; between it and ``unlike`` the weights go part of the way.
        unlike: Gain from which they go all of it.
    """

    steps: int = 24
    learning_rate: float = 1e-4
    samples: int = 4
    scored: int = 12
    crop: int = 192
    smallest: float = 0.03
    largest: float = 2.0
    shortest: float = 5.0
    doubt: float = 0.4
    share: float = 0.2
    alike: float = 0.05
    unlike: float = 0.08


@dataclass(frozen=True, eq=False)
class _Samples:
    """Pairs that differ by a known motion (and by all that parts the loop's frames).

    Attributes:
        fixed: ``(n, 1, h, w)``.
        moving: Same shape.
        truth: Pull-back displacement ``(n, 2, h, w)``, px.
        expected: Log of its amplitude, with some doubt, ``(n, 1, h, w)``.
        mask: Weights ``(n, 1, h, w)``.
    """

    fixed: Tensor
    moving: Tensor
    truth: Tensor
    expected: Tensor
    mask: Tensor

    @classmethod
    def joined(cls, samples: Sequence[_Samples]) -> _Samples:
        """Return samples of one size as a batch."""
        parts = ([getattr(item, field.name) for item in samples] for field in fields(cls))
        return cls(*(torch.cat(part) for part in parts))


class _Adam:
    """Adam with betas (0.9, 0.99), without ``torch.optim.Adam``, which first loads the compiler.

    Loading it takes one to three seconds, as long as all steps.
    """

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        """Take the parameters; each must have a gradient when a step is made."""
        self._parameters = parameters
        self._means = [torch.zeros_like(value) for value in parameters]
        self._squares = [torch.zeros_like(value) for value in parameters]
        self._steps = [torch.zeros(()) for _ in parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Make one step at a learning rate."""
        gradients = [value.grad for value in self._parameters if value.grad is not None]
        adam(
            [*self._parameters],
            gradients,
            self._means,
            self._squares,
            [],
            self._steps,
            amsgrad=False,
            beta1=0.9,
            beta2=0.99,
            lr=rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


class LoopTrainer:
    """Fits the network's weights to one scale of a loop, in place."""

    def __init__(
        self,
        network: MotionUNet,
        pairs: ImagePairs,
        motion: Motion,
        run: Stage,
        settings: FinetuneSettings,
        seed: int,
    ) -> None:
        """Take what is trained on.

        Args:
            network: Trained in place.
            pairs: All pairs.
            motion: Theirs so far, on the scale's grid.
            run: Scale and progress.
            settings: Steps, rate, known motion.
            seed: Of pairs, crops and known motions.

        Raises:
            InputError: If the motion has no expected error.
        """
        if motion.log_scale is None:
            raise InputError("LoopTrainer: the motion must tell its expected error.")
        self._network = network
        self._pairs = pairs
        self._displacement, self._log_scale = motion.displacement, motion.log_scale
        self._run = run
        self._settings = settings
        self._seed = seed
        self._size = scaled_size(pairs.size, float(run.scale.fraction))
        self._shortest = settings.shortest * self._grain()

    def fit(self) -> int:
        """Optimise, go as far as unseen known motion is found better, and return the steps.

        Returns 0 where the old weights stay.

        Raises:
            ConvergenceError: If the loss is no longer finite.
            Cancelled: If a stop was asked for.
        """
        settings = self._settings
        optimiser = _Adam(list(self._network.parameters()))
        before = self._score()
        kept = copy.deepcopy(self._network.state_dict())
        samples = self._samples(np.random.default_rng((self._seed, 0)))
        for step in range(settings.steps):
            self._run.report(step, settings.steps, (0.0, 0.5), "training on the loop")
            self._fit_to(next(samples))
            optimiser.step(settings.learning_rate * (1 - step / settings.steps))
        self._retreat(kept, settings.share)
        worth = (before - self._score() - settings.alike) / (settings.unlike - settings.alike)
        self._retreat(kept, min(max(worth, 0.0), 1.0))
        return settings.steps if worth > 0 else 0

    def _retreat(self, old: dict[str, Tensor], share: float) -> None:
        """Go back towards the old weights, of which the share leaves nothing at 1."""
        with torch.no_grad():
            for name, value in self._network.named_parameters():
                value.copy_(torch.lerp(old[name], value, share))

    def _fit_to(self, samples: _Samples) -> None:
        """Give the parameters the gradient of some samples' loss."""
        self._network.zero_grad(set_to_none=True)
        loss = self._loss(samples)
        torch.autograd.backward(loss)
        if not math.isfinite(float(loss.detach())):
            raise ConvergenceError(
                f"Training on the loop left the finite numbers at scale {self._run.scale.label}. "
                "Track without test-time training."
            )
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)

    @cached_property
    def _scored(self) -> list[_Samples]:
        """Samples that are never trained on."""
        samples = self._samples(np.random.default_rng((self._seed, _SCORED_SEED)))
        return list(islice(samples, self._settings.scored // self._settings.samples))

    def _score(self) -> float:
        """Return the mean loss on the scored samples."""
        total = 0.0
        with torch.no_grad():
            for samples in self._scored:
                self._run.progress.check()
                total += float(self._loss(samples))
        return total / len(self._scored)

    def _loss(self, samples: _Samples) -> Tensor:
        """Return how badly the network finds the known motion."""
        start = MotionEstimate(torch.zeros_like(samples.truth), samples.expected)
        scale = float(self._run.scale.fraction)
        found: MotionEstimate = self._network(samples.fixed, samples.moving, scale, start)
        # Every pair counts alike, however little of it is known.
        known = samples.mask.mean(dim=(1, 2, 3), keepdim=True).clamp(min=1e-3)
        likelihood, error = laplace_loss(*found, samples.truth, samples.mask / known)
        return likelihood + error

    def _samples(self, random: np.random.Generator) -> Iterator[_Samples]:
        """Yield batches of displaced pairs without end."""
        while True:
            yield _Samples.joined([self._sample(random) for _ in range(self._settings.samples)])

    def _sample(self, random: np.random.Generator) -> _Samples:
        """Return one displaced pair."""
        settings = self._settings
        index = int(random.integers(len(self._pairs)))
        down, right = random_window(random, self._size, settings.crop)
        view = (..., down, right)
        batch = self._pairs.at_size([index], self._size)
        fixed, mask = batch.fixed[view], batch.mask[view]
        found = self._displacement[index : index + 1][view].to(fixed.device)
        own = self._log_scale[index : index + 1][view].to(fixed.device).exp()
        # The window lies at its corner in the moving image, which is looked up whole.
        corner = found.new_tensor([right.start, down.start]).view(1, 2, 1, 1)
        aligned = warp(batch.moving, found + corner, mode="bicubic")
        size = aligned.shape[2:]
        length = log_uniform(random, self._shortest, max(2 * self._shortest, *size))
        largest = min(settings.largest, _STEEPEST * length)
        amplitude = log_uniform(random, settings.smallest, largest)
        truth = smooth_motion(random, size, amplitude, length).to(fixed.device)
        told = math.log(amplitude) + random.normal(0, settings.doubt)
        return _Samples(
            fixed,
            warp(aligned, invert(truth), mode="bicubic"),
            truth,
            torch.full_like(mask, told),
            # Where the frames are not yet aligned to this precision, nothing is known.
            mask / (1 + (own / amplitude).square()),
        )

    def _grain(self) -> float:
        """Return the size of the speckle, px: the ratio of deviation and slope within the mask."""
        batch = self._pairs.at_size([len(self._pairs) // 2], self._size)
        image, _ = normalise_locally(batch.fixed)
        down, right = torch.gradient(image, dim=(2, 3))
        slope = masked_mean((down.square() + right.square()) / 2, batch.mask).mean()
        power = masked_mean(image.square(), batch.mask).mean()
        return max(1.0, float((power / slope.clamp(min=1e-6)).sqrt()))
