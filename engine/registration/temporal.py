"""Neighbouring pairs support one another: displacement fitted smoothly through time.

A loop of 60 to 75 frames a beat moves smoothly in time, while the errors of neighbouring pairs
are nearly independent. A short polynomial, fitted by least squares to the displacement rates of
neighbouring pairs, keeps the motion and averages the errors. It follows a material point (tissue
moves smoothly along its paths) or stays at a place (in a vortex that lasts, the flow at a place
hardly changes while every point turns). Which, and how long it may be, is decided for every pair
by its estimated risk (Mallows' Cp with the estimator's own variance), so a loop that jumps is
left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from engine.registration.multiscale import Motion
from engine.registration.pyramid import correction_grid, resize_image
from engine.registration.warp import resize_displacement, warp

CANDIDATES: Final = ((1, 1), (2, 2), (3, 2), (4, 2), (5, 2))
"""Half widths (pairs) and polynomial orders that are tried besides no smoothing at all."""

VARIANCE: Final = 0.75
"""Variance of one component of an error whose expected length is 1 px, px^2."""

LEFT_OVER: Final = 2.0
"""How far the variance of an error may exceed what a fit through time leaves over."""

LARGEST_ERROR: Final = 0.35
"""Deviation of one component beyond which errors are not believed in a wall, px of the full grid.

