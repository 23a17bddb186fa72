"""The verbs from file to report, as a user types them."""

from __future__ import annotations

import csv
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
from cli_support import Invoke
from PIL import Image

from app.cli import VERBS, loaded, main, spread_points, with_verb
from app.commands import demo
from engine import __version__
from engine.phantom import Phantom, PhantomConfig, PhantomKind


def test_help_names_every_verb_in_the_order_of_the_data(invoke: Invoke) -> None:
    answer = invoke("--help")
    places = [answer.out.index(f" {verb} ") for verb in ("info", "mask", "track", "report")]
    assert answer.code == 0
    assert places == sorted(places)
    assert "Research use only" in answer.out


def test_the_version_is_told(invoke: Invoke) -> None:
    answer = invoke("--version")
    assert (answer.code, answer.out) == (0, f"Myoflux {__version__}\n")


def test_help_and_info_do_without_torch(loop: Path) -> None:
    root = Path(__file__).parents[3]
    for words in (["--help"], ["info", str(loop)]):
        code = f"import sys; sys.argv[1:] = {words!r}\nfrom app.cli import main\n"
        code += "try: main()\nfinally: assert 'torch' not in sys.modules"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=root, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stderr


def test_libraries_warn_nobody_and_err_on_one_line() -> None:
    root = Path(__file__).parents[3]
    code = """
import logging, warnings
from app.console import quiet_libraries
quiet_libraries()
warnings.warn("raw")
logging.getLogger("pydicom").warning("raw")
logging.getLogger("PIL").error("first\\nsecond")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
    assert done.stderr == "PIL: first second\n"


def test_every_verb_can_be_loaded() -> None:
    for verb in VERBS:
        assert loaded(verb).help


def test_a_stop_while_loading_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.main", stop)
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(Path(__file__).parents[3] / "main.py"), run_name="__main__")
    assert left.value.code == 130
    assert capfd.readouterr().err == (
        "Error: Stopped at your request. Nothing half-written was left.\n"
    )


def test_info_tells_what_was_read(invoke: Invoke, loop: Path, phantom: Phantom) -> None:
    answer = invoke("info", loop, "--frames", "1:3")
    facts = json.loads(answer.out)
    assert answer.code == 0
    assert len(facts["sha256"]) == 64
    np.testing.assert_allclose(facts["spacing_mm"], phantom.cine.spacing_mm)


def test_track_writes_the_result_file_of_the_contract(tracked: Path, phantom: Phantom) -> None:
    with h5py.File(tracked) as file:
        assert list(file["scales"]) == ["1_4", "1_8"]
        displacement = file["scales/1_4/displacement"]
        assert displacement.shape == (3, 2, 96, 128)
        assert displacement.dtype == np.float32
        assert file.attrs["view"] == "A4C"
        np.testing.assert_array_equal(file["mask"][:].astype(bool), phantom.mask)
    summary = json.loads((tracked.parent / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["scales"]) == ["1/8", "1/4"]
    assert summary["omitted"][0]["what"] == "measurements"
    assert any("at scale 1/4 most of its motion is lost" in text for text in summary["warnings"])


def test_a_note_is_told_once(invoke: Invoke, loop: Path, wall: Path, tmp_path: Path) -> None:
    words = ("--mask", wall, "--preset", "preview", "--method", "dis")
    answer = invoke("track", loop, "--out", tmp_path, *words)
    assert answer.code == 0, answer.error
    said = " ".join((answer.out + answer.error).split())
    assert said.count("at scale 1/4 most of its motion is lost") == 1


def test_report_writes_table_summary_video_pictures_and_pdf(
    invoke: Invoke, tracked: Path, tmp_path: Path
) -> None:
    answer = invoke("report", tracked, "--out", tmp_path)
    assert answer.code == 0, answer.error
    with (tmp_path / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"speed_mean", "vorticity_mean"} <= {row["quantity"] for row in rows}
    assert all(row["value"] and row["unit"] is not None for row in rows)
    with av.open(str(tmp_path / "overlay.mp4")) as movie:
        assert movie.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in movie.decode(video=0)) == 4
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    for name in ("field-1_8.png", "field-1_4.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["view"] == "A4C"
    for name in ("measurements.csv", "overlay.mp4", "report.pdf"):
        assert name in answer.out


def test_mask_writes_mask_contours_and_video_that_track_takes(
    invoke: Invoke, loop: Path, tmp_path: Path
) -> None:
    answer = invoke("mask", loop, "--out", tmp_path, "--ed", "0", "--es", "3")
    assert answer.code == 0, answer.error
    with np.load(tmp_path / "mask.npz") as stored:
        assert stored["mask"].shape == (4, 96, 128)
    with av.open(str(tmp_path / "mask.mp4")) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 4
        frame = movie.streams.video[0]
        size = (3 * frame.width, frame.height)
    with Image.open(tmp_path / "mask.png") as picture:
        assert picture.size == size, "three frames side by side"
    contours = tmp_path / "contours.json"
    assert contours.exists()
    again = tmp_path / "again"
    answer = invoke("track", loop, "--contours", contours, "--out", again, "--method", "dis")
    assert answer.code == 0, answer.error
    with h5py.File(again / "result.h5") as file:
        assert file["contours/endocardial"].shape[0] == 4


def test_points_follow_one_another_after_their_option() -> None:
    words = ["mask", "a.dcm", "--points", "1,2", "3,4.5", "5,6", "--out", "x"]
    assert spread_points(words) == [
        "mask", "a.dcm", "--points", "1,2", "--points", "3,4.5", "--points", "5,6", "--out", "x",
    ]  # fmt: skip
    once = ["--points", "1,2", "--points", "3,4", "b.dcm"]
    assert spread_points(once) == once


@pytest.mark.parametrize(
    ("words", "full"),
    [
        ([], ["window"]),
        (["loop.dcm"], ["window", "loop.dcm"]),
        (["track", "loop.dcm"], ["track", "loop.dcm"]),
        (["--help"], ["--help"]),
    ],
)
def test_a_first_word_that_is_no_verb_is_the_loop(words: list[str], full: list[str]) -> None:
    assert with_verb(words, ("window", "track")) == full


def test_without_a_screen_the_window_says_so(
    loop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["main.py", str(loop)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "no screen" in capsys.readouterr().err


def test_without_qt_the_window_says_so(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "app.application", None)
    answer = invoke("window")
    assert answer.code == 2
    assert "Qt" in answer.sentence


def test_demo_goes_the_whole_way_twice(
    invoke: Invoke, loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_bundled_dicom", lambda: loop)
    small = PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=4, cycle_frames=24)
    monkeypatch.setattr(demo, "PHANTOM", small)
    answer = invoke("demo", "--out", tmp_path, "--preset", "preview")
    assert answer.code == 0, answer.error
    wanted = {"result.h5", "summary.json", "measurements.csv", "overlay.mp4", "report.pdf"}
    for folder in ("dicom", "phantom"):
        names = {path.name for path in (tmp_path / folder).iterdir()}
        assert wanted | {"field-1_8.png", "field-1_4.png"} <= names
    for head in ("time, s", "MSE", "NLCC", "folding, %", "error, px", "error, mm"):
        assert head in answer.out


def test_a_cohort_whose_loops_partly_fail_says_which_and_why_and_ends_with_three(
    invoke: Invoke, loop: Path, wall: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.dcm").write_bytes(loop.read_bytes()[:3000])
    listed = f"loop,study,mask\n{loop},good,{wall}\nbroken.dcm,bad,\ngone.dcm,bad,\n"
    (tmp_path / "list.csv").write_text(listed, encoding="utf-8")
    quick = ("--preset", "preview", "--no-movie", "--no-pdf")
    answer = invoke("cohort", tmp_path / "list.csv", "--out", tmp_path / "out", *quick)
    assert answer.code == 3
    assert "1 of 3 loops done" in answer.out
    told = " ".join(answer.error.split())
    assert "2 failed" in told
    assert "bad/broken" in told
    assert "gone.dcm" in told
    assert (tmp_path / "out" / "cohort.csv").exists()
    (tmp_path / "list.csv").write_text(f"loop,study,mask\n{loop},good,{wall}\n", encoding="utf-8")
    assert invoke("cohort", tmp_path / "list.csv", "--out", tmp_path / "out", *quick).code == 0


def test_a_result_written_over_another_says_that_the_report_is_outdated(
    invoke: Invoke, loop: Path, wall: Path, tmp_path: Path
) -> None:
    words = ("track", loop, "--out", tmp_path, "--mask", wall, "--method", "identity")
    assert "of an earlier result" not in invoke(*words).out
    (tmp_path / "measurements.csv").write_text("quantity\n", encoding="utf-8")
    assert "are of an earlier result: run 'report' again." in invoke(*words).out
