"""Tables are read back by Python's own readers and hold what was measured."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
from pathlib import Path

import pytest
from synthetic_results import drift_result, some_measurements

from engine.errors import OutputError
from engine.export.notices import NOT_REVIEWED, RESEARCH_USE
from engine.export.tables import write_csv, write_summary
from engine.model import Measurement, Measurements, Target


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_has_the_columns_and_full_precision_of_the_contract(tmp_path: Path) -> None:
    measurements = some_measurements()
    write_csv(tmp_path / "measurements.csv", measurements)
    header = (tmp_path / "measurements.csv").read_text().splitlines()[0]
    assert header == "quantity,definition,region,frame,time_s,value,unit,trust"
    rows = _read(tmp_path / "measurements.csv")
    assert [float(row["value"]) for row in rows] == [row.value for row in measurements.rows]
    assert rows[0]["frame"] == "6"
    assert float(rows[0]["time_s"]) == 0.12
    assert float(rows[0]["trust"]) == 0.75
    assert rows[2]["definition"] == "end-systolic, midwall, Lagrangian"


def test_csv_leaves_blank_what_is_unknown_but_never_a_value(tmp_path: Path) -> None:
    rows = (
        Measurement("drift", "raw", "global", 0.5, "%"),
        Measurement("sphericity", "length / width", "vortex-1", float("nan"), "", 3),
    )
    write_csv(tmp_path / "m.csv", Measurements(rows))
    read = _read(tmp_path / "m.csv")
    assert len(read) == 1, "a value that does not exist has no row"
    assert (read[0]["frame"], read[0]["time_s"], read[0]["trust"]) == ("", "", "")


def test_summary_tells_fit_settings_provenance_and_warnings(tmp_path: Path) -> None:
    result = drift_result(config={"preset": "default", "scales": ("1_2", "1")})
    write_summary(tmp_path / "summary.json", result, some_measurements())
    read = json.loads((tmp_path / "summary.json").read_text())
    assert read["notice"] == RESEARCH_USE
    assert read["scales"]["1"] == {
        "seconds": 1.5,
        "steps": 20,
        "mse": 1e-3,
        "nlcc": 0.5,
        "folding_percent": 0.0,
    }
    assert read["scales"]["1/2"]["folding_percent"] is None, "unknown is null, not NaN"
    assert read["config"] == {"preset": "default", "scales": ["1_2", "1"]}
    assert read["source"]["sha256"] == result.source_sha256
    assert [value["quantity"] for value in read["values"]] == ["ls_a4c"]
    assert read["warnings"] == [NOT_REVIEWED, "ES from the smallest cavity area: a surrogate."]
    assert read["omitted"] == [{"what": "vortex", "why": "The tissue was tracked, not the blood."}]


def test_warnings_are_told_once_and_want_of_contrast_first(tmp_path: Path) -> None:
    result = drift_result(target=Target.BLOOD, notices=("Batch halved.", "Batch halved."))
    told = dataclasses.replace(
        some_measurements(), warnings=("Below 40 frames/s.", "No trackable contrast.")
    )
    write_summary(tmp_path / "s.json", result, told)
    warnings = json.loads((tmp_path / "s.json").read_text())["warnings"]
    assert warnings == ["No trackable contrast.", "Below 40 frames/s.", "Batch halved."]


def test_a_full_disk_leaves_the_old_table_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "measurements.csv"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError, match="disk is full"):
        write_csv(path, some_measurements())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "nothing half-written stays"