Where the network is lost it expects errors of several px; averaging lost pairs helps none, and
would blur the true jumps of a loop with few frames a second.
"""

LARGEST_ERROR_OF_FLOW: Final = 1.0
"""The same in a cavity: in blood the network is right to expect as much."""

_INVERSIONS = 3


@dataclass(frozen=True, eq=False)
class TemporalSupport:
    """Smooths the displacements of a loop through time.

    Attributes:
        intervals: Time of every pair, ``(N,)``, any unit.
        mask: ``(N, H, W)`` bool: where the risk is estimated (the fixed frames' mask).
        largest_error: Deviation of one component beyond which errors are not believed, px.
    """

    intervals: Tensor
    mask: Tensor
    largest_error: float = LARGEST_ERROR

    def __call__(self, motion: Motion) -> Motion:
        """Return the motion of all pairs after smoothing, on its own grid.

        Args:
            motion: Of all pairs; without an expected error it stays as it is.
        """
        count, size = len(motion.displacement), motion.displacement.shape[2:]
        if motion.log_scale is None or count < 3:
            return motion
        grid = correction_grid(size)
        paths = _Paths(
            torch.cat([resize_displacement(item[None], grid) for item in motion.displacement])
            / self.intervals.view(-1, 1, 1, 1),
            self.intervals,
        )
        displacement = motion.displacement.clone()
        for k in range(count):
            inside = resize_image(self.mask[k][None, None].float(), grid)[0]
            error = resize_image(motion.log_scale[k][None].exp(), grid)[0] * (grid[0] / size[0])
            smoothed = self._smoothed(paths, k, inside, error)
            delta = (smoothed - paths.rates[k]) * self.intervals[k]
            displacement[k] += resize_displacement(delta[None], size)[0]
        return Motion(displacement, motion.log_scale)

    def _smoothed(self, paths: _Paths, k: int, inside: Tensor, error: Tensor) -> Tensor:
        """Return pair k's rates, ``(2, h, w)``, fitted with the least estimated risk."""
        own = paths.rates[k]
        if not bool(inside.any()):
            return own
        widest = max(width for width, _ in CANDIDATES)
        carried, offsets = paths.along(k, widest)
        families = (carried, paths.rates[offsets.pairs])
        # Bounded place by place: a few that are lost would let all the others be flattened.
        largest = (self.largest_error * own.shape[1] / self.mask.shape[1]) ** 2
        squared = (VARIANCE * error.square()).clamp(max=largest)
        variance = float((squared * inside).sum() / inside.sum() / self.intervals[k] ** 2)
        fits = [
            _fitted(values, offsets, k, width, order, inside)
            for values in families
            for width, order in CANDIDATES
        ]
        known = [fit for fit in fits if fit is not None]
        # Noise hardly exceeds what a fit leaves over: the network is too careful where motion is
        # fast. Errors that neighbouring pairs share hide in the fit, hence the factor.
        bounds = [fit.misfit / (2 * max(1 - fit.own_weight, 0.05)) for fit in known]
        variance = min([variance, *(LEFT_OVER * bound for bound in bounds)])
        best, least = own, 2 * variance
        for fit in known:
            risk = fit.misfit - 2 * variance + 4 * fit.own_weight * variance
            if risk < least:
                best, least = fit.rates, risk
        return best


@dataclass(frozen=True, eq=False)
class _Fit:
    """A polynomial's value at a pair.

    Attributes:
        rates: ``(2, h, w)``.
        own_weight: The weight that the pair's own rates have in it.
        misfit: Mean square distance from the pair's own rates.
    """

    rates: Tensor
    own_weight: float
    misfit: float


def _fitted(
    values: Tensor, offsets: _Offsets, k: int, width: int, order: int, inside: Tensor
) -> _Fit | None:
    """Fit a polynomial over the pairs within ``width`` of pair k; None where they are too few.

    None, too, where they lie on one side: at a loop's end a curve that is fitted there bends off.
    """
    chosen = [n for n, pair in enumerate(offsets.pairs) if abs(pair - k) <= width]
    sides = [offsets.pairs[n] - k for n in chosen]
    if len(chosen) <= order + 1 or min(sides) == 0 or max(sides) == 0:
        return None
    weights = _fit_weights(offsets.times[chosen], order)
    rates = torch.tensordot(weights, values[chosen], dims=1)
    own = offsets.pairs.index(k)
    misfit = float(((rates - values[own]) ** 2 * inside).sum() / inside.sum())
    return _Fit(rates, float(weights[chosen.index(own)]), misfit)


@dataclass(frozen=True, eq=False)
class _Offsets:
    """Which pairs were gathered and when they are, relative to the middle one."""

    pairs: list[int]
    times: Tensor


@dataclass(frozen=True, eq=False)
class _Paths:
    """Displacement rates of all pairs and the material paths through them.

    Attributes:
        rates: ``(N, 2, h, w)``, px of this grid per unit of time.
        intervals: ``(N,)``.
    """

    rates: Tensor
    intervals: Tensor

    def along(self, k: int, width: int) -> tuple[Tensor, _Offsets]:
        """Return the rates that pair k's material points have in the pairs around it."""
        ends = torch.cumsum(self.intervals, 0)
        middle = ends - self.intervals / 2
        found = {k: self.rates[k]}
        shift = self._step(k)
        for pair in range(k - 1, max(k - width, 0) - 1, -1):
            found[pair] = self._sample(self.rates[pair], shift)
            shift = shift + found[pair] * self.intervals[pair]
        shift = torch.zeros_like(shift)
        for pair in range(k + 1, min(k + width, len(self.rates) - 1) + 1):
            shift = self._forward(pair, shift)
            found[pair] = self._sample(self.rates[pair], shift)
        pairs = sorted(found)
        times = middle[pairs] - middle[k]
        return torch.stack([found[pair] for pair in pairs]), _Offsets(pairs, times)

    def _step(self, pair: int) -> Tensor:
        """Return a pair's displacement, px of this grid."""
        return self.rates[pair] * self.intervals[pair]

    def _forward(self, pair: int, shift: Tensor) -> Tensor:
        """Carry points one pair forward: solve ``q + u(q) = p`` by fixed-point iteration."""
        step = self._step(pair)
        ahead = shift
        for _ in range(_INVERSIONS):
            ahead = shift - self._sample(step, ahead)
        return ahead

    @staticmethod
    def _sample(field: Tensor, shift: Tensor) -> Tensor:
        """Return a field ``(2, h, w)`` at shifted positions."""
        return warp(field[None], shift[None])[0]


def _fit_weights(times: Tensor, order: int) -> Tensor:
    """Return the weights by which samples make the least-squares polynomial's value at time 0."""
    span = times.abs().max().clamp(min=1e-9)
    design = torch.stack([(times / span) ** power for power in range(order + 1)], dim=1).double()
    first: Tensor = torch.linalg.pinv(design)[0]
    return first.float()
