"""The comparison on phantoms: same phantoms for all, truth and identity to read it by."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Cancelled, InputError
from engine.evaluation.cases import (
    CYCLE_FRAMES,
    WAVELENGTHS_PX,
    beat_frames,
    phantom_cases,
)
from engine.evaluation.phantom import evaluate_phantoms
from engine.evaluation.records import Column, Evaluation, EvaluationConfig, Row
from engine.evaluation.tables import markdown, mean_rows, write_evaluation
from engine.evaluation.wavelengths import responses
from engine.phantom import make_phantom
from engine.progress import NullProgress, RecordingProgress

CONFIG = EvaluationConfig(
    methods=("identity", "dis"),
    cases=("rigid", "regional"),
    noises=("standard",),
    seeds=2,
    pairs=3,
    size=(96, 128),
    amplitudes=(1.5,),
    oracle=False,
)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate_phantoms(CONFIG, NullProgress())


def test_identity_errs_by_the_whole_motion_and_the_truth_by_nothing(
    evaluation: Evaluation,
) -> None:
    for row in evaluation.select(method="identity"):
        assert row.values["endpoint error"] == pytest.approx(row.values["motion"], rel=1e-5)
        assert row.values["carried points"] == pytest.approx(row.values["carried way"], rel=1e-5)
        assert row.values["inverse consistency"] == 0
    for row in evaluation.select(method="truth"):
        assert row.values["endpoint error"] == 0


def test_a_real_method_beats_the_identity_on_every_case(evaluation: Evaluation) -> None:
    for still in evaluation.select(method="identity"):
        (found,) = (
            row
            for row in evaluation.select(case=still.case, method="dis")
            if row.seed == still.seed
        )
        assert found.values["endpoint error"] < 0.5 * still.values["endpoint error"]
        assert found.values["motion"] == still.values["motion"]


def test_every_case_seed_and_method_has_its_row(evaluation: Evaluation) -> None:
    assert len(evaluation.rows) == 2 * 2 * 3
    assert {row.seed for row in evaluation.rows} == {0, 1}


def test_the_asked_motion_is_that_of_the_fastest_pair() -> None:
    for case in phantom_cases(CONFIG):
        phantom = make_phantom(case.config)
        lengths = (phantom.displacement**2).sum(axis=1) ** 0.5
        fastest = max(
            float(length[mask].mean())
            for length, mask in zip(lengths, phantom.mask[1:], strict=True)
        )
        assert fastest < 1.7


def test_the_oracle_lies_between_the_truth_and_the_identity() -> None:
    config = replace(CONFIG, methods=("identity",), cases=("rigid",), seeds=1, oracle=True)
    rows = {row.method: row.values for row in evaluate_phantoms(config, NullProgress()).rows}
    assert 0 < rows["oracle"]["endpoint error"] < rows["identity"]["endpoint error"]


def test_tables_are_written_and_read_back(evaluation: Evaluation, tmp_path: Path) -> None:
    table, text, figure, pairs = write_evaluation(evaluation, tmp_path / "new", "phantoms")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(evaluation.rows)
    assert float(rows[1]["endpoint error (px)"]) == evaluation.rows[1].values["endpoint error"]
    assert figure.read_bytes().startswith(b"\x89PNG")
    words = text.read_text(encoding="utf-8")
    assert words == markdown(evaluation)
    assert "| truth |" in words
    assert "**" in next(line for line in words.splitlines() if line.startswith("| dis"))
    assert not [path for path in (tmp_path / "new").iterdir() if path.name.startswith(".")]
    with pairs.open(newline="", encoding="utf-8") as file:
        single = list(csv.DictReader(file))
    assert len(single) == CONFIG.pairs * sum(bool(row.pairs) for row in evaluation.rows)
    first = [line for line in single if line["method"] == "identity"][: CONFIG.pairs]
    assert [line["pair"] for line in first] == ["0", "1", "2"]
    least, most = (
        choose(float(line["endpoint error (px)"]) for line in first) for choose in (min, max)
    )
    row = evaluation.select(method="identity")[0]
    assert least <= row.values["endpoint error"] <= most


def test_a_short_run_of_pairs_holds_motion_and_a_long_one_the_whole_systole() -> None:
    for pairs, least_way_px in ((2, 0.3), (6, 4.5)):
        config = replace(CONFIG, cases=("regional",), amplitudes=(), seeds=1, pairs=pairs)
        (case,) = phantom_cases(config)
        phantom = make_phantom(case.config)
        lengths = (phantom.displacement**2).sum(axis=1) ** 0.5
        way = sum(
            float(length[mask].mean())
            for length, mask in zip(lengths, phantom.mask[1:], strict=True)
        )
        assert way > least_way_px
    assert phantom.es_frame == 6
    assert beat_frames(24) == beat_frames(100) == CYCLE_FRAMES


def test_the_amplitude_stands_against_the_wavelength(tmp_path: Path) -> None:
    config = replace(
        CONFIG, cases=("sinusoid",), amplitudes=(), seeds=1, pairs=2, consistency=False
    )
    evaluation = evaluate_phantoms(config, NullProgress())
    (response,) = responses(mean_rows(evaluation.rows))
    assert response.case == "sinusoid"
    assert response.wavelengths_px == WAVELENGTHS_PX
    assert list(response.amplitudes) == ["dis 1"]
    found = response.amplitudes["dis 1"]
    assert found[0] < 0.5 < found[-1]
    words = markdown(evaluation)
    assert "| method | 8 px | 16 px | 32 px | 64 px | 128 px |" in words
    assert (tmp_path / "waves.png") in write_evaluation(evaluation, tmp_path, "waves")


def test_large_numbers_are_written_out() -> None:
    column = Column("memory", "MiB")
    rows = (Row("case", "dis", "1", "", 0, {"memory": 1134.4}),)
    assert "| 1134 |" in markdown(Evaluation("E", (column,), rows)).replace("**", "")


def test_it_can_be_cancelled() -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        evaluate_phantoms(CONFIG, progress)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="apical"):
        EvaluationConfig(cases=("brain",))
    with pytest.raises(InputError, match="Choose among"):
        evaluate_phantoms(EvaluationConfig(methods=("nonsense",)), NullProgress())
    with pytest.raises(InputError, match="preset"):
        evaluate_phantoms(EvaluationConfig(methods=("dis@fancy",)), NullProgress())
