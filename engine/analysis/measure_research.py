"""The opt-in appendix of one plane: relative pressure and pulsatile strengths."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.gradients import velocity_gradient
from engine.analysis.long_axis import axis_of_frame
from engine.analysis.pressure import pressure_gradient, relative_pressure
from engine.analysis.regions import bounding_box
from engine.analysis.rows import RowWriter
from engine.analysis.strengths import vorticity_strengths
from engine.analysis.velocity import CALIBRATED, VelocityField, velocity_field
from engine.config import MeasureConfig
from engine.model import ScaleField
from engine.progress import Progress, Step

_NODES: Final = 12_000
_M_PER_CM: Final = 0.01


def research_rows(
    writer: RowWriter, field: ScaleField, config: MeasureConfig, progress: Progress
) -> None:
    """Write the in-plane research values of a blood result."""
    result = writer.result
    velocity = velocity_field(field.displacement, result.spacing_mm, result.frame_times_s)
    if velocity.unit != CALIBRATED or len(field.displacement) < 3:
        writer.omit(
            "in-plane research", "It needs pixel spacing, frame times and four frames or more."
        )
        return
    _write_pressure(writer, velocity, config, progress)
    _write_strengths(writer, velocity)


def _write_pressure(
    writer: RowWriter, velocity: VelocityField, config: MeasureConfig, progress: Progress
) -> None:
    result = writer.result
    if result.frame_times_s is None:
        return
    times = np.asarray(result.frame_times_s)[1:]
    text = (
        "Pressure near the apex minus pressure near the base, from the in-plane Navier-Stokes "
        "equation (Poisson, Neumann border); relative, in-plane only: a research value; "
        f"rho = {config.blood_density_kg_m3:g} kg/m^3, mu = {config.blood_viscosity_pa_s:g} Pa s."
    )
    for pair in range(1, len(velocity.values) - 1):
        progress.check()
        mask = result.mask[pair + 1]
        if not mask.any():
            continue
        rows, columns = bounding_box(mask)
        stride = max(1, round(float(np.sqrt(mask.sum() / _NODES))))
        inside = mask[rows, columns][::stride, ::stride]
        flow = velocity.values[:, :, rows, columns][:, :, ::stride, ::stride] * _M_PER_CM
        change = (flow[pair + 1] - flow[pair - 1]) / (times[pair + 1] - times[pair - 1])
        pixel = (
            velocity.pixel[0] * stride * _M_PER_CM,
            velocity.pixel[1] * stride * _M_PER_CM,
        )
        slope = pressure_gradient(
            flow[pair],
            change,
            inside,
            pixel,
            density_kg_m3=config.blood_density_kg_m3,
            viscosity_pa_s=config.blood_viscosity_pa_s,
        )
        pressure = relative_pressure(slope, inside, pixel)
        whole = np.zeros(mask.shape)
        whole[rows, columns][::stride, ::stride] = pressure
        seen = np.zeros_like(mask)
        seen[rows, columns][::stride, ::stride] = inside
        difference = _apex_minus_base(writer, pair + 1, whole, seen)
        if difference is not None:
            writer.add("pressure_difference", text, "mask", difference, "mmHg", index=pair + 1)
        progress.report(Step("pressure", pair, len(velocity.values)))


def _apex_minus_base(
    writer: RowWriter, frame: int, pressure: NDArray[np.float64], seen: NDArray[np.bool_]
) -> float | None:
    """Return the difference of mean pressure between both ends' fifths of the axis."""
    result = writer.result
    axis = axis_of_frame(result, frame)
    if axis is None:
        return None
    rows, columns = np.nonzero(seen)
    pixel = np.asarray((1.0, 1.0) if result.spacing_mm is None else result.spacing_mm)
    place = axis.along(np.stack([columns, rows], axis=1) * pixel) / axis.length
    values = pressure[rows, columns]
    if not (place > 0.8).any() or not (place < 0.2).any():
        return None
    return float(values[place > 0.8].mean() - values[place < 0.2].mean())


def _write_strengths(writer: RowWriter, velocity: VelocityField) -> None:
    result = writer.result
    always = np.asarray(result.mask[1:].all(axis=0), dtype=np.bool_)
    if not always.any():
        return
    box = bounding_box(always)
    crop = VelocityField(
        velocity.values[(slice(None), slice(None), *box)],
        velocity.unit,
        velocity.pixel,
        velocity.metric,
    )
    vorticity = np.stack(
        [velocity_gradient(crop, pair, always[box]).vorticity for pair in range(len(crop.values))]
    )
    found = vorticity_strengths(vorticity, always[box])
    if found is None:
        return
    said = "in-plane only, after Hong 2008, experimental: the norms of that study are unverified."
    text = f"RMS of the pulsatile over RMS of the steady vorticity, {said}"
    writer.add("relative_strength", text, "mask", found.relative, "")
    text = f"Correlation of |steady| vorticity and its pulsation over the mask, {said}"
    writer.add("pulsatility_correlation", text, "mask", found.pulsatility_correlation, "")
