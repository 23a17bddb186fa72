"""Coarse to fine: residuals estimated at each scale and composed (paper, sections II-D and II-E).

The paper's Eq. 5 contradicts itself: its expansion adds the residual at ``p + u(p)``, while its
first line composes. Only composition equals warping twice, so ``compose`` is used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from engine.model import Scale
from engine.progress import Progress, Step
from engine.registration.memory import batch_size, in_batches
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import scaled_size
from engine.registration.warp import resize_displacement


@dataclass(frozen=True, eq=False)
class Motion:
    """Composed displacement of some pairs on the grid of one scale.

    Attributes:
        displacement: ``(n, D, *size)``, px of its grid.
        log_scale: Natural log of the expected endpoint error, ``(n, 1, *size)``, log px of its
            grid; None where the estimator does not know it.
    """

    displacement: Tensor
    log_scale: Tensor | None = None

    def resized(self, size: Sequence[int]) -> Motion:
        """Return the motion on another grid, ``size`` ([D, ]H, W) px."""
        displacement = resize_displacement(self.displacement, size)
        if self.log_scale is None:
            return Motion(displacement)
        mode = "bilinear" if len(size) == 2 else "trilinear"
        ratio = math.log(size[-1] / self.log_scale.shape[-1])
        log_scale = functional.interpolate(
            self.log_scale, tuple(size), mode=mode, align_corners=False
        )
        return Motion(displacement, log_scale + ratio)

    def batch(self, indices: Sequence[int]) -> Motion:
        """Return the motion of neighbouring pairs (a view)."""
        chosen = slice(indices[0], indices[-1] + 1)
        log_scale = None if self.log_scale is None else self.log_scale[chosen]
        return Motion(self.displacement[chosen], log_scale)


class Estimator(Protocol):
    """Something that estimates motion and may first train itself on the pairs."""

    bytes_per_pixel: int

    def passes(self, scale: Scale) -> int:
        """Return how often the scale is passed."""

    def train(self, pairs: ImagePairs, motion: Motion | None, run: Stage, number: int) -> int:
        """Optimise on the pairs before a pass; return the steps made.

        Args:
            pairs: All pairs.
            motion: Theirs so far, on this scale's grid; None before the first pass.
            run: Scale and progress.
            number: Number of the pass at this scale, from 0.
        """

    def estimate(
        self,
        pairs: ImagePairs,
        indices: Sequence[int],
        motion: Motion | None,
        scale: Scale,
        number: int,
    ) -> Motion:
        """Return the composed motion of some pairs, without gradients.

        Args:
            pairs: All pairs.
            indices: Which of them.
            motion: Theirs so far, on this scale's grid; None before the first pass.
            scale: The scale.
            number: Number of the pass at this scale, from 0.
        """

    def settles(self, scale: Scale) -> bool:
        """Return whether ``settle`` has anything to do at a scale."""

    def settle(self, pairs: ImagePairs, motion: Motion, run: Stage) -> Motion:
        """Return the motion of all pairs after a scale's last pass, made consistent in time.

        Args:
            pairs: All pairs.
            motion: Theirs, on this scale's grid.
            run: Scale and progress.
        """


@dataclass(frozen=True, eq=False)
class ScaleEstimate:
    """Composed displacement of all pairs after one scale.

    Attributes:
        scale: The scale just done.
        motion: Of all pairs, on this scale's grid, on the CPU.
        steps: Optimisation steps at this scale.
        seconds: Wall time of this scale, s.
    """

    scale: Scale
    motion: Motion
    steps: int
    seconds: float

    def full_size(self, size: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """Return displacement and expected endpoint error on the full grid.

        Args:
            size: Full spatial size ([D, ]H, W), px.

        Returns:
            ``(N, D, *size)`` float32, and ``(N, *size)`` float16 or None; both in full px.
        """
        count = len(self.motion.displacement)
        displacement = torch.empty(count, len(size), *size)
        known = self.motion.log_scale is not None
        uncertainty = torch.empty(count, *size, dtype=torch.float16) if known else None
        for index in range(count):
            full = self.motion.batch([index]).resized(size)
            displacement[index] = full.displacement[0]
            if uncertainty is not None and full.log_scale is not None:
                uncertainty[index] = full.log_scale[0, 0].exp()
        return displacement, uncertainty


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

    def part(self, start: float, share: float) -> Stage:
        """Return a part of this stage; both numbers are fractions of it."""
        return Stage(self.scale, self.start + self.share * start, self.share * share, self.progress)

    def report(self, done: int, total: int, part: tuple[float, float], message: str = "") -> None:
        """Report ``done`` of ``total`` within a part (begin, end) of the stage, and check."""
        low, high = part
        within = low + (high - low) * done / max(total, 1)
        fraction = self.start + self.share * within
        name = f"scale {self.scale.label}"
        self.progress.report(Step(name, done, total, message, fraction))
        self.progress.check()


Refine = Callable[[Motion], Motion]
"""Takes the motion of all pairs after a scale and returns it improved, on the same grid."""


def register(
    pairs: ImagePairs,
    estimator: Estimator,
    scales: Sequence[Scale],
    progress: Progress,
    on_scale: Callable[[ScaleEstimate], None],
    refine: Refine | None = None,
) -> None:
    """Estimate the motion of every pair, coarse to fine.

    Args:
        pairs: What to register.
        estimator: Trains itself and estimates motion.
        scales: Coarse to fine.
        progress: Steps, notices and the wish to stop.
        on_scale: Takes each scale's estimate as soon as it is done.
        refine: Applied to the motion after each scale.

    Raises:
        Cancelled: If a stop was asked for.
        ResourceError: If memory does not suffice for one pair.
        ConvergenceError: If an optimisation left the finite numbers.
    """
    motion: Motion | None = None
    weights = [float(scale.fraction) ** 2 + 0.05 for scale in scales]
    start = 0.0
    for scale, weight in zip(scales, weights, strict=True):
        begin = time.perf_counter()
        stage = Stage(scale, start, weight / sum(weights), progress)
        motion = None if motion is None else motion.resized(_grid(pairs, scale))
        steps = 0
        passes = estimator.passes(scale)
        total = passes + int(estimator.settles(scale))
        for number in range(passes):
            part = stage.part(number / total, 1 / total)
            steps += estimator.train(pairs, motion, part, number)
            motion = _apply(pairs, estimator, motion, part, number)
            if refine is not None:
                motion = refine(motion)
        if motion is not None:
            if estimator.settles(scale):
                motion = estimator.settle(pairs, motion, stage.part(passes / total, 1 / total))
            on_scale(ScaleEstimate(scale, motion, steps, time.perf_counter() - begin))
        start += stage.share


def _grid(pairs: ImagePairs, scale: Scale) -> tuple[int, ...]:
    """Return the spatial size of a scale."""
    return scaled_size(pairs.size, float(scale.fraction))


def _apply(
    pairs: ImagePairs,
    estimator: Estimator,
    motion: Motion | None,
    stage: Stage,
    number: int,
) -> Motion:
    """Return the motion of all pairs after one more pass."""
    size = _grid(pairs, stage.scale)
    count = len(pairs)
    found = torch.zeros(count, pairs.dims, *size)
    errors: list[Tensor] = []

    def work(indices: Sequence[int]) -> None:
        before = None if motion is None else motion.batch(indices)
        estimate = estimator.estimate(pairs, indices, before, stage.scale, number)
        found[indices[0] : indices[-1] + 1] = estimate.displacement.cpu()
        if estimate.log_scale is not None:
            errors.append(estimate.log_scale.cpu())
        stage.report(indices[-1] + 1, count, (0.5, 1.0))

    batch = batch_size(math.prod(size), estimator.bytes_per_pixel, pairs.device)
    in_batches(count, batch, work, stage.progress)
    return Motion(found, torch.cat(errors) if errors else None)
