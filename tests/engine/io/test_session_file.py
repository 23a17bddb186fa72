"""Sessions as JSON: what is saved comes back, and damaged files end in one sentence."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.config import ReadConfig
from engine.errors import InputError, UnreadableFileError
from engine.io.session_file import (
    SavedHistory,
    SavedLoop,
    SavedSession,
    read_session,
    write_session,
)
from engine.model import (
    Contours,
    Mask,
    MaskKind,
    Measurement,
    Measurements,
    PackedMask,
    Target,
    View,
)


@pytest.fixture
def mask() -> Mask:
    rng = np.random.default_rng(2)
    contours = Contours(
        endocardial=rng.random((5, 8, 2)) * 100,
        epicardial=rng.random((5, 8, 2)) * 100,
        closed=True,
        keyframes=(0, 3),
    )
    data = rng.random((5, 7, 9)) > 0.5
    return Mask(data, MaskKind.WALL, contours, ("a note",), 1, 3, 0.25, ("R wave", ""))


@pytest.fixture
def whole(mask: Mask, tmp_path: Path) -> SavedLoop:
    source = tmp_path / "work" / "loop.dcm"
    source.parent.mkdir()
    source.write_bytes(b"loop")
    return SavedLoop(
        source=source,
        source_sha256="12" * 32,
        name="loop.dcm",
        read=ReadConfig(frames=(3, None), fps=60.0, spacing_mm=(0.3, 0.2)),
        target=Target.BLOOD,
        view=View.A2C,
        view_confirmed=True,
        ed_frame=4,
        es_frame=20,
        mask=mask,
        tracked_mask=mask,
        result=tmp_path / "work" / "out" / "result.h5",
        mark_origins=("R wave", ""),
        measurements=Measurements(
            (
                Measurement("speed_mean", "mean", "mask", 1.25, "cm/s", 4, 0.08, 0.5),
                Measurement("speed_mean", "mean", "mask", 1.5, "cm/s", 5),
                Measurement("drift", "raw", "global", 0.1, "%"),
            ),
            warnings=("careful",),
            omitted=(("gls", "one view"),),
            withheld=("basal_anterior",),
        ),
        rejected=frozenset({"mid_anterior"}),
        reviewed=True,
        frame=2,
        peers={"dis": tmp_path / "work" / "a-dis.h5"},
        times_origin="given by hand: 60 frames/s",
        spacing_origin="calibrated by hand",
        history=SavedHistory(("first", "second"), (PackedMask.of(mask),) * 3, index=1, tracked=0),
    )


def test_all_of_a_loop_comes_back(whole: SavedLoop, mask: Mask, tmp_path: Path) -> None:
    path = tmp_path / "work" / "a.myoflux"
    display = {"gain": 1.5, "scale": "1_8", "nested": {"a": [1, 2]}}
    playback = {"speed": 0.5, "looping": False, "first": 1, "last": 3}
    write_session(path, SavedSession((whole,), display=display, playback=playback))
    session = read_session(path)
    (back,) = session.loops
    for name in SavedLoop.__dataclass_fields__:
        if name not in {"mask", "tracked_mask", "measurements", "history"}:
            assert getattr(back, name) == getattr(whole, name), name
    assert dict(session.display) == display
    assert dict(session.playback) == playback
    assert back.mask is not None
    assert np.array_equal(back.mask.data, mask.data)
    told = ("kind", "notes", "ed_frame", "es_frame", "confidence", "mark_origins")
    for name in told:
        assert getattr(back.mask, name) == getattr(mask, name), name
    assert back.mask.contours is not None
    assert mask.contours is not None
    np.testing.assert_allclose(back.mask.contours.endocardial, mask.contours.endocardial, atol=6e-4)
    assert back.tracked_mask is back.mask  # the tracking is not out of date
    assert back.measurements is not None
    assert whole.measurements is not None
    assert back.measurements.rows == whole.measurements.rows
    assert back.measurements.warnings == ("careful",)
    assert back.measurements.omitted == (("gls", "one view"),)
    assert back.measurements.withheld == ("basal_anterior",)
    assert back.history is not None
    assert (back.history.texts, back.history.index) == (("first", "second"), 1)
    assert back.history.tracked == 0
    assert np.array_equal(back.history.masks[2].unpack().data, mask.data)


def test_a_history_holds_what_it_shows(mask: Mask) -> None:
    packed = PackedMask.of(mask)
    with pytest.raises(InputError, match="lacks a mask"):
        SavedHistory(("one",), (packed,), 0)
    with pytest.raises(InputError, match="does not hold"):
        SavedHistory(("one",), (packed, packed), 2)


def test_a_packed_mask_is_the_mask_in_less_memory(mask: Mask) -> None:
    packed = PackedMask.of(mask)
    back = packed.unpack()
    assert np.array_equal(back.data, mask.data)
    assert (back.kind, back.notes, back.contours) == (mask.kind, mask.notes, mask.contours)
    large = Mask(np.ones((20, 300, 400), np.bool_), MaskKind.WALL)
    assert len(PackedMask.of(large).bits) < large.data.nbytes / 1000
    for bits in (packed.bits[:-5], b"nothing"):
        with pytest.raises(InputError, match="pixels"):
            dataclasses.replace(packed, bits=bits).unpack()


def test_a_mask_edited_after_tracking_stays_another_one(whole: SavedLoop, tmp_path: Path) -> None:
    edited = Mask(np.ones((5, 7, 9), np.bool_), MaskKind.FILE)
    path = tmp_path / "s.myoflux"
    loop = SavedLoop(
        source=None, source_sha256="", name="Demo", mask=edited, tracked_mask=whole.mask
    )
    write_session(path, SavedSession((loop,)))
    (back,) = read_session(path).loops
    assert back.source is None
    assert back.mask is not None
    assert back.tracked_mask is not None
    assert back.mask.data.all()
    assert not back.tracked_mask.data.all()


def test_files_beside_the_session_move_with_it(whole: SavedLoop, tmp_path: Path) -> None:
    write_session(tmp_path / "work" / "a.myoflux", SavedSession((whole,)))
    shutil.move(tmp_path / "work", tmp_path / "moved")
    (loop,) = read_session(tmp_path / "moved" / "a.myoflux").loops
    assert loop.source == tmp_path / "moved" / "loop.dcm"


def test_a_session_holds_a_loop_and_shows_one_of_them(whole: SavedLoop) -> None:
    with pytest.raises(InputError):
        SavedSession(())
    with pytest.raises(InputError):
        SavedSession((whole,), current=1)


def test_sessions_that_cannot_be(whole: SavedLoop, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    write_session(path, SavedSession((whole,)))
    document = json.loads(path.read_text())
    (loop,) = document["loops"]
    for change in (
        {"version": 3},
        {"version": 1},
        {"kind": "other"},
        {"loops": []},
        {"current": 4},
        {"loops": [loop | {"view": "A9C"}]},
        {"loops": [loop | {"read": {"frames": [0, 1], "fps": -3.0, "spacing_mm": None}}]},
        {"loops": [loop | {"mask": loop["mask"] | {"bits": "AAAA"}}]},
        {"loops": [loop | {"mask": loop["mask"] | {"shape": [5, 7, 900]}}]},
        {"loops": [loop | {"ed_frame": "soon"}]},
        {"loops": [loop | {"peers": {"dis": 3}}]},
        {"playback": 3},
    ):
        path.write_text(json.dumps(document | change))
        with pytest.raises(UnreadableFileError, match=r"s\.json"):
            read_session(path)
    for name in document.keys() - {"playback"}:  # sessions of earlier builds have none
        path.write_text(json.dumps({key: document[key] for key in document if key != name}))
        with pytest.raises(UnreadableFileError, match=r"s\.json"):
            read_session(path)
    for name in loop.keys() - {
        "peers",
        "times_origin",
        "spacing_origin",
        "mark_origins",
        "history",
    }:
        short = {key: loop[key] for key in loop if key != name}
        path.write_text(json.dumps(document | {"loops": [short]}))
        with pytest.raises(UnreadableFileError, match=r"s\.json"):
            read_session(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"null", b"3"])
def test_files_that_are_no_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(UnreadableFileError):
        read_session(tmp_path / "c.json")
