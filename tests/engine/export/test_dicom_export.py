"""The secondary capture is read back by pydicom and names nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from synthetic_results import drift_result, uncalibrated

from engine.config import ReportConfig
from engine.errors import Cancelled, InputError
from engine.export.dicom import write_overlay_dicom
from engine.export.overlay import OverlayPainter
from engine.model import Scale, TrackingResult
from engine.progress import NullProgress, RecordingProgress


def _write(path: Path, result: TrackingResult, **options: object) -> pydicom.Dataset:
    config = ReportConfig()
    write_overlay_dicom(path, result, Scale.FULL, config, NullProgress(), **options)  # type: ignore[arg-type]
    return pydicom.dcmread(path)


def test_pixels_come_back_as_they_were_painted(tmp_path: Path) -> None:
    result = drift_result()
    read = _write(tmp_path / "overlay.dcm", result)
    painted = OverlayPainter(result, Scale.FULL, ReportConfig()).paint(2)
    frames = read.pixel_array
    assert frames.shape == (4, *painted.shape)
    assert np.abs(frames[2].astype(int) - painted).mean() < 3
    assert read.SOPClassUID.name == "Multi-frame True Color Secondary Capture Image Storage"
    assert read.FrameTime == pytest.approx(20)
    assert "Research use only" in read.DerivationDescription


def test_times_are_kept_or_honestly_missing(tmp_path: Path) -> None:
    uneven = drift_result(frame_times_s=np.array([0.0, 0.02, 0.05, 0.07]))
    read = _write(tmp_path / "a.dcm", uneven)
    assert [float(step) for step in read.FrameTimeVector] == pytest.approx([0, 20, 30, 20])
    read = _write(tmp_path / "b.dcm", uncalibrated())
    assert "FrameTime" not in read
    assert list(read.PageNumberVector) == [1, 2, 3, 4]


def test_nobody_is_named_and_every_export_is_new(tmp_path: Path) -> None:
    result = drift_result(source_name="DOE^JANE.dcm")
    first, second = _write(tmp_path / "a.dcm", result), _write(tmp_path / "b.dcm", result)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyDate"):
        assert not first[keyword].value
    assert b"DOE" not in (tmp_path / "a.dcm").read_bytes()
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.StudyInstanceUID != second.StudyInstanceUID


def test_burned_in_text_is_ruled_out_only_by_a_person_and_a_region(tmp_path: Path) -> None:
    result = drift_result(frames=np.full((4, 48, 64), 200, np.uint8))
    assert _write(tmp_path / "a.dcm", result).BurnedInAnnotation == "YES"
    with pytest.raises(InputError, match="Give the region"):
        _write(tmp_path / "b.dcm", result, pixels_reviewed=True)
    region = np.zeros((48, 64), bool)
    region[8:, :] = True
    read = _write(tmp_path / "b.dcm", result, pixels_reviewed=True, region=region)
    assert read.BurnedInAnnotation == "NO"
    assert read.PatientIdentityRemoved == "YES"
    assert read.pixel_array[0][45:85, :500].mean() < 10, "black outside the region"
    with pytest.raises(InputError, match="differ in size"):
        _write(tmp_path / "c.dcm", result, region=region[1:])


def test_cancelling_writes_nothing(tmp_path: Path) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        write_overlay_dicom(
            tmp_path / "a.dcm", drift_result(), Scale.FULL, ReportConfig(), progress
        )
    assert not list(tmp_path.iterdir())
