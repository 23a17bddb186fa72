"""Measurements as a tidy table, and the summary of a run as JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.cycle import origin_words
from engine.export.notices import RESEARCH_USE, reader_warnings
from engine.io.atomic import atomic_path
from engine.model import Measurement, Measurements, ScaleField, TrackingResult

COLUMNS: Final = (
    "quantity",
    "definition",
    "region",
    "frame",
    "time_s",
    "value",
    "unit",
    "trust",
)


def write_csv(path: Path, measurements: Measurements) -> None:
    """Write one line a value, in the columns of the contract, with full precision.

    A line always has a value: rows that are not finite are left out. ``frame``, ``time_s`` and
    ``trust`` stay blank where they do not apply or are unknown.

    Args:
        path: Of the CSV (UTF-8, comma, one header line).
        measurements: The values.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_line(row) for row in measurements.rows if math.isfinite(row.value))


def write_summary(path: Path, result: TrackingResult, measurements: Measurements) -> None:
    """Write what was done and found: settings, provenance, fit per scale, key values, warnings.

    Args:
        path: Of the JSON file.
        result: What was tracked.
        measurements: What was measured.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    text = json.dumps(summary(result, measurements), indent=2, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def summary(result: TrackingResult, measurements: Measurements) -> dict[str, Any]:
    """Return the summary as plain JSON values; numbers that do not exist are null."""
    frames, height, width = result.mask.shape
    return {
        "notice": RESEARCH_USE,
        "software_version": result.software_version,
        "source": {"name": result.source_name, "sha256": result.source_sha256},
        "method": result.method,
        "target": str(result.target),
        "seed": result.seed,
        "view": None if result.view is None else str(result.view),
        "reviewed": result.reviewed,
        "frames": frames,
        "first_frame": result.first_frame,
        "size_px": {"width": width, "height": height},
        "spacing_mm": None if result.spacing_mm is None else list(result.spacing_mm),
        "frame_times_s": (
            None if result.frame_times_s is None else [float(time) for time in result.frame_times_s]
        ),
        "r_times_s": plain(result.r_times_s),
        "ed_frame": result.ed_frame,
        "ed_origin": None if result.ed_frame is None else origin_words(result.mark_origins[0]),
        "es_frame": result.es_frame,
        "es_origin": None if result.es_frame is None else origin_words(result.mark_origins[1]),
        "config": plain(result.config),
        "scales": {item.scale.label: _fit(item) for item in result.fields},
        "values": [_value(row) for row in measurements.rows if row.frame is None],
        "warnings": list(reader_warnings(result, measurements)),
        "omitted": [{"what": what, "why": why} for what, why in measurements.omitted],
    }


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | str | int):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None


def _line(row: Measurement) -> tuple[str, ...]:
    return (
        row.quantity,
        row.definition,
        row.region,
        "" if row.frame is None else str(row.frame),
        "" if row.time_s is None else repr(float(row.time_s)),
        repr(float(row.value)),
        row.unit,
        "" if row.trust is None else repr(float(row.trust)),
    )


def _fit(item: ScaleField) -> dict[str, Any]:
    return {
        "seconds": plain(item.seconds),
        "steps": int(item.steps),
        "mse": plain(item.mse),
        "nlcc": plain(item.nlcc),
        "folding_percent": plain(item.folding),
    }


def _value(row: Measurement) -> dict[str, Any]:
    return {
        "quantity": row.quantity,
        "definition": row.definition,
        "region": row.region,
        "value": plain(row.value),
        "unit": row.unit,
        "trust": plain(row.trust),
    }
