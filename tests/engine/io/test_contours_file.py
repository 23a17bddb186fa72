"""Contours and sessions as JSON: what is saved comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import UnreadableFileError
from engine.io.contours_file import read_contours_file, write_contours
from engine.io.session_file import read_session
from engine.model import Contours, View


@pytest.fixture
def contours() -> Contours:
    rng = np.random.default_rng(2)
    return Contours(
        endocardial=rng.random((5, 8, 2)) * 100,
        epicardial=rng.random((5, 8, 2)) * 100,
        closed=True,
        keyframes=(0, 3),
    )


def test_contours_come_back_in_source_numbers(contours: Contours, tmp_path: Path) -> None:
    path = tmp_path / "contours.json"
    write_contours(path, contours, first_frame=10, view=View.PSAX_MID, ed_frame=10, es_frame=13)
    document = json.loads(path.read_text())
    assert [row["frame"] for row in document["frames"]] == [10, 11, 12, 13, 14]
    assert document["keyframes"] == [10, 13]
    stored = read_contours_file(path)
    assert (stored.view, stored.ed_frame, stored.es_frame) == (View.PSAX_MID, 10, 13)
    back = stored.for_loop(5, 10)
    np.testing.assert_allclose(back.endocardial, contours.endocardial, atol=6e-4)
    np.testing.assert_allclose(back.epicardial, contours.epicardial, atol=6e-4)
    assert back.closed
    assert back.keyframes == (0, 3)
    part = read_contours_file(path).for_loop(2, 12)
    np.testing.assert_allclose(part.endocardial, contours.endocardial[2:4], atol=6e-4)
    assert part.keyframes == (1,)


def test_frames_between_keyframes_are_interpolated(tmp_path: Path) -> None:
    square = [[0, 0], [10, 0], [10, 10]]
    moved = [[4, 0], [14, 0], [14, 10]]
    rows = [{"frame": 6, "endocardial": moved}, {"frame": 2, "endocardial": square}]
    (tmp_path / "c.json").write_text(json.dumps({"frames": rows}))
    found = read_contours_file(tmp_path / "c.json").for_loop(9).endocardial
    np.testing.assert_allclose(found[:, 0, 0], [0, 0, 0, 1, 2, 3, 4, 4, 4], atol=1e-6)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "lists no contours"),
        ({"frames": []}, "lists no contours"),
        ({"frames": [{"frame": 0}]}, "no contour file"),
        ({"frames": [{"frame": 0, "endocardial": [[0, 0], [1, 1]]}]}, "three or more"),
        ({"frames": [{"frame": 0, "endocardial": [[0, 0], [1, 1], [2, None]]}]}, "no number"),
        ({"frames": [{"frame": 0, "endocardial": [[0], [1], [2]]}]}, "shape"),
        ({"version": 9, "frames": [1]}, "newer"),
        (
            {
                "frames": [
                    {"frame": 0, "endocardial": [[0, 0]] * 3},
                    {"frame": 0, "endocardial": [[0, 0]] * 3},
                ]
            },
            "listed once",
        ),
        (
            {
                "frames": [
                    {"frame": 0, "endocardial": [[0, 0]] * 3},
                    {"frame": 1, "endocardial": [[0, 0]] * 4},
                ]
            },
            "same number of points",
        ),
        (
            {
                "frames": [
                    {"frame": 0, "endocardial": [[0, 0]] * 3, "epicardial": [[0, 0]] * 3},
                    {"frame": 1, "endocardial": [[0, 0]] * 3},
                ]
            },
            "for all listed frames",
        ),
        ({"view": "A5C", "frames": [{"frame": 0, "endocardial": [[0, 0]] * 3}]}, "contour file"),
    ],
)
def test_contours_that_cannot_be(tmp_path: Path, document: Any, message: str) -> None:
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(UnreadableFileError, match=message):
        read_contours_file(tmp_path / "c.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"null", b"3"])
def test_files_that_are_no_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(UnreadableFileError):
        read_contours_file(tmp_path / "c.json")
    with pytest.raises(UnreadableFileError):
        read_session(tmp_path / "c.json")
