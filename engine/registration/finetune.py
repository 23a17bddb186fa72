"""Test-time training that does not chase noise: the loss is taken where the network is blind.

A network that sees both images can always raise their correlation by fitting the very noise that
decorrelates them; trained so, the endpoint error rises from the first steps on
(docs/experiments.md). Here blocks are blanked in both images before the network looks at them,
and the correlation is taken in those blocks alone. What the network says there comes from their
surroundings, which do not know the blocks' noise, so only true motion lowers the expected loss
(the J-invariance of Batson and Royer, Noise2Self, ICML 2019, carried over to motion).

A fixed lattice of blocks is never trained on. New weights are kept only if they predict it at
least as well as the old ones.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import ConvergenceError
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs, PairBatch
from engine.registration.pyramid import scaled_size
from engine.registration.similarity import correlation_map, masked_mean
from engine.registration.warp import compose, warp

_LATTICE: Final = 3
"""Of every 3x3 blocks one is kept for the score."""


@dataclass(frozen=True)
class FinetuneSettings:
    """How the weights are fitted to a loop.

    Attributes:
        steps: Number of steps.
        learning_rate: Of Adam.
        block: Side of the blind blocks, px of the scale.
        blind_share: Share of the trained blocks that is blind in a step.
        window: Window of the squared local correlation, px of the scale.
        pairs: Pairs a step.
        scored: Pairs that the score looks at.
        crop: Greatest side of the piece of a pair that a step looks at, px of the scale.
    """

    steps: int = 4
    learning_rate: float = 2.5e-5
    block: int = 24
    blind_share: float = 0.25
    window: int = 15
    pairs: int = 4
    scored: int = 4
    crop: int = 320


@dataclass(frozen=True, eq=False)
class _Piece:
    """A crop of one pair with its motion so far."""

    batch: PairBatch
    motion: MotionEstimate


class LoopTrainer:
    """Fits the network's weights to one scale of a loop, in place."""

    def __init__(
        self,
        network: MotionUNet,
        pairs: ImagePairs,
        motion: Motion,
        run: Stage,
        settings: FinetuneSettings,
        generator: torch.Generator,
    ) -> None:
        """Take what is trained on.

        Args:
            network: Trained in place.
            pairs: All pairs.
            motion: Theirs so far, on the scale's grid, with its expected error.
            run: Scale and progress.
            settings: Steps, rate, blocks.
            generator: Of pairs, crops and blind blocks.
        """
        self._network = network
        self._pairs = pairs
        self._motion = motion
        self._run = run
        self._settings = settings
        self._generator = generator
        self._size = scaled_size(pairs.size, float(run.scale.fraction))

    def fit(self) -> int:
        """Optimise, keep the weights unless they score worse, and return the steps kept.

        Raises:
            ConvergenceError: If the loss is no longer finite.
            Cancelled: If a stop was asked for.
        """
        settings = self._settings
        if min(self._size) < 2 * settings.block:
            return 0
        optimiser = torch.optim.Adam(self._network.parameters(), lr=settings.learning_rate)
        before = self._score()
        kept = copy.deepcopy(self._network.state_dict())
        for step in range(settings.steps):
            self._step(optimiser, step)
        if self._score() >= before:
            return settings.steps
        self._network.load_state_dict(kept)
        return 0

    def _step(self, optimiser: torch.optim.Optimizer, step: int) -> None:
        """Make one step on some pairs."""
        optimiser.zero_grad(set_to_none=True)
        count = min(self._settings.pairs, len(self._pairs))
        chosen = torch.randperm(len(self._pairs), generator=self._generator)[:count].tolist()
        total = 0.0
        for index in chosen:
            self._run.report(step, self._settings.steps, (0.0, 0.5), "training on the loop")
            piece = self._piece(index, centred=False)
            blind = self._blind(piece.batch.fixed.shape[2:], score=False)
            loss = -self._agreement(piece, blind) / count
            torch.autograd.backward(loss)
            total += float(loss.detach())
        if not math.isfinite(total):
            raise ConvergenceError(
                f"Training on the loop left the finite numbers at scale {self._run.scale.label}. "
                "Track without test-time training."
            )
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        optimiser.step()

    def _score(self) -> float:
        """Return the mean agreement in the blocks that are never trained on."""
        count = min(self._settings.scored, len(self._pairs))
        places = torch.linspace(0, len(self._pairs) - 1, count).round().long().tolist()
        total = 0.0
        with torch.no_grad():
            for index in places:
                self._run.progress.check()
                piece = self._piece(index, centred=True)
                blind = self._blind(piece.batch.fixed.shape[2:], score=True)
                total += float(self._agreement(piece, blind))
        return total / count

    def _agreement(self, piece: _Piece, blind: Tensor) -> Tensor:
        """Return the correlation of one pair within its blind blocks."""
        fixed, moving = piece.batch.fixed, piece.batch.moving
        blind = blind.to(fixed.device)
        warped = warp(moving, piece.motion.displacement, mode="bicubic")
        scale = float(self._run.scale.fraction)
        residual: MotionEstimate = self._network(
            _blank(fixed, blind), _blank(warped, blind), scale, piece.motion
        )
        found = compose(residual.displacement, piece.motion.displacement)
        matched = warp(moving, found, mode="bicubic")
        values = correlation_map(fixed, matched, self._settings.window)
        return masked_mean(values, piece.batch.mask * blind).mean()

    def _piece(self, index: int, *, centred: bool) -> _Piece:
        """Return a crop of one pair's pictures with its motion so far."""
        batch = self._pairs.at_size([index], self._size)
        corner, size = self._crop(centred)
        before, device = self._motion.batch([index]), self._pairs.device
        log_scale = before.log_scale
        if log_scale is None:
            log_scale = torch.zeros_like(before.displacement[:, :1])
        motion = MotionEstimate(
            _cut(before.displacement, corner, size).to(device),
            _cut(log_scale, corner, size).to(device),
        )
        return _Piece(PairBatch(*(_cut(part, corner, size) for part in batch)), motion)

    def _crop(self, centred: bool) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return corner and size of a crop, random or in the middle."""
        size = tuple(min(self._settings.crop, length) for length in self._size)
        free = [length - part for length, part in zip(self._size, size, strict=True)]
        if centred:
            corner = [room // 2 for room in free]
        else:
            corner = [
                int(torch.randint(room + 1, (1,), generator=self._generator)) for room in free
            ]
        return (corner[0], corner[1]), (size[0], size[1])

    def _blind(self, size: Sequence[int], *, score: bool) -> Tensor:
        """Return which pixels are blind, ``(1, 1, H, W)`` of 0 and 1."""
        side = self._settings.block
        rows, columns = (-(-length // side) for length in size)
        lattice = torch.zeros(rows, columns)
        lattice[::_LATTICE, ::_LATTICE] = 1
        blocks = lattice
        if not score:
            drawn = torch.rand(rows, columns, generator=self._generator)
            blocks = (drawn < self._settings.blind_share) * (1 - lattice)
        enlarged = blocks.repeat_interleave(side, 0).repeat_interleave(side, 1)
        return enlarged[None, None, : size[0], : size[1]]


def _blank(image: Tensor, blind: Tensor) -> Tensor:
    """Replace blind pixels by the mean of what is seen around them."""
    seen = 1 - blind
    total = functional.avg_pool2d(image * seen, 49, stride=1, padding=24)
    share = functional.avg_pool2d(seen, 49, stride=1, padding=24)
    return image * seen + blind * total / share.clamp(min=1e-3)


def _cut(value: Tensor, corner: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return a rectangle of ``(n, C, H, W)``."""
    return value[..., corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
