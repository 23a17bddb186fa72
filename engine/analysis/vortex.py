"""Vortices of one velocity field: where, how large, how strong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, label

from engine.analysis.gamma import BOUNDARY_THRESHOLD, CORE_THRESHOLD, gamma_field
from engine.analysis.gradients import VelocityGradient, velocity_gradient
from engine.analysis.regions import bounding_box
from engine.analysis.velocity import VelocityField

_RADIUS_SHARE: Final = 0.06
_RADIUS_LIMITS_PX: Final = (5.0, 20.0)
_LEAST_AREA_IN_DISKS: Final = 0.5


@dataclass(frozen=True, eq=False)
class Vortex:
    """One vortex in one frame.

    Attributes:
        centre: (x, y), px, sub-pixel.
        circulation: Integral of the vorticity over the region, in the field's unit of length
            squared per its unit of time; counter-clockwise positive.
        region: ``(H, W)`` bool: |Gamma2| > 2/pi and swirling, one connected piece.
        peak: Largest |Gamma| in the region.
        trust: Trusted fraction of the region; None if unknown.
    """

    centre: tuple[float, float]
    circulation: float
    region: NDArray[np.bool_]
    peak: float
    trust: float | None

    @property
    def area_px(self) -> float:
        """Area of the region, px^2."""
        return float(self.region.sum())


def find_vortices(
    field: VelocityField,
    pair: int,
    mask: NDArray[np.bool_],
    trusted: NDArray[np.bool_] | None = None,
    radius_px: float | None = None,
) -> tuple[Vortex, ...]:
    """Find the vortices of one velocity field, the strongest first.

    A vortex is a connected region of one sense with |Gamma2| > 2/pi and a swirling strength
    above zero (pure shear reaches |Gamma2| = 2/pi, but does not swirl), which holds a core:
    |Gamma1| > 0.9, or |Gamma2| > 0.9, which is Gamma1 as seen by someone who drifts along.

    Args:
        field: Velocities.
        pair: Index of the pair.
        mask: ``(H, W)`` of frame k+1.
        trusted: ``(H, W)``: which vectors are trusted; only reported. None if unknown.
        radius_px: Radius of the neighbourhood of Gamma; None takes 6 % of the square root of the
            mask's area, between 5 and 20 px.
    """
    if not mask.any():
        return ()
    rows, columns = bounding_box(mask)
    inside = mask[rows, columns]
    crop = VelocityField(
        field.values[pair : pair + 1, :, rows, columns], field.unit, field.pixel, field.metric
    )
    slopes = velocity_gradient(crop, 0, inside)
    radius = radius_px or float(np.clip(_RADIUS_SHARE * np.sqrt(inside.sum()), *_RADIUS_LIMITS_PX))
    velocity = crop.values[0] * np.reshape(field.metric, (2, 1, 1))
    gamma = gamma_field(velocity, inside, field.pixel, radius)
    sure = None if trusted is None else trusted[rows, columns]
    least = _LEAST_AREA_IN_DISKS * np.pi * radius**2
    found = []
    for sense in (1.0, -1.0):
        turning = (sense * gamma.gamma2 > BOUNDARY_THRESHOLD) & (
            sense * slopes.swirling_strength > 0
        )
        pieces, count = label(turning)
        for number in range(1, count + 1):
            region = binary_fill_holes(pieces == number) & inside
            if region.sum() < least:
                continue
            peak = max(np.abs(gamma.gamma1[region]).max(), np.abs(gamma.gamma2[region]).max())
            trust = None if sure is None else float(sure[region].mean())
            if peak <= CORE_THRESHOLD:
                continue
            x, y = _centre(gamma.gamma2, slopes, region)
            whole = np.zeros_like(mask)
            whole[rows, columns] = region
            circulation = float(slopes.vorticity[region].sum() * field.pixel_area)
            centre = (x + columns.start, y + rows.start)
            found.append(Vortex(centre, circulation, whole, float(peak), trust))
    return tuple(sorted(found, key=lambda vortex: -abs(vortex.circulation)))


def _centre(
    gamma2: NDArray[np.float64], slopes: VelocityGradient, region: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the centre of the core (x, y), px: centroid of vorticity where Gamma2 is high.

    Gamma2's plateau finds the core whatever the stream; the vorticity within it places the
    centre between pixels.
    """
    height = np.abs(gamma2) * region
    top = float(height.max())
    core = height > top - 0.5 * (top - BOUNDARY_THRESHOLD)
    weight = np.where(core, np.abs(slopes.vorticity), 0.0) * np.maximum(
        height - (top - 0.5 * (top - BOUNDARY_THRESHOLD)), 0.0
    )
    rows, columns = np.nonzero(weight)
    total = weight[rows, columns].sum()
    return (
        float((columns * weight[rows, columns]).sum() / total),
        float((rows * weight[rows, columns]).sum() / total),
    )
