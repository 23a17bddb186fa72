"""Analytic flows with their exact gradients, and affine motion: what measurements are tested on.

Physical coordinates: x right, y **up**, mm from the centre of the top-left pixel (so y is
negative inside the image). Velocities in mm/s, gradients in 1/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Flow(Protocol):
    """A steady plane flow in closed form."""

    def velocity(self, x: Values, y: Values) -> Values:
        """Return (vx, vy), ``(2, ...)``, mm/s, at places in mm."""

    def gradient(self, x: Values, y: Values) -> Values:
        """Return ``[i, j] = d v_i / d x_j``, ``(2, 2, ...)``, 1/s, at places in mm."""


@dataclass(frozen=True)
class LinearFlow:
    """A velocity that is linear in place: drift, rotation, expansion, shear and their sums.

    Attributes:
        matrix: ``((dvx/dx, dvx/dy), (dvy/dx, dvy/dy))``, 1/s.
        drift_mm_s: Velocity at the centre, (x, y), mm/s.
        centre_mm: (x, y), mm.
    """

    matrix: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0))
    drift_mm_s: tuple[float, float] = (0.0, 0.0)
    centre_mm: tuple[float, float] = (0.0, 0.0)

    def velocity(self, x: Values, y: Values) -> Values:
        """Return (vx, vy), ``(2, ...)``, mm/s."""
        dx, dy = x - self.centre_mm[0], y - self.centre_mm[1]
        (a, b), (c, d) = self.matrix
        return np.stack(
            [self.drift_mm_s[0] + a * dx + b * dy, self.drift_mm_s[1] + c * dx + d * dy]
        )

    def gradient(self, x: Values, y: Values) -> Values:
        """Return the matrix at every place, ``(2, 2, ...)``, 1/s."""
        shape = np.broadcast_shapes(np.shape(x), np.shape(y))
        matrix = np.asarray(self.matrix, np.float64).reshape(2, 2, *(1 for _ in shape))
        return np.broadcast_to(matrix, (2, 2, *shape)).copy()


def uniform_drift(vx_mm_s: float, vy_mm_s: float) -> LinearFlow:
    """Return a flow of one velocity everywhere."""
    return LinearFlow(drift_mm_s=(vx_mm_s, vy_mm_s))


def solid_body(rate: float, centre_mm: tuple[float, float]) -> LinearFlow:
    """Return a rotation of ``rate`` rad/s, counter-clockwise; its vorticity is ``2 rate``."""
    return LinearFlow(((0.0, -rate), (rate, 0.0)), centre_mm=centre_mm)


def expansion(rate: float, centre_mm: tuple[float, float]) -> LinearFlow:
    """Return an even expansion; its divergence is ``2 rate``, 1/s."""
    return LinearFlow(((rate, 0.0), (0.0, rate)), centre_mm=centre_mm)


def shear(rate: float, centre_mm: tuple[float, float]) -> LinearFlow:
    """Return the flow ``vx = rate * y``; its vorticity is ``-rate``, 1/s."""
    return LinearFlow(((0.0, rate), (0.0, 0.0)), centre_mm=centre_mm)


def pure_strain(rate: float, centre_mm: tuple[float, float]) -> LinearFlow:
    """Return the flow ``vx = rate x, vy = -rate y``: no divergence, no vorticity."""
    return LinearFlow(((rate, 0.0), (0.0, -rate)), centre_mm=centre_mm)


@dataclass(frozen=True)
class LambOseen:
    """A viscous vortex: vorticity is a Gaussian.

    Attributes:
        circulation: Counter-clockwise positive, mm^2/s (1e-6 m^2/s).
        core_mm: Radius at which vorticity is 1/e of its peak, mm.
        centre_mm: (x, y), mm.
    """

    circulation: float
    core_mm: float
    centre_mm: tuple[float, float]

    def velocity(self, x: Values, y: Values) -> Values:
        """Return (vx, vy), ``(2, ...)``, mm/s."""
        dx, dy = x - self.centre_mm[0], y - self.centre_mm[1]
        rate = turning_rate(dx * dx + dy * dy, self.circulation, self.core_mm)
        return np.stack([-rate * dy, rate * dx])

    def gradient(self, x: Values, y: Values) -> Values:
        """Return the velocity gradient, ``(2, 2, ...)``, 1/s."""
        dx, dy = x - self.centre_mm[0], y - self.centre_mm[1]
        squared = np.maximum(dx * dx + dy * dy, 1e-9 * self.core_mm**2)
        rate = turning_rate(squared, self.circulation, self.core_mm)
        # d rate / d x = bend * dx, because vorticity is twice the rate plus bend * r^2.
        bend = (self.vorticity(x, y) - 2 * rate) / squared
        return np.stack(
            [
                np.stack([-bend * dx * dy, -rate - bend * dy * dy]),
                np.stack([rate + bend * dx * dx, bend * dx * dy]),
            ]
        )

    def vorticity(self, x: Values, y: Values) -> Values:
        """Return the vorticity, 1/s."""
        dx, dy = x - self.centre_mm[0], y - self.centre_mm[1]
        peak = self.circulation / (np.pi * self.core_mm**2)
        vorticity: Values = peak * np.exp(-(dx * dx + dy * dy) / self.core_mm**2)
        return vorticity


@dataclass(frozen=True)
class SumFlow:
    """Several flows at once.

    Attributes:
        parts: The flows.
    """

    parts: tuple[Flow, ...]

    def velocity(self, x: Values, y: Values) -> Values:
        """Return (vx, vy), ``(2, ...)``, mm/s."""
        total: Values = np.sum([part.velocity(x, y) for part in self.parts], axis=0)
        return total

    def gradient(self, x: Values, y: Values) -> Values:
        """Return the velocity gradient, ``(2, 2, ...)``, 1/s."""
        total: Values = np.sum([part.gradient(x, y) for part in self.parts], axis=0)
        return total


def turning_rate(squared_radius: Values, circulation: float, core: float) -> Values:
    """Return the angular rate of a Lamb-Oseen vortex, rad/s.

    Args:
        squared_radius: Distance from its centre squared.
        circulation: In the same length unit, squared, per s.
        core: Core radius: vorticity falls to 1/e of its peak.
    """
    s = np.maximum(squared_radius / core**2, 1e-12)
    rate: Values = circulation / (2 * np.pi * core**2) * -np.expm1(-s) / s
    return rate


def pixel_places(size: tuple[int, int], spacing_mm: tuple[float, float]) -> tuple[Values, Values]:
    """Return x and y (up) of all pixel centres, each ``(H, W)``, mm."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    return columns * spacing_mm[0], -rows * spacing_mm[1]


