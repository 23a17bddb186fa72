"""A cohort: what fails tells why and stops nothing, what is finished is kept, views combine."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import pipeline
from engine.cohort import (
    CohortConfig,
    CohortLoop,
    CohortResult,
    LoopOutcome,
    Status,
    read_cohort,
    run_cohort,
    workers,
)
from engine.cohort.run import combine_study
from engine.config import MaskConfig, ReportConfig, TrackingConfig
from engine.errors import Cancelled, InputError
from engine.export.tables import write_csv
from engine.io.dicom_write import write_dicom
from engine.model import Contours, View
from engine.phantom import PhantomConfig, PhantomKind, make_phantom
from engine.progress import NullProgress, RecordingProgress


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three loops, one of them damaged, and a list of them."""
    folder = tmp_path_factory.mktemp("studies")
    small = PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=4, cycle_frames=24)
    cine = make_phantom(small).cine
    for name in ("one", "two"):
        write_dicom(folder / name / "a.dcm", cine)
    (folder / "two" / "b.dcm").write_bytes((folder / "one" / "a.dcm").read_bytes()[:3000])
    (folder / "notes.txt").write_text("no loop", encoding="utf-8")
    (folder / "list.csv").write_text(
        "loop,study,view,target,ed,es,frames\n"
        "one/a.dcm,first,A4C,tissue,0,3,0:4\n"
        "two/b.dcm,first,A2C,,,,\n"
        "two/a.dcm,second,A9C,,,,\n"
        "two/a.dcm,second,,,,,x\n"
        "gone.dcm,third,,,,,\n",
        encoding="utf-8",
    )
    return folder


def settings(out: Path, **changes: Any) -> CohortConfig:
    """Return quick settings: one pass of an optical flow, and the table alone."""
    return CohortConfig(
        out,
        tracking=TrackingConfig(method="dis"),
        report=ReportConfig(movie=False, pdf=False, figures=False),
        **changes,
    )


def statuses(result: CohortResult) -> list[Status]:
    """Return what became of the loops."""
    return [outcome.status for outcome in result.outcomes]


def table(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_gives_every_loop_in_it(studies: Path) -> None:
    found = [(loop.study, loop.name) for loop in read_cohort(studies)]
    assert found[:2] == [("one", "a"), ("two", "a")]
    assert ("study", "notes") not in found


@pytest.mark.parametrize("inside", ["results", "."])
def test_results_among_the_loops_are_no_loops_of_the_next_run(tmp_path: Path, inside: str) -> None:
    small = PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=2, cycle_frames=24)
    write_dicom(tmp_path / "one" / "a.dcm", make_phantom(small).cine)
    out = tmp_path / inside
    before = read_cohort(tmp_path, out)
    made = out / before[0].study / before[0].name
    made.mkdir(parents=True)
    (made / "overlay.dcm").write_bytes((tmp_path / "one" / "a.dcm").read_bytes())
    (made / "finished.json").write_text("{}", encoding="utf-8")
    assert read_cohort(tmp_path, out) == before
    assert len(before) == 1


