"""The result file: what is written comes back, and any file of the layout is read."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.errors import Cancelled, UnreadableFileError
from engine.io.result_file import expected_size, read_result, write_result
from engine.model import Contours, Scale, ScaleField, Target, TrackingResult, View
from engine.progress import RecordingProgress

SHAPE = (4, 12, 15)


def field(scale: Scale, seed: int, *, uncertain: bool = False) -> ScaleField:
    rng = np.random.default_rng(seed)
    spread = rng.random((3, 12, 15)).astype(np.float16) if uncertain else None
    return ScaleField(
        scale=scale,
        displacement=rng.normal(size=(3, 2, 12, 15)).astype(np.float32),
        uncertainty=spread,
        seconds=1.25,
        steps=17,
        mse=0.01,
        nlcc=0.5,
        folding=0.25,
    )


@pytest.fixture
def result() -> TrackingResult:
    rng = np.random.default_rng(0)
    return TrackingResult(
        fields=(field(Scale.EIGHTH, 1), field(Scale.FULL, 2, uncertain=True)),
        mask=rng.random(SHAPE) > 0.4,
        method="ssmsr",
        target=Target.BLOOD,
        source_sha256="ab" * 32,
        source_name="loop.dcm",
        software_version="1.2.3",
        seed=5,
        config={"preset": "default", "scales": ["1_8", "1"]},
        frames=rng.integers(0, 255, SHAPE, dtype=np.uint8),
        frame_times_s=np.array([0.1, 0.12, 0.15, 0.2]),
        spacing_mm=(0.3, 0.2),
        contours=Contours(rng.random((4, 9, 2)), rng.random((4, 9, 2)), keyframes=(0, 2)),
        view=View.APLAX,
        ed_frame=7,
        es_frame=9,
        first_frame=7,
        r_times_s=(0.11, 0.19),
        reviewed=True,
        notices=("batch halved",),
        mark_origins=("R wave", "smallest cavity area: a surrogate"),
    )


def test_a_result_comes_back_as_it_was(result: TrackingResult, tmp_path: Path) -> None:
    path = tmp_path / "new" / "result.h5"
    write_result(path, result)
    back = read_result(path)
    for item in dataclasses.fields(TrackingResult):
        if item.name in {"fields", "mask", "frames", "frame_times_s", "contours"}:
            continue
        assert getattr(back, item.name) == getattr(result, item.name), item.name
    for mine, theirs in zip(back.fields, result.fields, strict=True):
        np.testing.assert_array_equal(mine.displacement, theirs.displacement)
        assert mine.displacement.dtype == np.float32
        for name in ("scale", "seconds", "steps", "mse", "nlcc", "folding"):
            assert getattr(mine, name) == getattr(theirs, name)
    assert back.fields[0].uncertainty is None
    np.testing.assert_array_equal(back.fields[1].uncertainty, result.fields[1].uncertainty)
    np.testing.assert_array_equal(back.mask, result.mask)
    np.testing.assert_array_equal(back.frames, result.frames)
    np.testing.assert_array_equal(back.frame_times_s, result.frame_times_s)
    assert back.contours is not None
    assert result.contours is not None
    np.testing.assert_array_equal(back.contours.endocardial, result.contours.endocardial)
    np.testing.assert_array_equal(back.contours.epicardial, result.contours.epicardial)
    assert back.contours.keyframes == (0, 2)
    assert [path.name for path in path.parent.iterdir()] == ["result.h5"]


def test_the_layout_is_that_of_the_contract(result: TrackingResult, tmp_path: Path) -> None:
    path = tmp_path / "result.h5"
    write_result(path, result)
    with h5py.File(path) as file:
        assert file.attrs["format_version"] == 1
        assert json.loads(file.attrs["config"])["preset"] == "default"
        assert file.attrs["target"] == "blood"
        assert file["mask"].dtype == np.uint8
        assert file["mask"].shape == SHAPE
        assert file["frames"].dtype == np.uint8
        assert file["frame_times_s"].dtype == np.float64
        np.testing.assert_array_equal(file["spacing_mm"][()], [0.3, 0.2])
        assert file["scales/1/displacement"].shape == (3, 2, 12, 15)
        assert file["scales/1/displacement"].dtype == np.float32
        assert file["scales/1/displacement"].chunks == (1, 2, 12, 15)
        assert file["scales/1_8"].attrs["nlcc"] == 0.5
        assert file["contours/endocardial"].dtype == np.float32
        np.testing.assert_allclose(file.attrs["r_times_s"], [0.11, 0.19])


def test_what_is_unknown_is_absent(result: TrackingResult, tmp_path: Path) -> None:
    path = tmp_path / "result.h5"
    bare = dataclasses.replace(
        result,
        frames=None,
        frame_times_s=None,
        spacing_mm=None,
        contours=None,
        view=None,
        ed_frame=None,
        es_frame=None,
        r_times_s=(),
    )
    write_result(path, bare)
    with h5py.File(path) as file:
        assert set(file) == {"mask", "scales"}
        assert not {"view", "ed_frame", "es_frame", "r_times_s"} & set(file.attrs)
    back = read_result(path)
    assert back.frames is back.frame_times_s is back.spacing_mm is back.contours is None
    assert back.view is back.ed_frame is back.es_frame is None
    assert back.r_times_s == ()


def foreign(path: Path, change: Callable[[h5py.File], None] | None = None) -> Path:
    """Write the least that the layout asks for, as another program might."""
    with h5py.File(path, "w") as file:
        file.attrs["format_version"] = np.int64(1)
        file.attrs["software_version"] = np.bytes_(b"other 0.1")
        file.attrs["source_sha256"] = "00"
        file.attrs["config"] = "{}"
        file.attrs["method"] = np.bytes_(b"their method")
        file.attrs["target"] = np.bytes_(b"tissue")
        file.attrs["seed"] = np.int32(3)
        file["mask"] = np.ones(SHAPE, np.uint8) * 255
        file["scales/1_2/displacement"] = np.ones((3, 2, 12, 15), np.float32)
        if change is not None:
            change(file)
    return path


def test_the_least_that_another_program_writes_is_read(tmp_path: Path) -> None:
    back = read_result(foreign(tmp_path / "r.h5"))
    assert back.method == "their method"
    assert back.software_version == "other 0.1"
    assert back.seed == 3
    assert back.target is Target.TISSUE
    assert [item.scale for item in back.fields] == [Scale.HALF]
    assert np.isnan(back.fields[0].nlcc)
    assert back.mask.all()


def test_oddities_of_other_writers_are_understood(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file.attrs["config"]
        file.attrs["view"] = np.array([b"a4c"])
        file.attrs["ed_frame"] = np.float64(2.0)
        file.attrs["es_frame"] = np.array([3])
        file.attrs["reviewed"] = np.bool_(True)
        file.attrs["r_times_s"] = 0.25
        file.attrs["unknown"] = "x"
        file["extra/group/data"] = np.zeros(3)
        file["scales/1_2"].attrs["nlcc"] = np.float32(0.25)
        file["scales/1_3/displacement"] = np.zeros(2)
        file["spacing_mm"] = np.array([0.3, 0.2], np.float32)
        file["frame_times_s"] = np.array([0, 1, 2, 3])
        file["contours/endocardial"] = np.zeros((4, 5, 2))

    back = read_result(foreign(tmp_path / "r.h5", change))
    assert back.view is View.A4C
    assert (back.ed_frame, back.es_frame, back.reviewed) == (2, 3, True)
    assert back.r_times_s == (0.25,)
    assert back.config == {}
    assert back.fields[0].nlcc == 0.25
    assert back.contours is not None
    assert back.contours.epicardial is None
    assert not back.contours.closed


@pytest.mark.parametrize(
    ("first", "marks", "kept", "said"),
    [
        (0, (1, 3), (1, 3), ""),
        (0, (1, 4), (1, None), "frame 4 as the end-systolic one"),
        (100, (3, 102), (None, 102), "its frames are 100 to 103"),
        (0, (2, 2), (2, None), "end-diastolic one, too"),
    ],
)
def test_marks_that_cannot_be_are_left_out_and_told(
    tmp_path: Path,
    first: int,
    marks: tuple[int, int],
    kept: tuple[int | None, int | None],
    said: str,
) -> None:
    def change(file: h5py.File) -> None:
        file.attrs["first_frame"] = first
        file.attrs["ed_frame"], file.attrs["es_frame"] = marks

    back = read_result(foreign(tmp_path / "r.h5", change))
    assert (back.ed_frame, back.es_frame) == kept
    assert said in " ".join(back.notices)
    assert bool(back.notices) is bool(said)


def test_r_waves_are_put_in_order_and_those_that_are_none_are_left_out(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        file.attrs["r_times_s"] = np.array([0.5, np.nan, 0.1, np.inf])

    assert read_result(foreign(tmp_path / "r.h5", change)).r_times_s == (0.1, 0.5)


def test_contours_of_a_short_axis_are_closed(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        file.attrs["view"] = "PSAX-mid"
        file["contours/endocardial"] = np.zeros((4, 5, 2), np.float32)

    contours = read_result(foreign(tmp_path / "r.h5", change)).contours
    assert contours is not None
    assert contours.closed


def test_pixels_without_a_finite_displacement_leave_the_mask(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        values = np.ones((3, 2, 12, 15), np.float32)
        values[1, 0, 4, 5] = np.nan
        del file["scales/1_2/displacement"]
        file["scales/1_2/displacement"] = values

    back = read_result(foreign(tmp_path / "r.h5", change))
    assert np.all(np.isfinite(back.finest.displacement))
    assert not back.mask[2, 4, 5]
    assert np.count_nonzero(~back.mask) == 1
    assert any("no finite" in item for item in back.notices)


def remove(name: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        else:
            del file.attrs[name]

    return change


def put(name: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (remove("scales"), "holds no field"),
        (remove("mask"), "holds no mask"),
        (remove("target"), "target"),
        (put("mask", np.ones((3, 12, 15))), "does not fit"),
        (put("mask", np.ones((12, 15))), "does not fit"),
        (put("scales/1_2/displacement", np.ones((3, 12, 15))), "shape"),
        (put("scales/1_2/displacement", np.ones((0, 2, 12, 15))), "two frames"),
        (put("scales/1/displacement", np.ones((3, 2, 6, 15))), "differ in shape"),
        (put("frames", np.ones((4, 12, 14))), "shape"),
        (put("frame_times_s", np.zeros(4)), "do not increase"),
        (put("frame_times_s", np.arange(9.0)), "shape"),
        (put("spacing_mm", np.array([0.1, 0.0])), "spacing"),
        (put("spacing_mm", 0.3), "spacing"),
        (put("contours/endocardial", np.zeros((3, 5, 2))), "3 contours for 4 frames"),
        (put("contours/endocardial", np.zeros((4, 5))), "shape"),
        (put("mask", b"text"), "does not fit"),
        (lambda file: file.attrs.modify("format_version", 2), "newer"),
        (lambda file: file.attrs.modify("target", "bone"), "bone"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(
    tmp_path: Path, change: Callable[[h5py.File], None], message: str
) -> None:
    path = foreign(tmp_path / "r.h5", change)
    with pytest.raises(UnreadableFileError, match=message) as caught:
        read_result(path)
    assert str(caught.value).startswith("Cannot read r.h5: ")
    assert "\n" not in str(caught.value)


def test_a_cut_or_foreign_file_is_told(result: TrackingResult, tmp_path: Path) -> None:
    path = tmp_path / "r.h5"
    write_result(path, result)
    data = path.read_bytes()
    for length in (0, 7, 100, 1000, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(UnreadableFileError):
            read_result(path)
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_result(tmp_path / "none.h5")
    path.write_bytes(b"DICM" * 100)
    with pytest.raises(UnreadableFileError, match=r"it is no result file\. Give the result\.h5"):
        read_result(path)


def test_some_scales_alone(result: TrackingResult, tmp_path: Path) -> None:
    path = tmp_path / "r.h5"
    write_result(path, result)
    assert [item.scale for item in read_result(path, [Scale.FULL]).fields] == [Scale.FULL]
    with pytest.raises(UnreadableFileError, match="1/8, 1"):
        read_result(path, [Scale.HALF])


def test_a_cancelled_write_leaves_nothing(result: TrackingResult, tmp_path: Path) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        write_result(tmp_path / "r.h5", result, progress)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_ends_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    # In a process of its own: HDF5 would end it, were it to see the failed write.
    resource = pytest.importorskip("resource", reason="limits on file size are POSIX's")
    assert resource.RLIMIT_FSIZE is not None
    script = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from engine.errors import OutputError
from engine.io.result_file import write_result
from engine.model import Scale, ScaleField, Target, TrackingResult

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
noise = np.random.default_rng(0).normal(size=(3, 2, 90, 80)).astype(np.float32)
result = TrackingResult(
    (ScaleField(Scale.FULL, noise),), np.ones((4, 90, 80)), "m", Target.TISSUE, "", ""
)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for limit in (0, 3000, 60_000, 150_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        write_result(Path(sys.argv[1]), result)
    except OutputError as error:
        print(error)
"""
    path = tmp_path / "out" / "result.h5"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("disk is full") == 4
    assert not done.stderr
    assert not list(path.parent.iterdir())


def test_no_more_room_is_asked_for_than_a_result_takes(
    result: TrackingResult, tmp_path: Path
) -> None:
    write_result(tmp_path / "result.h5", result)
    asked = expected_size(result.mask.shape, len(result.fields))
    assert 0 < asked < (tmp_path / "result.h5").stat().st_size
    assert expected_size((45, 768, 1024), 4) == pytest.approx(360e6, rel=0.05)
