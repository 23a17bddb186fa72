"""Monotone rational-quadratic maps of the line, with their inverse in closed form.

Between two knots the map is a ratio of quadratics (Gregory and Delbourgo 1982), so it is once
continuously differentiable, strictly rising, and inverted by one square root. Outside the knots
it goes on as a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blend:
    """A knot between two numbers, point by point: cheaper than an array for every knot.

    Attributes:
        low: Where ``part`` is 0.
        high: Where ``part`` is 1.
        part: ``(N,)``, shared by all knots.
    """

    low: float
    high: float
    part: Values

    def at(self, chosen: NDArray[np.int64] | slice) -> Values:
        """Return the values of some points."""
        return self.low + (self.high - self.low) * self.part[chosen]


Knot = float | Values | Blend
"""A knot's value or slope: one for all points, or one for each point."""


def monotone_forward(
    x: NDArray[np.float64], knots: Sequence[float], values: Sequence[Knot], slopes: Sequence[Knot]
) -> NDArray[np.float64]:
    """Map points through the knots.

    Args:
        x: Points, ``(N,)``.
        knots: K rising positions, common to all points.
        values: K rising values, each a number or ``(N,)``.
        slopes: K positive slopes, each a number or ``(N,)``.
    """
    bins = np.clip(np.searchsorted(np.asarray(knots), x, side="right") - 1, -1, len(knots) - 1)
    y = np.empty_like(x)
    for index, chosen in _by_bin(bins):
        at = x[chosen]
        if index < 0 or index == len(knots) - 1:
            end = max(index, 0)
            y[chosen] = _at(values[end], chosen) + _at(slopes[end], chosen) * (at - knots[end])
            continue
        x0, x1 = knots[index], knots[index + 1]
        y0, rise = _rise(values, index, chosen)
        d0, d1 = _at(slopes[index], chosen), _at(slopes[index + 1], chosen)
        secant = rise / (x1 - x0)
        s = (at - x0) / (x1 - x0)
        mixed = s * (1 - s)
        y[chosen] = y0 + rise * (secant * s * s + d0 * mixed) / (
            secant + (d0 + d1 - 2 * secant) * mixed
        )
    return y


def monotone_inverse(
    y: NDArray[np.float64], knots: Sequence[float], values: Sequence[Knot], slopes: Sequence[Knot]
) -> NDArray[np.float64]:
    """Undo ``monotone_forward``; arguments as there."""
    bins = np.full(y.shape, -1)
    everywhere = slice(None)
    for value in values:
        bins += y >= _at(value, everywhere)
    x = np.empty_like(y)
    for index, chosen in _by_bin(bins):
        at = y[chosen]
        if index < 0 or index == len(knots) - 1:
            end = max(index, 0)
            x[chosen] = knots[end] + (at - _at(values[end], chosen)) / _at(slopes[end], chosen)
            continue
        width = knots[index + 1] - knots[index]
        y0, rise = _rise(values, index, chosen)
        d0, d1 = _at(slopes[index], chosen), _at(slopes[index + 1], chosen)
        secant = rise / width
        up = at - y0
        bend = up * (d0 + d1 - 2 * secant)
        a = rise * (secant - d0) + bend
        b = rise * d0 - bend
        c = -secant * up
        s = 2 * c / (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
        x[chosen] = knots[index] + s * width
    return x


def mean_slopes(
    knots: Sequence[float], values: Sequence[float | Values], last: float | None = None
) -> list[float | Values]:
    """Return slopes at the knots: the geometric mean of both neighbours' secants.

    Args:
        knots: K rising positions.
        values: K rising values.
        last: Slope at the last knot; None takes the first secant, as for a periodic map.
    """
    secants = [
        (values[i + 1] - values[i]) / (knots[i + 1] - knots[i]) for i in range(len(knots) - 1)
    ]
    inner = [np.sqrt(secants[i] * secants[i + 1]) for i in range(len(secants) - 1)]
    return [secants[0], *inner, secants[0] if last is None else last]


def _by_bin(bins: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    bins = bins.astype(np.int8)  # narrow integers are sorted by radix: much faster
    order = np.argsort(bins, kind="stable")
    numbers, starts = np.unique(bins[order], return_index=True)
    return list(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))


def _at(knot: Knot, chosen: NDArray[np.int64] | slice) -> float | Values:
    if isinstance(knot, Blend):
        return knot.at(chosen)
    return knot[chosen] if isinstance(knot, np.ndarray) and knot.ndim else knot


def _rise(
    values: Sequence[Knot], index: int, chosen: NDArray[np.int64]
) -> tuple[float | Values, float | Values]:
    low = _at(values[index], chosen)
    return low, _at(values[index + 1], chosen) - low
