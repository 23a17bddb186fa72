"""The overlay as a DICOM secondary capture without personal data, for archives and viewers."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import (
    JPEGBaseline8Bit,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)

from engine.config import ReportConfig
from engine.errors import InputError
from engine.export.notices import RESEARCH_USE
from engine.export.overlay import OverlayPainter
from engine.export.quiver import Trust
from engine.export.raster import Picture
from engine.io.atomic import atomic_path
from engine.io.dicom_write import new_ultrasound
from engine.model import Scale, TrackingResult
from engine.progress import Progress, Step

_QUALITY: Final = 92
_FRAME_TIME: Final = 0x00181063
_FRAME_TIME_VECTOR: Final = 0x00181065
_PAGE_NUMBER_VECTOR: Final = 0x00182001
# Attributes that must be there, and that say nothing of a person (PS3.15, basic profile).
_EMPTY: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
    "Laterality",
)


def write_overlay_dicom(
    path: Path,
    result: TrackingResult,
    scale: Scale,
    config: ReportConfig,
    progress: Progress,
    *,
    trust: Trust | None = None,
    banner: str = "",
    arrows: bool = True,
    region: NDArray[np.bool_] | None = None,
    pixels_reviewed: bool = False,
) -> None:
    """Write the overlay as a Multi-frame True Color Secondary Capture (JPEG Baseline).

    All attributes that could name a person are empty and all UIDs are new. Whether the pixels
    are free of burned-in text only a person can say: until then the file says that they may not
    be, and does not call itself de-identified.

    Args:
        path: Of the DICOM file.
        result: What was tracked.
        scale: Whose field to draw.
        config: Holds the speed at the top of the colour bar.
        progress: Told of every frame.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; arrows below 0.5 fade.
        banner: A warning drawn over every frame, or an empty string.
        arrows: Whether arrows are drawn.
        region: ``(H, W)`` bool: the ultrasound's sector; the cine is black outside of it.
        pixels_reviewed: Whether a person has looked and found no text that names the patient;
            needs ``region``.

    Raises:
        InputError: If the pixels are called reviewed without a region, or shapes differ.
        OutputError: If it cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; nothing is written.
    """
    if pixels_reviewed and region is None:
        raise InputError(
            "Pixels count as free of burned-in text only with the ultrasound's region cut out. "
            "Give the region."
        )
    painter = OverlayPainter(
        _within(result, region), scale, config, trust=trust, banner=banner, arrows=arrows
    )
    frames = []
    count = len(result.mask)
    for index in range(count):
        progress.check()
        frames.append(_jpeg(painter.paint(index)))
        progress.report(Step("DICOM", index + 1, count, fraction=(index + 1) / count))
    dataset = _header(result, pixels_reviewed=pixels_reviewed)
    _add_times(dataset, result.frame_times_s, count)
    _add_pixels(dataset, frames, painter.size)
    with atomic_path(path) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)


def _within(result: TrackingResult, region: NDArray[np.bool_] | None) -> TrackingResult:
    if region is None or result.frames is None:
        return result
    if region.shape != result.frames.shape[1:]:
        raise InputError(
            f"The region {region.shape} and the frames {result.frames.shape[1:]} differ in size."
        )
    return dataclasses.replace(result, frames=result.frames * region.astype(np.uint8))


def _header(result: TrackingResult, *, pixels_reviewed: bool) -> FileDataset:
    dataset = new_ultrasound(MultiFrameTrueColorSecondaryCaptureImageStorage, JPEGBaseline8Bit)
    for keyword in _EMPTY:
        setattr(dataset, keyword, "")
    dataset.ConversionType = "WSD"
    dataset.SecondaryCaptureDeviceManufacturer = "Myoflux"
    dataset.SecondaryCaptureDeviceSoftwareVersions = result.software_version
    dataset.DerivationDescription = f"Tracking overlay. {RESEARCH_USE}."
    dataset.BurnedInAnnotation = "NO" if pixels_reviewed else "YES"
    dataset.PatientIdentityRemoved = "YES" if pixels_reviewed else "NO"
    if pixels_reviewed:
        dataset.DeidentificationMethod = "Attributes emptied; pixels cut to the sector and reviewed"
    return dataset


def _add_times(dataset: Dataset, times_s: NDArray[np.float64] | None, count: int) -> None:
    if times_s is None:
        dataset.FrameIncrementPointer = Tag(_PAGE_NUMBER_VECTOR)
        dataset.PageNumberVector = list(range(1, count + 1))
        return
    steps = np.diff(times_s) * 1000
    if np.ptp(steps) < 1e-3:
        dataset.FrameIncrementPointer = Tag(_FRAME_TIME)
        dataset.FrameTime = f"{steps.mean():.10g}"
    else:
        dataset.FrameIncrementPointer = Tag(_FRAME_TIME_VECTOR)
        dataset.FrameTimeVector = ["0", *(f"{step:.10g}" for step in steps)]


def _add_pixels(dataset: Dataset, frames: list[bytes], size: tuple[int, int]) -> None:
    dataset.Columns, dataset.Rows = size
    dataset.NumberOfFrames = len(frames)
    dataset.SamplesPerPixel = 3
    dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    raw = 3 * size[0] * size[1] * len(frames)
    dataset.LossyImageCompressionRatio = f"{raw / sum(map(len, frames)):.4g}"
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True


def _jpeg(picture: Picture) -> bytes:
    stream = io.BytesIO()
    # 4:2:2, as the photometric interpretation says.
    Image.fromarray(picture).save(stream, "JPEG", quality=_QUALITY, subsampling="4:2:2")
    return stream.getvalue()
