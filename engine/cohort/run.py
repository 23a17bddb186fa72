"""The verb: loops in, results of each and one table out."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from engine import pipeline
from engine.analysis.events import contour_areas
from engine.analysis.strain_words import VIEW_STRAINS
from engine.analysis.study import StudyView, combine
from engine.cohort.loop import MEASUREMENTS, RESULT, loop_folder, read_values
from engine.cohort.values import CohortConfig, CohortLoop, CohortResult, LoopOutcome, Status
from engine.cohort.workers import work_off
from engine.errors import InputError, MyofluxError
from engine.export.moving_wall import with_tracked_wall
from engine.export.tables import write_csv
from engine.io.atomic import atomic_path
from engine.model import Contours, Measurement, Measurements, Target, TrackingResult
from engine.model.view import APICAL
from engine.progress import Progress, Step

KEY: Final = (
    *VIEW_STRAINS, *(f"{name}_peak_systolic" for name in VIEW_STRAINS),
    "strain_circumferential", "drift", "dispersion",
    "ejection_fraction", "heart_rate",
)  # fmt: skip
STUDY_KEY: Final = ("gls", "dispersion", "ejection_fraction")


def run_cohort(
    studies: Sequence[CohortLoop], config: CohortConfig, progress: Progress
) -> CohortResult:
    """Track, measure and report many loops, and combine the views of every study.

    A loop that fails tells why in the table and never stops the others; one that an earlier run
    finished with the same settings is kept. Results that a person has reviewed since are measured
    anew, and give the study's global longitudinal strain where all three apical views are so.

    Args:
        studies: The loops; see ``engine.cohort.read_cohort``.
        config: Where, how, and by how many workers.
        progress: Told of every finished loop, which is a partial ``LoopOutcome``; may cancel.

    Returns:
        One outcome per loop, and the tables written.

    Raises:
        InputError: If there is no loop.
        OutputError: If a table cannot be written.
        Cancelled: If a stop was asked for; finished loops stay and are kept by the next run.
    """
    if not studies:
        raise InputError("The cohort is empty: there is no loop to track.")
    outcomes: dict[CohortLoop, LoopOutcome] = {}
    total = len(studies)
    for outcome in work_off(studies, config, progress):
        outcomes[outcome.loop] = outcome
        progress.partial(outcome)
        done = len(outcomes)
        progress.report(Step("cohort", done, total, outcome.loop.name, fraction=done / total))
    ordered = tuple(outcomes[loop] for loop in studies)
    tables = (config.out / "cohort.csv", config.out / "studies.csv")
    _write_loops(tables[0], ordered)
    _write_studies(tables[1], ordered, config)
    return CohortResult(ordered, tables)


def combine_study(outcomes: Sequence[LoopOutcome], config: CohortConfig) -> Measurements:
    """Return what the views of one study say together; see ``engine.analysis.study``.

    Of two loops of one view the first counts.

    Raises:
        InputError: If no loop of the study has a confirmed apical view.
    """
    views: dict[object, StudyView] = {}
    for outcome in outcomes:
        view = outcome.loop.view
        if outcome.status is Status.FAILED or view not in APICAL or view in views:
            continue
        folder = loop_folder(outcome.loop, config)
        result = pipeline.read_result(folder / RESULT)
        rows = Measurements(read_values(folder / MEASUREMENTS), wall=_followed_wall(result))
        views[view] = StudyView(result, rows, outcome.loop.excluded)
    return combine(tuple(views.values()), config.measure)


def _followed_wall(result: TrackingResult) -> Contours | None:
    """Return the wall that the field carries, where the contours rest and tell no volume.

    The table of a loop holds numbers alone, so its wall is followed once more.
    """
    if result.target is Target.BLOOD or contour_areas(result) is not None:
        return None
    trust = pipeline.trust_map(result).score
    return with_tracked_wall(result, result.finest, trust).contours


def _write_loops(path: Path, outcomes: Iterable[LoopOutcome]) -> None:
    """Write a line a loop; a value that does not exist leaves its place empty."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("study", "loop", "file", "view", "status", "seconds", *KEY, "message"))
        for outcome in outcomes:
            loop = outcome.loop
            view = "" if loop.view is None else loop.view.value
            facts = (loop.study, loop.name, str(loop.path), view, outcome.status.value)
            seconds = f"{outcome.seconds:.1f}"
            writer.writerow((*facts, seconds, *_key_values(outcome.values, KEY), outcome.sentence))


def _write_studies(path: Path, outcomes: Iterable[LoopOutcome], config: CohortConfig) -> None:
    """Write a line a study, and the combined measurements into every study's folder."""
    studies: dict[str, list[LoopOutcome]] = defaultdict(list)
    for outcome in outcomes:
        studies[outcome.loop.study].append(outcome)
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("study", "loops", "failed", *STUDY_KEY, "message"))
        for study, items in studies.items():
            failed = sum(item.status is Status.FAILED for item in items)
            values, message = _combined(items, config)
            writer.writerow((study, len(items), failed, *values, message))


def _combined(outcomes: Sequence[LoopOutcome], config: CohortConfig) -> tuple[list[str], str]:
    """Return a study's key values and why one is missing."""
    try:
        together = combine_study(outcomes, config)
        folder = config.out / outcomes[0].loop.study
        write_csv(folder / MEASUREMENTS, together)
    except InputError:
        return [""] * len(STUDY_KEY), "No loop of the study has a confirmed apical view."
    except MyofluxError as error:
        return [""] * len(STUDY_KEY), str(error)
    reasons = [reason for _, reason in together.omitted]
    return _key_values(together.rows, STUDY_KEY), " ".join((*reasons, *together.warnings))


def _key_values(rows: Iterable[Measurement], keys: Sequence[str]) -> list[str]:
    """Return the first value of each key over the whole contour, as the CSV writes it."""
    found: dict[str, str] = {}
    for row in rows:
        if row.region == "global" and row.frame is None:
            found.setdefault(row.quantity, repr(float(row.value)))
    return [found.get(key, "") for key in keys]
