"""A DICOM Segmentation of the standard's layout, written here by pydicom alone, is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRLittleEndian, SegmentationStorage, generate_uid

from engine.errors import UnreadableFileError
from engine.io.mask_file import Label, read_mask_file
from engine.io.segmentation import CODES, read_segmentation

SHAPE = (8, 12)
CAVITY, WALL = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
CAVITY[2:5, 2:6] = True
WALL[5:7, 2:6] = True


def item(**values: object) -> Dataset:
    """Return an item of a sequence."""
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def write_seg(path: Path, planes: list[tuple[np.ndarray, int, int]], **changes: object) -> Path:
    """Write planes, each with its segment (1 wall, 2 cavity, 3 another) and source frame."""
    codes = [CODES[Label.MYOCARDIUM][0], CODES[Label.CAVITY][0], "113257007"]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = (
        SegmentationStorage,
        ExplicitVRLittleEndian,
    )
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = SegmentationStorage, generate_uid()
    dataset.SegmentationType, dataset.Modality = "BINARY", "SEG"
    dataset.Rows, dataset.Columns = SHAPE
    dataset.NumberOfFrames = len(planes)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = dataset.PixelRepresentation = 0
    dataset.SegmentSequence = [
        item(SegmentNumber=n, SegmentedPropertyTypeCodeSequence=[item(CodeValue=code)])
        for n, code in enumerate(codes, start=1)
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            SegmentIdentificationSequence=[item(ReferencedSegmentNumber=segment)],
            DerivationImageSequence=[item(SourceImageSequence=[item(ReferencedFrameNumber=frame)])],
        )
        for _, segment, frame in planes
    ]
    dataset.PixelData = pack_bits(np.stack([plane for plane, _, _ in planes]).astype(np.uint8))
    for name, value in changes.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_segments_of_one_frame_serve_the_loop_each_by_its_code(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "seg.dcm", [(WALL, 1, 5), (CAVITY, 2, 5)])
    labels = read_segmentation(path)
    np.testing.assert_array_equal(labels == Label.MYOCARDIUM, WALL)
    np.testing.assert_array_equal(labels == Label.CAVITY, CAVITY)
    loop = (4, *SHAPE)
    np.testing.assert_array_equal(read_mask_file(path, loop)[3], WALL | CAVITY)
    np.testing.assert_array_equal(read_mask_file(path, loop, preferred=Label.CAVITY)[3], CAVITY)


def test_segments_of_several_frames_stand_at_their_frames(tmp_path: Path) -> None:
    planes = [(CAVITY, 2, 1), (np.roll(CAVITY, 1, axis=1), 2, 3), (WALL, 3, 2)]
    labels = read_segmentation(write_seg(tmp_path / "seg.dcm", planes))
    assert labels.shape == (3, *SHAPE)
    np.testing.assert_array_equal(labels[2] == Label.CAVITY, np.roll(CAVITY, 1, axis=1))
    np.testing.assert_array_equal(labels[1] == max(Label) + 1, WALL)


def test_what_is_no_segmentation_of_whole_pixels_is_told(tmp_path: Path) -> None:
    planes = [(CAVITY, 2, 1)]
    fractions = write_seg(tmp_path / "part.dcm", planes, SegmentationType="FRACTIONAL")
    with pytest.raises(UnreadableFileError, match="fractions"):
        read_segmentation(fractions)
    picture = write_seg(tmp_path / "us.dcm", planes, SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1")
    with pytest.raises(UnreadableFileError, match="no segmentation"):
        read_mask_file(picture, (4, *SHAPE))
    unnamed = write_seg(tmp_path / "unnamed.dcm", planes, PerFrameFunctionalGroupsSequence=[item()])
    with pytest.raises(UnreadableFileError, match=r"unnamed\.dcm"):
        read_segmentation(unnamed)
    whole = write_seg(tmp_path / "seg.dcm", planes)
    (tmp_path / "torn.dcm").write_bytes(whole.read_bytes()[:-8])
    with pytest.raises(UnreadableFileError, match=r"torn\.dcm"):
        read_segmentation(tmp_path / "torn.dcm")
