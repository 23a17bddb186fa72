"""Results for other programs: read back, and without what names a person unless asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from synthetic_results import drift_result
from test_structured_report import MEASURED

from engine.config import HandoverConfig, HandoverFormat
from engine.errors import InputError, UnreadableFileError
from engine.export.handover import hand_over
from engine.export.privacy import without_names, without_patient_data
from engine.io.dicom_write import write_dicom
from engine.model import Cine, Contours, Provenance, TrackingResult, View
from engine.progress import NullProgress

# The number has letters: digits alone may stand in a UID by chance.
NAMED = ("Doe^Jane", "MRN-4711", "19500102", "St Elsewhere")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A loop as DICOM that names a patient, in a sequence too."""
    path = tmp_path / "loop.dcm"
    write_dicom(path, Cine(np.full((9, 48, 64), 40, np.uint8), Provenance("loop", "", "phantom")))
    dataset = pydicom.dcmread(path)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAMED[:3]
    dataset.InstitutionName = NAMED[3]
    inner = pydicom.Dataset()
    inner.PatientID = NAMED[1]
    dataset.OtherPatientIDsSequence = [inner]
    dataset.add_new(0x00090010, "LO", "PRIVATE")
    dataset.add_new(0x00091001, "LO", NAMED[0])
    dataset.save_as(path)
    return path


@pytest.fixture
def result(source: Path) -> TrackingResult:
    """A result of that loop, with contours and a burned-in name outside the sector."""
    angle = np.linspace(np.pi, 2 * np.pi, 25)
    inner = np.stack([32 + 8 * np.cos(angle), 30 + 14 * np.sin(angle)], 1)
    outer = np.stack([32 + 13 * np.cos(angle), 30 + 20 * np.sin(angle)], 1)
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:48, :64]
    fan = (np.hypot(row, column - 32) < 44) & (np.abs(column - 32) < 4 + 0.6 * row)
    frames = (rng.integers(20, 220, (4, 48, 64)) * fan).astype(np.uint8)
    frames[:, 2:5, 50:62] = 255
    return drift_result(
        view=View.A4C,
        frames=frames,
        contours=Contours(np.repeat(inner[None], 4, 0), np.repeat(outer[None], 4, 0)),
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
    )


def test_fields_keep_their_values_whatever_is_hidden(
    result: TrackingResult, tmp_path: Path
) -> None:
    for wanted, name in ((HandoverFormat.NIFTI, "displacement-1.nii.gz"),
                         (HandoverFormat.NPZ, "fields.npz")):  # fmt: skip
        files = hand_over(result, tmp_path, wanted, HandoverConfig(), NullProgress())
        assert tmp_path / name in files
    image = nibabel.load(tmp_path / "displacement-1.nii.gz")
    values = np.asarray(image.dataobj)[:, :, 0, 0, 0].T
    assert np.allclose(values, result.finest.displacement[0, 0] * 0.5)  # mm
    with np.load(tmp_path / "fields.npz") as stored:
        assert np.array_equal(stored["displacement_1"], result.finest.displacement)


def test_text_outside_the_sector_and_the_files_name_go_unless_asked_for(
    result: TrackingResult,
) -> None:
    hidden = without_patient_data(result)
    assert hidden.source_name == ""
    assert hidden.frames is not None
    assert result.frames is not None
    assert not hidden.frames[:, 2:5, 50:62].any()
    assert np.array_equal(hidden.frames[:, 10:35, 29:35], result.frames[:, 10:35, 29:35])
    assert hidden.fields is result.fields


def test_overlay_names_nobody(result: TrackingResult, tmp_path: Path) -> None:
    (path,) = hand_over(
        result, tmp_path, HandoverFormat.DICOM_OVERLAY, HandoverConfig(), NullProgress()
    )
    dataset = pydicom.dcmread(path)
    assert dataset.PatientName == ""
    assert dataset.NumberOfFrames == 4


def test_header_without_names_keeps_its_pixels_and_its_study(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.dcm"
    without_names(source, copy)
    before, after = pydicom.dcmread(source), pydicom.dcmread(copy)
    text = str(after)
    assert not any(name in text for name in NAMED)
    assert after.StudyInstanceUID == before.StudyInstanceUID
    assert after.SOPInstanceUID == before.SOPInstanceUID
    assert np.array_equal(after.pixel_array, before.pixel_array)
    with pytest.raises(UnreadableFileError, match="no DICOM file"):
        without_names(tmp_path / "missing.dcm", copy)


@pytest.mark.parametrize("wanted", [HandoverFormat.DICOM_SEG, HandoverFormat.DICOM_SR])
def test_objects_of_a_study_need_the_file_that_was_tracked(
    result: TrackingResult, source: Path, tmp_path: Path, wanted: HandoverFormat
) -> None:
    assert wanted.needs_source
    with pytest.raises(InputError, match="Give its DICOM file"):
        hand_over(result, tmp_path, wanted, HandoverConfig(), NullProgress())
    other = tmp_path / "other.dcm"
    other.write_bytes(source.read_bytes() + b"\0")
    with pytest.raises(InputError, match="checksum differs"):
        hand_over(result, tmp_path, wanted, HandoverConfig(source=other), NullProgress())


@pytest.mark.parametrize("patient_data", [False, True])
def test_segmentation_and_report_name_the_patient_only_if_asked(
    result: TrackingResult, source: Path, tmp_path: Path, patient_data: bool
) -> None:
    pytest.importorskip("highdicom", reason="the extra 'highdicom' is not installed")
    config = HandoverConfig(source=source, patient_data=patient_data)
    files = []
    for wanted in (HandoverFormat.DICOM_SEG, HandoverFormat.DICOM_SR):
        files += hand_over(
            result, tmp_path / "out", wanted, config, NullProgress(), measurements=MEASURED
        )
    assert [path.name for path in files] == [
        "segmentation-ed.dcm", "segmentation-es.dcm", "strain-sr.dcm",
    ]  # fmt: skip
    for path in files:
        dataset = pydicom.dcmread(path)
        assert (dataset.PatientName == NAMED[0]) is patient_data
        assert (NAMED[1] in str(dataset)) is patient_data
        assert dataset.StudyInstanceUID == pydicom.dcmread(source).StudyInstanceUID
    labels = pydicom.dcmread(files[0]).pixel_array
    assert labels.shape[-2:] == (48, 64)
    assert labels.any()
