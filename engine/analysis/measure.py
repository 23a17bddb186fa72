"""``measure``: from a tracking result to the rows of ``measurements.csv``."""

from __future__ import annotations

from engine.analysis.events import heart_cycle
from engine.analysis.measure_flow import flow_rows
from engine.analysis.measure_strain import strain_rows
from engine.analysis.measure_volume import volume_rows
from engine.analysis.measure_vortex import vortex_rows
from engine.analysis.rows import RowWriter
from engine.analysis.wall import Wall, track_wall, why_unnamed
from engine.config import MeasureConfig
from engine.model import Measurements, Scale, ScaleField, Target, TrackingResult
from engine.progress import Progress, Step


def measure(result: TrackingResult, config: MeasureConfig, progress: Progress) -> Measurements:
    """Measure everything that the result allows, and say why the rest is missing.

    Args:
        result: Fields with masks, and with contours, times and spacing where known.
        config: Definitions to measure with.
        progress: Told of every group of quantities.

    Raises:
        InputError: If the result holds no field of the wanted scale.
    """
    writer = RowWriter(result)
    field = chosen_field(result, config)
    progress.report(Step("velocity", 0, 1))
    progress.check()
    flow_rows(writer, field, None, config)
    if result.target is Target.BLOOD:
        vortex_rows(writer, field, None, progress)
        writer.omit("strain", "Blood was tracked; strain needs the wall (target tissue).")
    cycle = heart_cycle(result)
    wall: Wall | None = None
    if result.contours is None:
        writer.omit("strain", "There is no contour of the wall, so no strain.")
    elif result.target is Target.TISSUE:
        wall = track_wall(result, field, cycle, config, None)
        cycle = cycle.with_nadir(wall.lengths()[:, 0] / wall.lengths()[cycle.start, 0] - 1.0)
        strain_rows(writer, wall, cycle, config)
        unnamed = why_unnamed(result)
        if unnamed is not None:
            writer.omit("segments", unnamed)
    volume_rows(writer, wall, cycle)
    for sentence in cycle.warnings:
        writer.warn(sentence)
    return Measurements(tuple(writer.rows), tuple(writer.warnings), tuple(writer.omitted))


def chosen_field(result: TrackingResult, config: MeasureConfig) -> ScaleField:
    """Return the field of the scale that the settings name; the finest by default."""
    return result.finest if config.scale is None else result.at_scale(Scale.parse(config.scale))
