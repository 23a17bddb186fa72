"""Kinetic energy and viscous loss of the blood in the image plane, per metre of depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.gradients import VelocityGradient

_M_PER_CM = 0.01


def kinetic_energy(
    velocity_cm_s: NDArray[np.floating],
    mask: NDArray[np.bool_],
    pixel_cm: tuple[float, float],
    density_kg_m3: float,
) -> float:
    """Return ``0.5 rho integral |v|^2 dA`` over a mask, J per metre of depth.

    Args:
        velocity_cm_s: ``(2, H, W)``, cm/s.
        mask: ``(H, W)``.
        pixel_cm: Size of a pixel (x, y), cm.
        density_kg_m3: Density of the blood, kg/m3.
    """
    squared = np.sum(np.square(velocity_cm_s[:, mask], dtype=np.float64))
    area_m2 = pixel_cm[0] * pixel_cm[1] * _M_PER_CM**2
    return float(0.5 * density_kg_m3 * squared * _M_PER_CM**2 * area_m2)


def energy_loss(
    slopes: VelocityGradient,
    mask: NDArray[np.bool_],
    pixel_cm: tuple[float, float],
    viscosity_pa_s: float,
) -> float:
    """Return ``mu integral [2 ux^2 + 2 vy^2 + (uy + vx)^2] dA``, W per metre of depth.

    Args:
        slopes: Derivatives of the velocity, 1/s.
        mask: ``(H, W)``.
        pixel_cm: Size of a pixel (x, y), cm.
        viscosity_pa_s: Dynamic viscosity of the blood, Pa s.
    """
    area_m2 = pixel_cm[0] * pixel_cm[1] * _M_PER_CM**2
    return float(viscosity_pa_s * np.sum(slopes.dissipation[mask]) * area_m2)
