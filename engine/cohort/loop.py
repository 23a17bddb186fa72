"""One loop of a cohort, from file to report; what is finished already is kept."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import time
from pathlib import Path

from engine import pipeline
from engine.cohort.listing import FINISHED
from engine.cohort.values import CohortConfig, CohortLoop, LoopOutcome, Status
from engine.errors import Cancelled, MyofluxError
from engine.io.atomic import require_room, write_text
from engine.io.reader import require_trackable
from engine.io.result_file import expected_size
from engine.model import Measurement, TrackingResult
from engine.progress import Progress

RESULT, MEASUREMENTS = "result.h5", "measurements.csv"


def run_loop(loop: CohortLoop, config: CohortConfig, progress: Progress) -> LoopOutcome:
    """Track, measure and report one loop, unless an earlier run has done so.

    A result that was reviewed since is kept, and measured and reported anew.

    Args:
        loop: The loop.
        config: Where and how.
        progress: Told of every step; may cancel.

    Returns:
        What became of it; an error of this loop is a sentence there, never raised.

    Raises:
        Cancelled: If a stop was asked for.
    """
    start = time.perf_counter()
    folder = loop_folder(loop, config)
    try:
        if loop.problem:
            return LoopOutcome(loop, Status.FAILED, loop.problem)
        if _is_finished(loop, config):
            return LoopOutcome(loop, Status.KEPT, values=_values(folder))
        result = _tracked(loop, config, progress)
        trust = pipeline.trust_map(result, progress=progress)
        measuring = dataclasses.replace(config.measure, excluded=loop.excluded)
        measurements = pipeline.measure(result, measuring, progress, trust=trust)
        pipeline.report(result, measurements, folder, config.report, progress, trust=trust)
        write_text(folder / FINISHED, json.dumps(_marks(loop, config), indent=2) + "\n")
    except Cancelled:
        raise
    except (MyofluxError, OSError, MemoryError) as error:
        sentence = " ".join((str(error) or "Not enough memory.").split())
        seconds = time.perf_counter() - start
        return LoopOutcome(loop, Status.FAILED, sentence, seconds)
    sentence = next(iter(measurements.warnings), "")
    seconds = time.perf_counter() - start
    return LoopOutcome(loop, Status.DONE, sentence, seconds, _values(folder))


def loop_folder(loop: CohortLoop, config: CohortConfig) -> Path:
    """Return the folder of a loop's results."""
    return config.out / loop.study / loop.name


def read_values(path: Path) -> tuple[Measurement, ...]:
    """Return the rows of a ``measurements.csv``.

    Args:
        path: As ``engine.export.tables.write_csv`` writes it.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(_row(line) for line in csv.DictReader(file))


def _tracked(loop: CohortLoop, config: CohortConfig, progress: Progress) -> TrackingResult:
    """Return the loop's result: the one that is there if it is of these settings, or a new one."""
    path = loop_folder(loop, config) / RESULT
    marks = _read_marks(loop, config)
    if path.exists() and marks.get("settings") == _settings(loop, config):
        return pipeline.read_result(path)
    (path.parent / FINISHED).unlink(missing_ok=True)
    cine = pipeline.read_cine(loop.path, loop.reading, progress)
    require_trackable(cine)
    require_room(path.parent, expected_size(cine.shape, len(config.tracking.scales)))
    mask = pipeline.build_mask(cine, loop.mask, progress)
    tracking = dataclasses.replace(config.tracking, target=loop.target)
    result = pipeline.track(cine, mask, tracking, progress, view=loop.view)
    pipeline.write_result(path, result, progress)
    return result


def _is_finished(loop: CohortLoop, config: CohortConfig) -> bool:
    """Return whether all was written, with these settings, and the result is as it was then."""
    folder = loop_folder(loop, config)
    there = all((folder / name).exists() for name in (RESULT, MEASUREMENTS))
    return there and _read_marks(loop, config) == _marks(loop, config)


def _read_marks(loop: CohortLoop, config: CohortConfig) -> dict[str, str]:
    try:
        text = (loop_folder(loop, config) / FINISHED).read_text(encoding="utf-8")
        marks = json.loads(text)
    except (OSError, ValueError):
        return {}
    return marks if isinstance(marks, dict) else {}


def _marks(loop: CohortLoop, config: CohortConfig) -> dict[str, str]:
    return {
        "settings": _settings(loop, config),
        "measuring": _digest(repr((config.measure, config.report, loop.excluded))),
        "result": _stamp(loop_folder(loop, config) / RESULT),
    }


def _settings(loop: CohortLoop, config: CohortConfig) -> str:
    """Return a digest of what decides a result: the file, its options, the tracking."""
    file = loop.mask.file
    parts = (
        _stamp(loop.path),
        "" if file is None else _stamp(file),
        loop.reading,
        loop.mask,
        loop.view,
        dataclasses.replace(config.tracking, target=loop.target, reserve_cores=0),
    )
    return _digest(repr(parts))


def _stamp(path: Path) -> str:
    """Return size and time of a file or folder, which change when it does."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _values(folder: Path) -> tuple[Measurement, ...]:
    rows = read_values(folder / MEASUREMENTS)
    return tuple(row for row in rows if row.frame is None)


def _row(line: dict[str, str]) -> Measurement:
    frame, moment, trust = line["frame"], line["time_s"], line["trust"]
    return Measurement(
        quantity=line["quantity"],
        definition=line["definition"],
        region=line["region"],
        value=float(line["value"]),
        unit=line["unit"],
        frame=int(frame) if frame else None,
        time_s=float(moment) if moment else None,
        trust=float(trust) if trust else None,
    )
