"""What may name a patient is left out of every file where that is asked for."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
from cli_support import Invoke

NAME = "DOE JANE 1970"


@pytest.fixture
def named(loop: Path, tmp_path: Path) -> Path:
    """The loop under a file name that names a person."""
    path = tmp_path / f"{NAME}.dcm"
    path.write_bytes(loop.read_bytes())
    return path


def test_no_file_names_the_loop_unless_it_may(
    invoke: Invoke, named: Path, wall: Path, tmp_path: Path
) -> None:
    words = ["track", named, "--mask", wall, "--method", "dis", "--out"]
    kept, hidden = tmp_path / "kept", tmp_path / "hidden"
    assert invoke(*words, kept).code == 0
    assert invoke(*words, hidden, "--no-patient-data").code == 0
    assert NAME in (kept / "summary.json").read_text(encoding="utf-8")
    assert NAME not in (hidden / "summary.json").read_text(encoding="utf-8")
    with h5py.File(hidden / "result.h5") as file:
        assert NAME not in str(dict(file.attrs))
        assert file["frames"].shape == (4, 96, 128)
    for folder, there in ((kept, True), (hidden, False)):
        report = tmp_path / f"report-{folder.name}"
        answer = invoke("report", folder / "result.h5", "--out", report, "--no-movie", "--no-pdf")
        assert answer.code == 0, answer.error
        assert (NAME in (report / "summary.json").read_text(encoding="utf-8")) is there


def test_a_report_can_leave_the_name_of_a_result_out(
    invoke: Invoke, named: Path, wall: Path, tmp_path: Path
) -> None:
    words = ["track", named, "--mask", wall, "--method", "dis", "--out", tmp_path]
    assert invoke(*words).code == 0
    report = tmp_path / "report"
    answer = invoke(
        "report", tmp_path / "result.h5", "--out", report, "--no-movie", "--no-patient-data"
    )
    assert answer.code == 0, answer.error
    for path in report.iterdir():
        assert NAME.encode() not in path.read_bytes(), path.name
