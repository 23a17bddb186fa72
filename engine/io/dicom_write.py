"""Writing a cine as an Ultrasound Multi-frame DICOM file with calibration and times."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from engine import __version__
from engine.errors import InputError
from engine.io.atomic import atomic_path
from engine.model import Cine

_FRAME_TIME: Final = 0x00181063
_FRAME_TIME_VECTOR: Final = 0x00181065
_UNIT_CM: Final = 3
#: Intervals that differ by less are one interval, ms.
_EVEN_MS: Final = 1e-3


def write_dicom(
    path: Path,
    cine: Cine,
    *,
    compress: bool = False,
    patient_name: str = "",
    patient_id: str = "",
) -> None:
    """Write a cine as Ultrasound Multi-frame Image, whole or not at all.

    The spacing becomes a 2D region with units of cm, even intervals a Frame Time, uneven ones a
    Frame Time Vector, R waves an R Wave Time Vector on the clock of the first frame. What is
    unknown is left out.

    Args:
        path: File to write.
        cine: The loop; one frame is enough.
        compress: Whether pixels are packed without loss (RLE).
        patient_name: Written as it is; empty by default.
        patient_id: Written as it is; empty by default.

    Raises:
        InputError: If the frames are larger than DICOM allows (65535 px a side).
        OutputError: If the file cannot be written.
    """
    frames, height, width = cine.shape
    if max(height, width) > 65535:
        raise InputError(f"DICOM holds at most 65535 px a side; the loop is {width}x{height} px.")
    dataset = _header(path, patient_name, patient_id)
    _add_pixels(dataset, cine)
    _add_times(dataset, cine)
    if cine.spacing_mm is not None:
        dataset.SequenceOfUltrasoundRegions = [_region(cine)]
    dataset.NumberOfFrames = frames
    if compress:
        dataset.compress(RLELossless, generate_instance_uid=False)
    with atomic_path(path) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)


def _header(path: Path, patient_name: str, patient_id: str) -> FileDataset:
    """Return a data set with the modules that every image needs."""
    dataset = new_ultrasound(UltrasoundMultiFrameImageStorage, ExplicitVRLittleEndian)
    now = datetime.datetime.now(tz=datetime.UTC)
    dataset.PatientName, dataset.PatientID = patient_name, patient_id
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.StudyDate = dataset.ContentDate = now.strftime("%Y%m%d")
    dataset.StudyTime = dataset.ContentTime = now.strftime("%H%M%S")
    dataset.AccessionNumber = dataset.ReferringPhysicianName = dataset.StudyID = ""
    dataset.Manufacturer = "Myoflux"
    dataset.SoftwareVersions = __version__
    return dataset


def new_ultrasound(storage: str, transfer_syntax: str) -> FileDataset:
    """Return a derived ultrasound object of a new study, with UIDs and no pixels.

    Args:
        storage: UID of its SOP class.
        transfer_syntax: UID of how it will be written.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(storage)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = UID(transfer_syntax)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = "US"
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    return dataset


def _add_pixels(dataset: Dataset, cine: Cine) -> None:
    """Add the grey frames."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = cine.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    data = cine.frames.tobytes()
    if _was_lossy(cine):
        dataset.LossyImageCompression = "01"
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"


def _was_lossy(cine: Cine) -> bool:
    """Return whether the pixels once went through a lossy compression, as far as is known."""
    syntax = cine.provenance.transfer_syntax or ""
    lossy = any(word in syntax for word in ("Baseline", "MPEG", "Near-lossless"))
    return lossy or cine.provenance.format == "video"


def _add_times(dataset: Dataset, cine: Cine) -> None:
    """Add frame times, R waves and heart rate as far as they are known."""
    intervals = cine.frame_intervals_s
    start = 0.0
    if cine.frame_times_s is not None and intervals is not None and len(intervals):
        start = float(cine.frame_times_s[0])
        steps = intervals * 1000
        if np.ptp(steps) < _EVEN_MS:
            dataset.FrameTime = _decimal(float(steps.mean()))
            dataset.FrameIncrementPointer = Tag(_FRAME_TIME)
        else:
            dataset.FrameTimeVector = ["0", *(_decimal(float(step)) for step in steps)]
            dataset.FrameIncrementPointer = Tag(_FRAME_TIME_VECTOR)
    if cine.r_times_s:
        dataset.RWaveTimeVector = [1000 * (time - start) for time in cine.r_times_s]
    if cine.heart_rate_bpm is not None:
        dataset.HeartRate = round(cine.heart_rate_bpm)


def _region(cine: Cine) -> Dataset:
    """Return the region calibration of a 2D tissue image in cm."""
    _, height, width = cine.shape
    x0, y0, x1, y1 = cine.region or (0, 0, width, height)
    spacing_x, spacing_y = cine.spacing_mm or (1.0, 1.0)
    region = Dataset()
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = x0, y0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = x1 - 1, y1 - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = _UNIT_CM
    region.PhysicalDeltaX, region.PhysicalDeltaY = spacing_x / 10, spacing_y / 10
    return region


def _decimal(value: float) -> str:
    """Return a decimal string of at most 16 characters, as DICOM wants."""
    return f"{value:.9g}"
