"""DICOM that is written is read back by plain pydicom; ``info`` tells what was read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from engine.config import ReadConfig
from engine.errors import InputError
from engine.io.dicom_write import write_dicom
from engine.io.info import describe, describe_cine
from engine.model import Cine, Provenance
from engine.progress import NullProgress

Read = Callable[..., Cine]


@pytest.mark.parametrize("compress", [False, True])
def test_pydicom_reads_what_was_written(cine: Cine, tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "loop.dcm"
    write_dicom(path, cine, compress=compress)
    dataset = pydicom.dcmread(path)
    np.testing.assert_array_equal(dataset.pixel_array, cine.frames)
    assert dataset.SOPClassUID.name == "Ultrasound Multi-frame Image Storage"
    region = dataset.SequenceOfUltrasoundRegions[0]
    assert (region.PhysicalDeltaX, region.PhysicalDeltaY) == pytest.approx((0.025, 0.04))
    assert (region.RegionLocationMaxX1, region.RegionLocationMaxY1) == (63, 47)
    assert dataset.FrameTime == 20
    assert dataset[dataset.FrameIncrementPointer].keyword == "FrameTime"
    assert list(dataset.RWaveTimeVector) == pytest.approx([10, 90])
    assert dataset.HeartRate == 750
    assert dataset.PatientName == ""


def test_uneven_times_become_a_vector_and_come_back(cine: Cine, tmp_path: Path, read: Read) -> None:
    times = np.array([0, 0.01, 0.03, 0.06, 0.1, 0.15])
    uneven = dataclasses.replace(cine, frame_times_s=times + 0.5, r_times_s=(0.52,))
    write_dicom(tmp_path / "loop.dcm", uneven)
    back = read(tmp_path / "loop.dcm")
    np.testing.assert_allclose(back.frame_times_s, times, atol=1e-9)
    assert back.r_times_s == pytest.approx((0.02,))
    assert "Vector" in back.provenance.times_origin


def test_every_fact_survives_the_round_trip(cine: Cine, tmp_path: Path, read: Read) -> None:
    boxed = dataclasses.replace(cine, region=(4, 6, 60, 40))
    write_dicom(tmp_path / "loop.dcm", boxed)
    back = read(tmp_path / "loop.dcm")
    np.testing.assert_array_equal(back.frames, cine.frames)
    np.testing.assert_allclose(back.frame_times_s, cine.frame_times_s, atol=1e-12)
    assert back.spacing_mm == pytest.approx(cine.spacing_mm)
    assert back.r_times_s == pytest.approx(cine.r_times_s)
    assert back.heart_rate_bpm == cine.heart_rate_bpm
    assert back.region == (4, 6, 60, 40)
    assert not back.provenance.warnings


def test_what_is_unknown_is_left_out(cine: Cine, tmp_path: Path, read: Read) -> None:
    bare = Cine(cine.frames, Provenance("x", "", "video"))
    write_dicom(tmp_path / "loop.dcm", bare)
    dataset = pydicom.dcmread(tmp_path / "loop.dcm")
    for name in ("SequenceOfUltrasoundRegions", "FrameTime", "RWaveTimeVector", "HeartRate"):
        assert name not in dataset
    assert dataset.LossyImageCompression == "01", "a video was compressed with loss before"
    back = read(tmp_path / "loop.dcm")
    assert back.frame_times_s is None
    assert back.spacing_mm is None


def test_odd_sizes_are_padded(tmp_path: Path, read: Read) -> None:
    frames = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)
    write_dicom(tmp_path / "odd.dcm", Cine(frames, Provenance("x", "", "phantom")))
    np.testing.assert_array_equal(read(tmp_path / "odd.dcm").frames, frames)


def test_sides_beyond_dicom_are_refused(tmp_path: Path) -> None:
    wide = Cine(np.zeros((1, 1, 65536), np.uint8), Provenance("x", "", "phantom"))
    with pytest.raises(InputError, match="65535"):
        write_dicom(tmp_path / "wide.dcm", wide)


def test_info_of_a_calibrated_loop(cine: Cine, tmp_path: Path) -> None:
    write_dicom(tmp_path / "loop.dcm", cine)
    told = describe(tmp_path / "loop.dcm", ReadConfig(frames=(1, 5)), NullProgress())
    assert json.loads(json.dumps(told)) == told
    assert told["frames"] == 4
    assert told["first_frame"] == 1
    assert (told["width"], told["height"]) == (64, 48)
    assert told["spacing_mm"] == pytest.approx([0.25, 0.4])
    assert told["frame_interval_s"] == pytest.approx(0.02)
    assert told["frame_rate_hz"] == pytest.approx(50)
    assert told["first_time_s"] == pytest.approx(0.02)
    assert told["frame_intervals_even"] is True
    assert told["r_times_s"] == pytest.approx([0.01, 0.09])
    assert len(told["sha256"]) == 64


def test_info_of_the_real_cine_says_why_its_spacing_is_refused() -> None:
    path = Path(get_testdata_file("examples_ybr_color.dcm"))
    told = describe(path, ReadConfig(), NullProgress())
    assert told["spacing_mm"] is None
    assert "leaves the image" in told["spacing_origin"]
    assert told["transfer_syntax"] == "JPEG Baseline (Process 1)"
    assert told["frame_times_origin"] == "Frame Time (0018,1063)"
    assert told["last_time_s"] == pytest.approx(29 * 0.033333)


def test_info_of_a_single_frame(cine: Cine) -> None:
    told = describe_cine(dataclasses.replace(cine, frames=cine.frames[:1], frame_times_s=None))
    assert told["frame_interval_s"] is None
    assert told["frame_times_s"] is None
    assert told["frame_intervals_even"] is None
