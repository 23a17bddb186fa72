"""Spatial derivatives inside a mask, y up, with unequal spacing.

Along each axis the widest stencil that lies wholly inside the mask is used: a cubic
least-squares (Savitzky-Golay) derivative, then central, then one-sided differences. Values
outside the mask never enter. All are exact on linear fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.signal import savgol_coeffs

from engine.analysis.velocity import VelocityField

_ONE_SIDED = (
    np.array([0.0, 0.0, -1.5, 2.0, -0.5]),
    np.array([0.5, -2.0, 1.5, 0.0, 0.0]),
    np.array([0.0, -1.0, 1.0]),
    np.array([-1.0, 1.0, 0.0]),
)


def gradient(
    values: NDArray[np.floating],
    mask: NDArray[np.bool_],
    pixel: tuple[float, float] = (1.0, 1.0),
    half_width: int = 2,
) -> NDArray[np.float64]:
    """Differentiate along x and y inside a mask.

    Args:
        values: ``(H, W)``, any unit.
        mask: ``(H, W)``: where values count.
        pixel: Size of a pixel (x, y).
        half_width: Half the length of the widest stencil, px; 1 gives central differences, larger
            ones smooth along the direction of the derivative.

    Returns:
        ``(2, H, W)`` float64: d/dx (x right) and d/dy (y up); zero outside the mask, and where a
        pixel has no neighbour in the mask along the axis.
    """
    clean = np.where(mask, values, 0.0).astype(np.float64)
    along_x = _derivative(clean, mask, axis=1, half_width=half_width) / pixel[0]
    along_y = -_derivative(clean, mask, axis=0, half_width=half_width) / pixel[1]
    return np.stack([along_x, along_y])


def _derivative(
    values: NDArray[np.float64], mask: NDArray[np.bool_], axis: int, half_width: int
) -> NDArray[np.float64]:
    """Differentiate by index along an axis with the widest stencil that the mask allows."""
    result = np.zeros_like(values)
    missing = mask.copy()
    inside = mask.astype(np.float64)
    for kernel in _stencils(half_width):
        if not missing.any():
            break
        support = (kernel != 0).astype(np.float64)
        complete = correlate1d(inside, support, axis=axis, mode="constant") > support.sum() - 0.5
        chosen = missing & complete
        slope = correlate1d(values, kernel, axis=axis, mode="constant")
        result[chosen] = slope[chosen]
        missing &= ~chosen
    return result


def _stencils(half_width: int) -> list[NDArray[np.float64]]:
    """Return the stencils from the widest to the narrowest."""
    wide = [
        np.asarray(savgol_coeffs(2 * half + 1, 3, deriv=1, use="dot"))
        for half in range(half_width, 1, -1)
    ]
    return [*wide, np.array([-0.5, 0.0, 0.5]), *_ONE_SIDED]


@dataclass(frozen=True, eq=False)
class VelocityGradient:
    """Spatial derivatives of one velocity field, ``(H, W)`` each, 1/s or 1/frame.

    Attributes:
        ux: d(vx)/dx.
        uy: d(vx)/dy.
        vx: d(vy)/dx.
        vy: d(vy)/dy.
    """

    ux: NDArray[np.float64]
    uy: NDArray[np.float64]
    vx: NDArray[np.float64]
    vy: NDArray[np.float64]

    @property
    def vorticity(self) -> NDArray[np.float64]:
        """``dv/dx - du/dy``: twice the rate of rotation, counter-clockwise positive."""
        return self.vx - self.uy

    @property
    def divergence(self) -> NDArray[np.float64]:
        """``du/dx + dv/dy``: in-plane rate of expansion."""
        return self.ux + self.vy

    @property
    def q(self) -> NDArray[np.float64]:
        """Q criterion, ``0.5 (0.5 w^2 - S11^2 - S22^2 - 2 S12^2)`` (Hunt et al. 1988, in plane)."""
        shear = 0.5 * (self.uy + self.vx)
        return 0.5 * (0.5 * self.vorticity**2 - self.ux**2 - self.vy**2 - 2.0 * shear**2)

    @property
    def swirling_strength(self) -> NDArray[np.float64]:
        """Imaginary part of the gradient's complex eigenvalues (Zhou et al. 1999), with a sign.

        ``sqrt(-min(0, ((ux - vy)/2)^2 + uy vx))``, signed by the vorticity.
        """
        discriminant = (0.5 * (self.ux - self.vy)) ** 2 + self.uy * self.vx
        strength = np.sqrt(-np.minimum(0.0, discriminant))
        return strength * np.sign(self.vorticity)

    @property
    def dissipation(self) -> NDArray[np.float64]:
        """``2 ux^2 + 2 vy^2 + (uy + vx)^2``: viscous dissipation over the viscosity, 1/s2."""
        return 2.0 * self.ux**2 + 2.0 * self.vy**2 + (self.uy + self.vx) ** 2


def velocity_gradient(
    field: VelocityField, pair: int, mask: NDArray[np.bool_], half_width: int = 2
) -> VelocityGradient:
    """Differentiate the velocity of one pair inside a mask.

    Args:
        field: Velocities.
        pair: Index k of the pair; its velocity stands at frame k+1.
        mask: ``(H, W)`` of frame k+1.
        half_width: See ``gradient``.
    """
    first = gradient(field.values[pair, 0] * field.metric[0], mask, field.pixel, half_width)
    second = gradient(field.values[pair, 1] * field.metric[1], mask, field.pixel, half_width)
    return VelocityGradient(ux=first[0], uy=first[1], vx=second[0], vy=second[1])
