"""Rows of velocity, its derivatives and energy: means over the mask, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.energy import energy_loss, kinetic_energy
from engine.analysis.gradients import VelocityGradient, velocity_gradient
from engine.analysis.regions import bounding_box
from engine.analysis.rows import RowWriter
from engine.analysis.velocity import CALIBRATED, VelocityField, velocity_field
from engine.config import MeasureConfig
from engine.model import ScaleField, Target

_WHERE: Final = "over the mask's pixels at frame k+1 of the pair k, k+1; x right, y up"
_DEFINITIONS: Final = {
    "speed": f"Length of the velocity, {_WHERE}.",
    "velocity_x": f"Velocity to the right, -ux sx / dt, {_WHERE}.",
    "velocity_y": f"Velocity upwards, +uy sy / dt, {_WHERE}.",
    "vorticity": f"dv/dx - du/dy, counter-clockwise positive, {_WHERE}.",
    "divergence": f"du/dx + dv/dy, in-plane expansion positive, {_WHERE}.",
    "swirling_strength": (
        "sqrt(-min(0, ((ux - vy)/2)^2 + uy vx)) with the sign of the vorticity (Zhou 1999), "
        f"{_WHERE}."
    ),
    "q": (
        f"0.5 (0.5 w^2 - S11^2 - S22^2 - 2 S12^2), Q criterion in the plane (Hunt 1988), {_WHERE}."
    ),
}
_ONE_PIXEL: Final = " Uncalibrated: sx = sy = 1 px, dt = 1 frame."


def flow_rows(
    writer: RowWriter,
    field: ScaleField,
    trusted: NDArray[np.bool_] | None,
    config: MeasureConfig,
) -> None:
    """Write the rows of every pair's velocity.

    Args:
        writer: Takes the rows.
        field: Displacements measured.
        trusted: ``(T-1, H, W)``: which vectors are trusted; None if unknown.
        config: Density and viscosity.
    """
    result = writer.result
    for pair, displacement in enumerate(field.displacement):
        times = None if result.frame_times_s is None else result.frame_times_s[pair : pair + 2]
        mask = result.mask[pair + 1]
        if not mask.any():
            continue
        rows, columns = bounding_box(mask)
        inside = mask[rows, columns]
        velocity = velocity_field(displacement[None, :, rows, columns], result.spacing_mm, times)
        slopes = velocity_gradient(velocity, 0, inside)
        sure = None if trusted is None else trusted[pair, rows, columns] & inside
        region = _Region(pair + 1, inside, sure)
        _write_means(writer, velocity, slopes, region)
        if result.target is Target.BLOOD and velocity.unit == CALIBRATED:
            _write_energy(writer, velocity, slopes, region, config)


@dataclass(frozen=True, eq=False)
class _Region:
    """Where one frame is measured.

    Attributes:
        index: Frame of the loop.
        mask: ``(h, w)``: all of it.
        sure: ``(h, w)``: its trusted part; None if unknown.
    """

    index: int
    mask: NDArray[np.bool_]
    sure: NDArray[np.bool_] | None

    @property
    def fraction(self) -> float | None:
        """Trusted share of the region, 0 to 1."""
        return None if self.sure is None else float(self.sure.sum() / self.mask.sum())


def _write_means(
    writer: RowWriter, velocity: VelocityField, slopes: VelocityGradient, region: _Region
) -> None:
    speed = velocity.speed()[0]
    rate = velocity.rate_unit
    values: dict[str, tuple[NDArray[np.floating], str]] = {
        "speed": (speed, velocity.unit),
        "velocity_x": (velocity.values[0, 0], velocity.unit),
        "velocity_y": (velocity.values[0, 1], velocity.unit),
        "vorticity": (slopes.vorticity, rate),
        "divergence": (slopes.divergence, rate),
        "swirling_strength": (slopes.swirling_strength, rate),
        "q": (slopes.q, f"{rate}^2"),
    }
    for name, (array, unit) in values.items():
        text = _DEFINITIONS[name]
        if name.startswith("velocity") and velocity.unit != CALIBRATED:
            text += _ONE_PIXEL
        mean = _mean(array, region.mask)
        _write(writer, region, f"{name}_mean", f"Mean. {text}", (mean, unit))
        if region.sure is not None and region.sure.any():
            mean = _mean(array, region.sure)
            text = f"Mean of the trusted vectors. {text}"
            writer.add(
                f"{name}_mean_trusted", text, "mask", mean, unit, index=region.index, trust=1.0
            )
    top = float(speed[region.mask].max())
    text = f"Largest. {_DEFINITIONS['speed']}"
    _write(writer, region, "speed_max", text, (top, velocity.unit))


def _write_energy(
    writer: RowWriter,
    velocity: VelocityField,
    slopes: VelocityGradient,
    region: _Region,
    config: MeasureConfig,
) -> None:
    density, viscosity = config.blood_density_kg_m3, config.blood_viscosity_pa_s
    texts = {
        "kinetic_energy": (
            "0.5 rho integral |v|^2 dA over the mask, per metre of depth, in-plane only; "
            f"rho = {density:g} kg/m^3."
        ),
        "energy_loss": (
            "mu integral [2 ux^2 + 2 vy^2 + (uy + vx)^2] dA over the mask, per metre of depth, "
            f"in-plane only: a research value; mu = {viscosity:g} Pa s."
        ),
    }

    def measured(mask: NDArray[np.bool_]) -> tuple[tuple[str, float, str], ...]:
        energy = kinetic_energy(velocity.values[0], mask, velocity.pixel, density)
        loss = energy_loss(slopes, mask, velocity.pixel, viscosity)
        return (("kinetic_energy", energy, "J/m"), ("energy_loss", loss, "W/m"))

    for name, value, unit in measured(region.mask):
        _write(writer, region, name, texts[name], (value, unit))
    for name, value, unit in measured(region.sure) if region.sure is not None else ():
        text = f"{texts[name]} Trusted vectors only."
        writer.add(f"{name}_trusted", text, "mask", value, unit, index=region.index, trust=1.0)


def _write(
    writer: RowWriter, region: _Region, quantity: str, text: str, value: tuple[float, str]
) -> None:
    writer.add(quantity, text, "mask", *value, index=region.index, trust=region.fraction)


def _mean(array: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    return float(np.mean(array[mask], dtype=np.float64))
