"""Measure the result of the current loop, and leave out what the review rejected."""

from __future__ import annotations

import dataclasses

from app.context import Context
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import Measurements
from engine.progress import Progress

KIND = "measure"


def measure(context: Context, config: MeasureConfig | None = None) -> None:
    """Start the measurement in the background.

    Raises:
        InputError: If the loop is not tracked yet.
    """
    loop = context.session.loop
    if loop is None or loop.result is None:
        raise InputError("Track the loop before measuring it.")
    result, settings = loop.result, config or MeasureConfig()

    def work(progress: Progress) -> Measurements:
        return context.verbs.measure(result, settings, progress)

    def show(measurements: Measurements) -> None:
        now = context.session.get(loop.loop_id)
        if now is not None and now.result is result:
            context.session.update(loop.loop_id, measurements=measurements)

    context.jobs.start("Measuring", work, show, kind=KIND)


def without_rejected(measurements: Measurements, rejected: frozenset[str]) -> Measurements:
    """Return the measurements without the segments that a person rejected; it says which."""
    if not rejected:
        return measurements
    rows = tuple(row for row in measurements.rows if row.region not in rejected)
    names = ", ".join(sorted(name.replace("_", " ") for name in rejected))
    warnings = [f"Excluded after review: {names}."]
    if len(rejected) > 2:
        warnings.append("More than two segments of the view were rejected: no GLS may be formed.")
    return dataclasses.replace(
        measurements, rows=rows, warnings=(*warnings, *measurements.warnings)
    )