def test_a_list_as_spreadsheets_write_it_where_the_comma_is_the_decimal_sign(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.csv"
    text = "loop;view;spacing_x_mm;spacing_y_mm\na.npz;A4C;0,3;0,25\n"
    path.write_text(text, encoding="utf-8-sig")
    (loop,) = read_cohort(path)
    assert (loop.view, loop.reading.spacing_mm) == (View.A4C, (0.3, 0.25))
    path.write_bytes(text.encode("utf-16"))
    with pytest.raises(InputError, match="CSV in UTF-8"):
        read_cohort(path)


def test_a_line_that_cannot_be_used_keeps_its_reason(studies: Path) -> None:
    loops = read_cohort(studies / "list.csv")
    assert [bool(loop.problem) for loop in loops] == [False, False, True, True, False]
    assert "A9C" in loops[2].problem
    assert [loop.name for loop in loops[2:4]] == ["a", "a-2"]
    assert loops[0].reading.frames == (0, 4)
    assert loops[0].mask.ed_frame == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("path\na.dcm\n", "loop"), ("loop,colour\na.dcm,red\n", "colour"), ("loop\n", "no loop")],
)
def test_a_list_of_another_kind_says_its_columns(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_cohort(path)


def test_what_fails_stops_nothing_and_what_is_finished_is_kept(
    studies: Path, tmp_path: Path
) -> None:
    loops, config = read_cohort(studies / "list.csv"), settings(tmp_path)
    progress = RecordingProgress()
    result = run_cohort(loops, config, progress)
    assert statuses(result) == [Status.DONE, *[Status.FAILED] * 4]
    assert [step.done for step in progress.steps if step.stage == "cohort"] == [1, 2, 3, 4, 5]
    lines = table(tmp_path / "cohort.csv")
    assert [line["status"] for line in lines] == ["done", *["failed"] * 4]
    assert float(lines[0]["ls_a4c"]) == pytest.approx(
        next(row.value for row in result.outcomes[0].values if row.quantity == "ls_a4c")
    )
    assert "A9C" in lines[2]["message"]
    assert "gone.dcm" in lines[4]["message"]
    assert {line["study"] for line in table(tmp_path / "studies.csv")} == {
        "first", "second", "third",
    }  # fmt: skip
    before = (tmp_path / "first" / "a" / "result.h5").stat().st_mtime_ns
    again = run_cohort(loops, config, NullProgress())
    assert statuses(again) == [Status.KEPT, *[Status.FAILED] * 4]
    assert again.outcomes[0].values == result.outcomes[0].values
    assert (tmp_path / "first" / "a" / "result.h5").stat().st_mtime_ns == before
    changed = dataclasses.replace(config, tracking=TrackingConfig(method="farneback"))
    assert statuses(run_cohort(loops[:1], changed, NullProgress())) == [Status.DONE]


def test_a_result_reviewed_since_is_measured_anew_and_not_tracked(
    studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops, config = read_cohort(studies / "list.csv")[:1], settings(tmp_path)
    run_cohort(loops, config, NullProgress())
    path = tmp_path / "first" / "a" / "result.h5"
    result = pipeline.read_result(path)
    pipeline.write_result(path, dataclasses.replace(result, reviewed=True))
    monkeypatch.delattr(pipeline, "track")
    assert statuses(run_cohort(loops, config, NullProgress())) == [Status.DONE]
    assert pipeline.read_result(path).reviewed


def test_rejected_segments_leave_the_values_and_are_measured_anew(
    studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = read_cohort(studies / "list.csv")[:1]
    before = run_cohort(plain, settings(tmp_path), NullProgress()).outcomes[0].values
    reviewed = studies / "reviewed.csv"
    reviewed.write_text(
        "loop,study,view,target,ed,es,frames,exclude\n"
        "one/a.dcm,first,A4C,tissue,0,3,0:4,Basal inferoseptal; apical_anterolateral\n",
        encoding="utf-8",
    )
    loops = read_cohort(reviewed)
    assert loops[0].excluded == ("basal_inferoseptal", "apical_anterolateral")
    monkeypatch.delattr(pipeline, "track")
    outcome = run_cohort(loops, settings(tmp_path), NullProgress()).outcomes[0]
    assert outcome.status is Status.DONE
    regions = {row.region for row in outcome.values if row.quantity == "ls_a4c"}
    assert not regions & set(loops[0].excluded)
    assert {row.region for row in before if row.quantity == "ls_a4c"} - regions == set(
        loops[0].excluded
    )
    strange = dataclasses.replace(loops[0], excluded=("seventh_heaven",))
    failed = run_cohort([strange], settings(tmp_path), NullProgress()).outcomes[0]
    assert failed.status is Status.FAILED
    assert "seventh_heaven" in failed.sentence


def test_a_study_whose_contours_rest_gets_the_volumes_of_the_wall_that_was_followed(
    tmp_path: Path,
) -> None:
    small = PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=14, cycle_frames=26)
    phantom = make_phantom(small)
    mask = pipeline.build_mask(phantom.cine, MaskConfig(ed_frame=0, es_frame=9), NullProgress())
    assert mask.contours is not None
    still = Contours(*(np.repeat(item[:1], 14, axis=0) for item in (
        mask.contours.endocardial, mask.contours.epicardial
    )))  # fmt: skip
    fields = TrackingConfig(method="dis", scales=("1",))
    tracked = pipeline.track(phantom.cine, mask, fields, NullProgress())
    config, outcomes = settings(tmp_path), []
    for view in (View.A4C, View.A2C):
        loop = CohortLoop(tmp_path / "gone.dcm", study="one", name=view.value, view=view)
        folder = tmp_path / "one" / view.value
        result = dataclasses.replace(tracked, contours=still, view=view)
        pipeline.write_result(folder / "result.h5", result)
        rows = pipeline.measure(result, config.measure, NullProgress())
        write_csv(folder / "measurements.csv", rows)
        outcomes.append(LoopOutcome(loop, Status.DONE))
    study = combine_study(outcomes, config)
    (alone,) = rows.select("ejection_fraction")
    (both,) = study.select("ejection_fraction")
    assert "Biplane" in both.definition
    assert both.value == pytest.approx(alone.value, abs=0.5), "the same picture twice"


def test_a_stop_is_obeyed_between_loops(studies: Path, tmp_path: Path) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        run_cohort(read_cohort(studies), settings(tmp_path), progress)
    assert not list(tmp_path.rglob("*.csv"))


def test_processes_give_what_one_gives(studies: Path, tmp_path: Path) -> None:
    loops = read_cohort(studies / "list.csv")[:2]
    alone = run_cohort(loops, settings(tmp_path / "alone"), NullProgress())
    shared = run_cohort(loops, settings(tmp_path / "shared", workers=2), NullProgress())
    assert statuses(shared) == statuses(alone)
    assert shared.outcomes[0].values == alone.outcomes[0].values


def test_a_process_that_dies_costs_its_own_loop_alone(
    studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = read_cohort(studies / "list.csv")[:2]

    def pool(
        items: Any, config: CohortConfig, count: int, progress: Any
    ) -> Iterator[workers.LoopOutcome]:
        if loops[1] in items:
            raise BrokenProcessPool("killed")
        for item in items:
            yield workers.run_loop(item, config, progress)

    monkeypatch.setattr(workers, "_in_pool", pool)
    result = run_cohort(loops, settings(tmp_path, workers=2), NullProgress())
    assert statuses(result) == [Status.DONE, Status.FAILED]
    assert "memory" in result.outcomes[1].sentence
