"""``measure``: from a tracking result to the rows of ``measurements.csv``."""

from __future__ import annotations

from engine.analysis.measure_flow import flow_rows
from engine.analysis.rows import RowWriter
from engine.config import MeasureConfig
from engine.model import Measurements, Scale, ScaleField, TrackingResult
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
    return Measurements(tuple(writer.rows), tuple(writer.warnings), tuple(writer.omitted))


def chosen_field(result: TrackingResult, config: MeasureConfig) -> ScaleField:
    """Return the field of the scale that the settings name; the finest by default."""
    return result.finest if config.scale is None else result.at_scale(Scale.parse(config.scale))
