"""Whatever is wrong ends in one sentence on the error stream, exit code 2, and no torn file."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import h5py
import numpy as np
import pytest
import torch
from cli_support import Invoke

from app.cli import main
from app.console import ConsoleProgress
from engine import pipeline


def files_in(folder: Path) -> list[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@contextmanager
def no_space(limit: int) -> Iterator[None]:
    """Let no file grow beyond a limit, so that writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def damaged(kind: str, loop: Path, folder: Path) -> Path:
    """Return a file that cannot be read."""
    path = folder / f"{kind}.dcm"
    content = {
        "empty": b"",
        "corrupt": loop.read_bytes()[:400] + bytes(range(256)) * 8,
        "truncated": loop.read_bytes()[: len(loop.read_bytes()) // 2],
        "text": b"This is no loop at all.\n" * 20,
    }
    if kind != "missing":
        path.write_bytes(content[kind])
    return path


@pytest.mark.filterwarnings("ignore:::pydicom")
@pytest.mark.parametrize("verb", ["info", "track", "mask"])
@pytest.mark.parametrize("kind", ["empty", "corrupt", "truncated", "text", "missing"])
def test_a_file_that_cannot_be_read(
    invoke: Invoke, loop: Path, tmp_path: Path, verb: str, kind: str
) -> None:
    path, out = damaged(kind, loop, tmp_path), tmp_path / "out"
    answer = invoke(verb, path, *(() if verb == "info" else ("--out", out)))
    assert answer.code == 2
    assert path.name in answer.sentence
    assert not out.exists()


def test_one_frame_is_no_loop(invoke: Invoke, one_frame: Path, tmp_path: Path) -> None:
    answer = invoke("track", one_frame, "--out", tmp_path / "out", "--mask-method", "paper")
    assert answer.code == 2
    assert "1 frame" in answer.sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shape", [(4, 1, 1), (4, 3, 600), (4, 15, 40)])
def test_a_picture_too_small_to_track_is_told(
    invoke: Invoke, tmp_path: Path, shape: tuple[int, int, int]
) -> None:
    frames = np.random.default_rng(1).integers(1, 255, shape, dtype=np.uint8)
    np.savez(tmp_path / "small.npz", frames=frames)
    words = ("--mask-method", "paper", "--method", "dis", "--scales", "1")
    answer = invoke("track", tmp_path / "small.npz", "--out", tmp_path / "out", *words)
    assert answer.code == 2
    assert "tracking needs 16 or more" in answer.sentence


@pytest.mark.parametrize("broken", ["", "[NaN, 0.1]"])
def test_r_waves_that_are_no_numbers_do_no_harm(
    invoke: Invoke, tracked: Path, tmp_path: Path, broken: str
) -> None:
    path = tmp_path / "result.h5"
    path.write_bytes(tracked.read_bytes())
    with h5py.File(path, "a") as file:
        file.attrs["r_times_s"] = np.array([np.nan, 0.02]) if broken else "none"
        file.attrs["config"] = '{"source": {"heart_rate_bpm": NaN}}'
    quick = ("--no-movie", "--no-pdf", "--no-figures")
    assert invoke("report", path, "--out", tmp_path / "out", *quick).code == 0


@pytest.mark.parametrize(
    ("shape", "value", "word"), [((96, 128), 0, "empty"), ((64, 64), 255, "64")]
)
def test_a_mask_that_does_not_fit(
    invoke: Invoke, loop: Path, tmp_path: Path, shape: tuple[int, int], value: int, word: str
) -> None:
    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.full(shape, value, np.uint8))
    answer = invoke("track", loop, "--mask", mask, "--out", tmp_path / "out")
    assert answer.code == 2
    assert word in answer.sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--frames", "three"), "A:B"),
        (("--frames", "3:1"), "frame"),
        (("--frames", "100:200"), "frame"),
        (("--scales", "1/3"), "Unknown scale"),
        (("--scales", "1,1/8"), "coarse to fine"),
        (("--points", "here"), "X,Y"),
        (("--points", "nan,3"), "not 'nan,3'"),
        (("--points", "3,inf"), "not '3,inf'"),
        (("--mask-method", "points"), "--points"),
        (("--method", "magic"), "magic"),
        (("--view", "A9C"), "A9C"),
        (("--target", "bone"), "bone"),
        (("--fps", "-3"), "Frame rate"),
        (("--seed", "-1"), "Seed"),
        (("--spacing-mm", "0", "0"), "spacing"),
        (("--init", "nowhere.safetensors"), "nowhere"),
        (("--method", "dis", "--init", "w.safetensors"), "dis takes no weights"),
        (("--bogus",), "--bogus"),
        (("--mask", "a.png", "--contours", "b.json"), "not both"),
    ],
)
def test_an_option_that_cannot_be_used(
    invoke: Invoke, loop: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    answer = invoke("track", loop, "--out", tmp_path / "out", "--preset", "preview", *words)
    assert answer.code == 2
    assert said in answer.sentence
    assert "Value error" not in answer.sentence
    assert not (tmp_path / "out").exists() or not files_in(tmp_path / "out")


def test_contours_outside_the_picture_are_told_before_tracking(
    invoke: Invoke, loop: Path, tmp_path: Path
) -> None:
    contours = tmp_path / "far.json"
    curve = [[x + 5000.0, y] for x, y in ((0, 40), (20, 0), (40, 40))]
    contours.write_text(json.dumps({"frames": [{"frame": 0, "endocardial": curve}]}))
    answer = invoke("track", loop, "--contours", contours, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "mask is empty" in answer.sentence
    assert not files_in(tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed-limit", "-3"), "colour bar"),
        (("--speed-limit", "0"), "colour bar"),
        (("--speed-limit", "nan"), "colour bar"),
        (("--scale", "1"), "Choose among 1/8, 1/4"),
        (("--segments", "5"), "between 16 and 18"),
        (("--layer", "outer"), "endocardial"),
    ],
)
def test_a_report_that_cannot_be_written(
    invoke: Invoke, tracked: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    answer = invoke("report", tracked, "--out", tmp_path / "out", *words)
    assert answer.code == 2
    assert said in answer.sentence
    assert not (tmp_path / "out").exists() or not files_in(tmp_path / "out")


def test_words_that_are_missing_or_unknown(invoke: Invoke, loop: Path) -> None:
    wrong = (("track", loop), ("track",), ("--bogus",), ("report", "x.h5"), ("info", loop, "two"))
    for words in wrong:
        answer = invoke(*words)
        assert answer.code == 2
        assert answer.sentence.endswith((". See --help.", "? See --help."))


def test_a_word_that_is_neither_verb_nor_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["main.py", "trak"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "There is no verb and no file 'trak'" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_not_there(invoke: Invoke, loop: Path, tmp_path: Path) -> None:
    answer = invoke("track", loop, "--out", tmp_path / "out", "--device", "cuda")
    assert answer.code == 2
    assert "CUDA" in answer.sentence
    assert not (tmp_path / "out").exists()


def test_a_file_stands_where_the_folder_should(
    invoke: Invoke, loop: Path, wall: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    answer = invoke("track", loop, "--mask", wall, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "is in the way" in answer.sentence
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("verb", ["mask", "track", "report", "export", "cohort"])
def test_a_folder_that_may_not_be_written_is_told_before_the_work(
    invoke: Invoke,
    loop: Path,
    tracked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    given = {"report": (tracked,), "export": (tracked, "--to", "npz"), "cohort": (tmp_path,)}
    # Whoever runs the tests may be allowed everything: the system's answer is set instead.
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(ConsoleProgress, "__enter__", lambda _: pytest.fail("work began"))
    answer = invoke(verb, *given.get(verb, (loop,)), "--out", tmp_path / "out")
    assert answer.code == 2
    assert "no permission. Choose another folder" in answer.sentence
    assert not (tmp_path / "out").exists()


def test_a_disk_without_room_is_told_before_tracking(
    invoke: Invoke, loop: Path, wall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=90_000))
    monkeypatch.setattr(pipeline, "track", lambda *_, **__: pytest.fail("tracking began"))
    answer = invoke("track", loop, "--mask", wall, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "disk has 0 MB left. Free some space" in answer.sentence
    assert not (tmp_path / "out").exists()


def test_a_full_disk_while_tracking(invoke: Invoke, loop: Path, wall: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with no_space(20_000):
        answer = invoke(
            "track", loop, "--mask", wall, "--out", out, "--preset", "preview", "--method", "dis"
        )
    assert answer.code == 2
    assert "disk is full" in answer.sentence
    assert files_in(out) == []


def test_a_full_disk_while_reporting(invoke: Invoke, tracked: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with no_space(1_000):
        answer = invoke("report", tracked, "--out", out)
    assert answer.code == 2
    assert "disk is full" in answer.sentence
    assert files_in(out) == []


def test_a_full_disk_while_the_video_is_written(
    invoke: Invoke, tracked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with no_space(12_000):
        answer = invoke("report", tracked, "--out", out, "--no-pdf", "--no-figures")
    assert answer.code == 2
    assert answer.sentence
    assert not [name for name in files_in(out) if name.endswith((".mp4", ".pdf"))]


def test_a_result_that_is_none(invoke: Invoke, loop: Path, tmp_path: Path) -> None:
    answer = invoke("report", loop, "--out", tmp_path / "out")
    assert answer.code == 2
    assert loop.name in answer.sentence
    assert not (tmp_path / "out").exists()


def test_ctrl_c_leaves_nothing_half_written(
    invoke: Invoke, loop: Path, wall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(ConsoleProgress, "partial", lambda *_: signal.raise_signal(signal.SIGINT))
    # A shell starts background jobs with the signal ignored; the test needs it heard.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        answer = invoke("track", loop, "--mask", wall, "--out", out, "--method", "dis")
    finally:
        signal.signal(signal.SIGINT, before)
    assert answer.code == 130
    assert "Stopped" in answer.sentence
    assert files_in(out) == []
