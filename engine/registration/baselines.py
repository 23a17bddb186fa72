"""Longer baselines: motion over several frames at once corrects what single pairs leave over.

From one frame to the next a wall thickens by hundredths of a pixel. That is less than a pair's
noise, so every pair's estimate leans on its smooth expectation and the same small error comes
back in every pair: carried through the beat it grows to pixels. Over several frames the motion is
that many times larger while the noise is not, so the composed motion is refined between frames
that lie further apart, and what is found is shared among the pairs between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import InputError
from engine.registration.memory import batch_size, in_batches
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import correction_grid
from engine.registration.refine import refine_once
from engine.registration.warp import compose, invert, resize_displacement, warp

OWN_WEIGHT: Final = 4.0
"""Weight of a pair's own estimate against that of a window: those of several windows agree."""

LARGEST_ERROR: Final = 1.0
"""Expected error of a window's motion beyond which it is not believed, px of the full grid."""

BYTES_PER_PIXEL = 950


@dataclass(frozen=True, eq=False)
class _Found:
    """What some windows found, on the grid of corrections, at their last frames.

    Attributes:
        correction: Of the motion over the whole window, ``(n, 2, h, w)``, px.
        precision: Inverse square of its expected error, ``(n, 1, h, w)``; 0 where it is lost.
    """

    correction: Tensor
    precision: Tensor


class Baselines:
    """Refines the motion of a loop over windows of several pairs.

    The pairs must follow one another: the fixed frame of each is the moving one of the next.
    """

    def __init__(self, network: MotionUNet, pairs: ImagePairs, motion: Motion, run: Stage) -> None:
        """Take the loop.

        Args:
            network: With its trained weights.
            pairs: All pairs of the loop, in order.
            motion: Theirs, on the scale's grid, with its expected error.
            run: Scale and progress.

        Raises:
            InputError: If the motion has no expected error.
        """
        if motion.log_scale is None:
            raise InputError("Baselines: the motion must tell its expected error.")
        self._network, self._pairs, self._run = network, pairs, run
        self._displacement, self._log_scale = motion.displacement, motion.log_scale
        self._size = tuple(motion.displacement.shape[2:])
        self._grid = correction_grid(self._size)

    def refined(self, length: int) -> Motion:
        """Return the motion of all pairs, corrected by windows of ``length`` pairs.

        Args:
            length: Pairs a window, at least 2; a loop that is shorter stays as it is.
        """
        starts = len(self._displacement) - length + 1
        if starts < 1:
            return Motion(self._displacement, self._log_scale)
        shares = _Shares(self._displacement, self._log_scale, self._grid)

        def work(indices: Sequence[int]) -> None:
            shares.add(self._window(indices, length), indices, length)
            self._run.report(indices[-1] + 1, starts, (0.0, 1.0), f"over {length} frames")

        batch = batch_size(math.prod(self._size), BYTES_PER_PIXEL, self._pairs.device)
        in_batches(starts, batch, work, self._run.progress)
        return Motion(shares.corrected(self._displacement), self._log_scale)

    def _window(self, starts: Sequence[int], length: int) -> _Found:
        """Refine the composed motion of the windows that begin at some pairs."""
        device, last = self._pairs.device, length - 1
        composed = self._own(starts, 0).to(device)
        for step in range(1, length):
            composed = compose(self._own(starts, step).to(device), composed)
        fixed = self._pairs.at_size([start + last for start in starts], self._size).fixed
        moving = self._pairs.at_size(starts, self._size).moving
        # The error is the same from pair to pair, so it grows with their number.
        told = self._log_scale[starts[0] + last : starts[-1] + last + 1].to(device)
        start = MotionEstimate(composed, told + math.log(length))
        scale = float(self._run.scale.fraction)
        with torch.no_grad():
            found = refine_once(self._network, fixed, moving, scale, start)
        log_error = functional.interpolate(
            found.log_scale, self._grid, mode="bilinear", align_corners=False
        )
        known = log_error < math.log(LARGEST_ERROR * scale)
        correction = resize_displacement(found.displacement - composed, self._grid)
        return _Found(correction.cpu(), (known * (-2 * log_error).exp()).cpu())

    def _own(self, starts: Sequence[int], step: int) -> Tensor:
        """Return the motion of the pairs that lie ``step`` after the starts (a view)."""
        return self._displacement[starts[0] + step : starts[-1] + step + 1]


class _Shares:
    """Sums what windows found over the pairs within them."""

    def __init__(self, displacement: Tensor, log_scale: Tensor, grid: tuple[int, ...]) -> None:
        coarse = [resize_displacement(item[None], grid) for item in displacement]
        self._ahead = invert(torch.cat(coarse))
        self._total = torch.zeros_like(self._ahead)
        self._weight = torch.zeros_like(self._ahead[:, :1])
        own = functional.interpolate(log_scale, grid, mode="bilinear", align_corners=False)
        self._own = (-2 * own).exp()

    def add(self, found: _Found, starts: Sequence[int], length: int) -> None:
        """Carry corrections back from each window's last frame, an equal share to every pair.

        A window tells the share of one pair ``length`` times more precisely than its own motion.
        """
        shift = torch.zeros_like(found.correction)
        for step in reversed(range(length)):
            chosen = slice(starts[0] + step, starts[-1] + step + 1)
            weight = warp(found.precision, shift)
            self._total[chosen] += weight * warp(found.correction, shift) * length
            self._weight[chosen] += weight * length**2
            shift = compose(self._ahead[chosen], shift)

    def corrected(self, displacement: Tensor) -> Tensor:
        """Return the displacement of all pairs with their mean corrections."""
        mean = self._total / (self._weight + OWN_WEIGHT * self._own)
        corrected = displacement.clone()
        for pair, share in enumerate(mean):
            corrected[pair] += resize_displacement(share[None], displacement.shape[2:])[0]
        return corrected