def flow_displacement(
    flow: Flow,
    size: tuple[int, int],
    spacing_mm: tuple[float, float],
    frame_times_s: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the pull-back fields whose velocity, by the contract's formula, is the flow.

    Args:
        flow: The flow.
        size: (H, W), px.
        spacing_mm: (x, y), mm.
        frame_times_s: ``(T,)``, s; intervals may differ.

    Returns:
        ``(T-1, 2, H, W)`` float32, (x, y), px, y down.
    """
    x, y = pixel_places(size, spacing_mm)
    to_px = np.array([-1 / spacing_mm[0], 1 / spacing_mm[1]])[:, None, None]
    pull_back = flow.velocity(x, y) * to_px
    fields: NDArray[np.float32] = (np.diff(frame_times_s)[:, None, None, None] * pull_back).astype(
        np.float32
    )
    return fields


def affine_displacement(
    gradients: Values,
    size: tuple[int, int],
    spacing_mm: tuple[float, float],
    centre_mm: tuple[float, float],
) -> NDArray[np.float32]:
    """Return the exact pull-back fields of an affine motion: uniform strain and rotation.

    Args:
        gradients: ``(T, 2, 2)``: deformation gradient from rest to each frame, in (x, y up).
        size: (H, W), px.
        spacing_mm: (x, y), mm.
        centre_mm: Point that rests, (x, y up), mm.

    Returns:
        ``(T-1, 2, H, W)`` float32, (x, y), px, y down.
    """
    x, y = pixel_places(size, spacing_mm)
    arms = np.stack([x - centre_mm[0], y - centre_mm[1]])
    to_px = np.array([1 / spacing_mm[0], -1 / spacing_mm[1]])[:, None, None]
    back = gradients[:-1] @ np.linalg.inv(gradients[1:]) - np.eye(2)
    return np.stack([np.tensordot(step, arms, axes=1) * to_px for step in back]).astype(np.float32)
