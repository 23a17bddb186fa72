"""Coarse to fine: residuals estimated at each scale and composed (paper, sections II-D and II-E).

The paper's Eq. 5 contradicts itself: its expansion adds the residual at ``p + u(p)``, while its
first line composes. Only composition equals warping twice, so ``compose`` is used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.model import Scale
from engine.progress import Progress, Step
from engine.registration.memory import batch_size, in_batches
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import scaled_size
from engine.registration.warp import compose, resize_displacement


class Residual(Protocol):
    """A residual with what its estimator knows of its error."""

    @property
    def displacement(self) -> Tensor:
        """``(n, D, *size)``, px of its scale."""

    @property
    def log_scale(self) -> Tensor | None:
        """Log of the expected error, ``(n, 1, *size)``, log px of its scale; None if unknown."""


class Estimator(Protocol):
    """Something that estimates residuals and may first train itself on the pairs."""

    bytes_per_pixel: int

    def passes(self, scale: Scale) -> int:
        """Return how often the scale is passed."""

    def train(self, pairs: ImagePairs, displacement: Tensor, scale: Scale, run: Stage) -> int:
        """Optimise on the pairs at a scale; return the steps made."""

    def residual(
        self, pairs: ImagePairs, indices: Sequence[int], displacement: Tensor, scale: Scale
    ) -> Residual:
        """Estimate the residual of some pairs, without gradients."""


@dataclass(frozen=True, eq=False)
class ScaleEstimate:
    """Composed displacement of all pairs after one scale.

    Attributes:
        scale: The scale just done.
        displacement: ``(N, D, *spatial)``, full-size px, on the CPU.
        uncertainty: Expected endpoint error, ``(N, *spatial)``, px, or None.
        steps: Optimisation steps at this scale.
        seconds: Wall time of this scale, s.
    """

    scale: Scale
    displacement: Tensor
    uncertainty: Tensor | None
    steps: int
    seconds: float


@dataclass(frozen=True)
class Stage:
    """Reports the progress of one scale as part of the whole.

    Attributes:
        scale: The scale.
        start: Fraction of the whole at its begin.
        share: Its fraction of the whole.
        progress: Where to report to.
    """

    scale: Scale
    start: float
    share: float
    progress: Progress

    def report(self, done: int, total: int, part: tuple[float, float], message: str = "") -> None:
        """Report ``done`` of ``total`` within a part (begin, end) of the stage, and check."""
        low, high = part
        within = low + (high - low) * done / max(total, 1)
        fraction = self.start + self.share * within
        name = f"scale {self.scale.label}"
        self.progress.report(Step(name, done, total, message, fraction))
        self.progress.check()


Refine = Callable[[Tensor, Tensor | None], Tensor]
"""Takes the composed displacement ``(N, D, *spatial)`` after a scale with its expected error
``(N, *spatial)`` (or None) and returns it improved."""


def register(
    pairs: ImagePairs,
    estimator: Estimator,
    scales: Sequence[Scale],
    progress: Progress,
    on_scale: Callable[[ScaleEstimate], None],
    refine: Refine | None = None,
) -> None:
    """Estimate the displacement of every pair, coarse to fine.

    Args:
        pairs: What to register.
        estimator: Trains itself and estimates residuals.
        scales: Coarse to fine.
        progress: Steps, notices and the wish to stop.
        on_scale: Takes each scale's estimate as soon as it is done. The tensors go on being
            refined by finer scales: copy what is to be kept.
        refine: Applied to the displacement after each scale.

    Raises:
        Cancelled: If a stop was asked for.
        ResourceError: If memory does not suffice for one pair.
        ConvergenceError: If an optimisation left the finite numbers.
    """
    displacement = torch.zeros(len(pairs), pairs.dims, *pairs.size)
    weights = [float(scale.fraction) ** 2 + 0.05 for scale in scales]
    start = 0.0
    for scale, weight in zip(scales, weights, strict=True):
        begin = time.perf_counter()
        stage = Stage(scale, start, weight / sum(weights), progress)
        steps = 0
        uncertainty: Tensor | None = None
        total = estimator.passes(scale)
        for number in range(total):
            if number == 0:
                steps = estimator.train(pairs, displacement, scale, stage)
            uncertainty = _apply(pairs, estimator, displacement, stage, number / total, 1 / total)
        if refine is not None:
            displacement.copy_(refine(displacement, uncertainty))
        seconds = time.perf_counter() - begin
        on_scale(ScaleEstimate(scale, displacement, uncertainty, steps, seconds))
        start += stage.share


def _apply(
    pairs: ImagePairs,
    estimator: Estimator,
    displacement: Tensor,
    stage: Stage,
    begin: float,
    share: float,
) -> Tensor | None:
    """Compose one pass's residuals into ``displacement``; return the expected error."""
    scale = stage.scale
    count, size = len(pairs), pairs.size
    errors: list[Tensor] = []

    def work(indices: Sequence[int]) -> None:
        estimate = estimator.residual(pairs, indices, displacement, scale)
        residual = resize_displacement(estimate.displacement, size)
        chosen = slice(indices[0], indices[-1] + 1)
        previous = displacement[chosen].to(residual.device)
        displacement[chosen] = compose(residual, previous).to(displacement.device)
        if estimate.log_scale is not None:
            errors.append(_expected_error(estimate.log_scale, size))
        stage.report(indices[-1] + 1, count, (begin + share / 2, begin + share))

    pixels = 1
    for length in scaled_size(size, float(scale.fraction)):
        pixels *= length
    batch = batch_size(pixels, estimator.bytes_per_pixel, pairs.device)
    in_batches(count, batch, work, stage.progress)
    return torch.cat(errors) if errors else None


def _expected_error(log_scale: Tensor, size: Sequence[int]) -> Tensor:
    """Return the expected endpoint error ``(n, *size)``, full-size px, float16, on the CPU.

    Two independent Laplace components of scale b have a mean length of about 1.67 b.
    """
    ratio = size[-1] / log_scale.shape[-1]
    dense = log_scale.exp() * (1.67 * ratio)
    if tuple(dense.shape[2:]) != tuple(size):
        mode = "bilinear" if len(size) == 2 else "trilinear"
        dense = torch.nn.functional.interpolate(dense, tuple(size), mode=mode, align_corners=False)
    return dense[:, 0].half().cpu()
