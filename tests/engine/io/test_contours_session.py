"""Contours and sessions as JSON: what is saved comes back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import ReadConfig
from engine.errors import UnreadableFileError
from engine.io.contours_file import read_contours, read_contours_file, write_contours
from engine.io.session_file import SavedSession, read_session, write_session
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
    part = read_contours(path, 2, 12)
    np.testing.assert_allclose(part.endocardial, contours.endocardial[2:4], atol=6e-4)
    assert part.keyframes == (1,)


def test_frames_between_keyframes_are_interpolated(tmp_path: Path) -> None:
    square = [[0, 0], [10, 0], [10, 10]]
    moved = [[4, 0], [14, 0], [14, 10]]
    rows = [{"frame": 6, "endocardial": moved}, {"frame": 2, "endocardial": square}]
    (tmp_path / "c.json").write_text(json.dumps({"frames": rows}))
    found = read_contours(tmp_path / "c.json", 9).endocardial
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
        read_contours(tmp_path / "c.json", 3)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"null", b"3"])
def test_files_that_are_no_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(UnreadableFileError):
        read_contours(tmp_path / "c.json", 3)
    with pytest.raises(UnreadableFileError):
        read_session(tmp_path / "c.json")


def test_a_session_comes_back(contours: Contours, tmp_path: Path) -> None:
    source = tmp_path / "work" / "loop.dcm"
    source.parent.mkdir()
    source.write_bytes(b"loop")
    session = SavedSession(
        source=source,
        source_sha256="12" * 32,
        read=ReadConfig(frames=(3, None), fps=60.0, spacing_mm=(0.3, 0.2)),
        view=View.A2C,
        ed_frame=4,
        es_frame=20,
        contours=contours,
        result=tmp_path / "work" / "out" / "result.h5",
        display={"gain": 1.5, "scale": "1_8", "nested": {"a": [1, 2]}},
        reviewed=True,
    )
    path = tmp_path / "work" / "loop.session.json"
    write_session(path, session)
    back = read_session(path)
    for name in ("source", "source_sha256", "read", "view", "ed_frame", "es_frame", "result"):
        assert getattr(back, name) == getattr(session, name), name
    assert dict(back.display) == dict(session.display)
    assert back.mask is None
    assert back.reviewed
    assert back.contours is not None
    np.testing.assert_allclose(back.contours.endocardial, contours.endocardial, atol=6e-4)
    shutil.move(tmp_path / "work", tmp_path / "moved")
    moved = read_session(tmp_path / "moved" / "loop.session.json")
    assert moved.source == tmp_path / "moved" / "loop.dcm"


def test_sessions_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    write_session(path, SavedSession(tmp_path / "a.dcm", "00"))
    assert read_session(path).read == ReadConfig()
    document = json.loads(path.read_text())
    for change in (
        {"version": 2},
        {"kind": "other"},
        {"view": "A9C"},
        {"source": None},
        {"read": {"frames": [0, 1], "fps": -3.0, "spacing_mm": None}},
    ):
        path.write_text(json.dumps(document | change))
        with pytest.raises(UnreadableFileError, match=r"s\.json"):
            read_session(path)
    for name in document:
        path.write_text(json.dumps({key: document[key] for key in document if key != name}))
        with pytest.raises(UnreadableFileError, match=r"s\.json"):
            read_session(path)
