"""DICOM ultrasound: US Multi-frame and single-frame images."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
)

from engine.config import ReadConfig
from engine.errors import ResourceError, UnreadableFileError
from engine.io.calibration import calibrate
from engine.io.common import (
    SourceFacts,
    check_memory,
    collect,
    colour_warning,
    guarded,
    make_cine,
    part_advice,
    resolve_range,
    sha256_of,
    unreadable,
)
from engine.io.dicom_facts import frame_times, heart_rate, playback_fps, r_times, view_hint
from engine.io.dicom_pixels import can_decode, first_rgb, grey_frames
from engine.model import Cine
from engine.progress import Progress

#: Larger files are refused before they are loaded, bytes.
MAX_FILE_BYTES: Final = 4 * 1024**3

_NATIVE: Final = frozenset(
    {
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    }
)
_PIXEL_KEYS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_ADVICE_NATIVE: Final = (
    "Export the loop from the scanner or its workstation as standard DICOM Ultrasound Multi-frame "
    "(grey scale, no raw data), or as MP4."
)


def read_dicom(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read a DICOM loop, with or without preamble.

    Args:
        path: The file.
        config: Range of frames, and the user's own facts.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If the file is damaged, holds no image, or only a vendor's own data.
        ResourceError: If it exceeds the bound on memory.
    """
    dataset = load_dataset(path)
    progress.check()
    with guarded(path):
        _complete(dataset, path)
        count = int(dataset.get("NumberOfFrames") or 1)
        if count < 1:
            raise unreadable(path, f"it says that it has {count} frames")
        _check_syntax(dataset, path)
        start, stop = resolve_range(config.frames, count, path.name)
        check_memory(stop - start, (int(dataset.Rows), int(dataset.Columns)), path.name)
        _check_length(dataset, path, stop)
        stack = collect(grey_frames(dataset, start, stop), stop - start, path, progress)
        if len(stack) < stop - start:
            raise _cut_off(path, start + len(stack), count)
        facts = _facts(dataset, count, start, (stack.shape[2], stack.shape[1]))
    sha256 = sha256_of([path], progress)
    return make_cine(path, stack, start, facts, config=config, sha256=sha256)


def load_dataset(path: Path) -> Dataset:
    """Load a DICOM file and give it a transfer syntax if it states none.

    Raises:
        UnreadableFileError: If it is no DICOM file, or is damaged.
        ResourceError: If it is larger than the bound.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ResourceError(
            f"{path.name} has {size / 1024**3:.1f} GiB; the bound is "
            f"{MAX_FILE_BYTES / 1024**3:.0f} GiB. Export a shorter loop."
        )
    with guarded(path, "it is no DICOM file, or its header is damaged"):
        dataset = pydicom.dcmread(path, force=True)
        if not hasattr(dataset, "file_meta"):
            dataset.file_meta = FileMetaDataset()
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _implied_syntax(dataset)
    return dataset


def _implied_syntax(dataset: Dataset) -> UID:
    """Return the uncompressed transfer syntax that a file without one was parsed as."""
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little or little is None else ExplicitVRBigEndian


def _complete(dataset: Dataset, path: Path) -> None:
    """Check that there is an image.

    Raises:
        UnreadableFileError: If there is none, or only one in a vendor's own form.
    """
    if "PixelData" in dataset and dataset.PixelData and "Rows" in dataset and "Columns" in dataset:
        if not dataset.Rows or not dataset.Columns:
            raise unreadable(path, f"its image has {dataset.Columns}x{dataset.Rows} px")
        return
    vendor = _vendor(dataset)
    if vendor:
        raise unreadable(
            path, f"it holds its loop only as {vendor}, which is not public", _ADVICE_NATIVE
        )
    if any(key in dataset for key in _PIXEL_KEYS):
        raise unreadable(path, "its pixel data are empty or of an unusual kind")
    if not len(dataset):
        raise unreadable(path, "it is no DICOM file, or its header is damaged")
    if "Rows" in dataset:
        raise unreadable(path, "its pixel data are missing: the file is truncated")
    kind = dataset.get("Modality") or dataset.file_meta.get("MediaStorageSOPClassUID", UID(""))
    told = getattr(kind, "name", "") or str(kind) or "unknown"
    raise unreadable(
        path, f"it is a DICOM file without an image ({told[:40]})", "Choose an ultrasound loop."
    )


def _check_syntax(dataset: Dataset, path: Path) -> None:
    """Check that the pixels' compression is one that can be decoded.

    Raises:
        UnreadableFileError: If it is not.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    twelve_bits = syntax == JPEGExtended12Bit and dataset.BitsAllocated > 8
    if twelve_bits or not can_decode(syntax):
        raise unreadable(
            path,
            f"its pixels are compressed as {syntax.name or syntax}"
            f"{' with 12 bits' if twelve_bits else ''}, which cannot be decoded",
            "Export the loop uncompressed, as JPEG Baseline or as JPEG 2000.",
        )


def _vendor(dataset: Dataset) -> str:
    """Return the name of a vendor's own loop format in a DICOM file, or an empty string."""
    creators = " ".join(
        str(element.value) for element in dataset if element.tag.is_private_creator
    ).upper()
    sop_class = str(dataset.get("SOPClassUID", ""))
    if "MOVIEGROUP" in creators or sop_class.startswith("1.2.840.113619."):
        return "GE MovieGroup data"
    if "KRETZ" in creators:
        return "a GE Kretz volume"
    philips = ("1.3.46.670588.", "1.2.840.113543.6.6.1.3.10002")
    if "PHILIPS" in creators or sop_class.startswith(philips):
        return "Philips native data"
    return ""


def _check_length(dataset: Dataset, path: Path, stop: int) -> None:
    """Make the number of frames of uncompressed files agree with their pixel data.

    Raises:
        UnreadableFileError: If frames before ``stop`` are missing.
    """
    if dataset.file_meta.TransferSyntaxUID not in _NATIVE:
        return
    samples = int(dataset.get("SamplesPerPixel", 1))
    pixels = int(dataset.Rows) * int(dataset.Columns)
    declared = int(dataset.get("NumberOfFrames") or 1)
    length = pixels * samples * int(dataset.BitsAllocated) // 8
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":
        if len(dataset.PixelData) >= length * declared:
            dataset.PhotometricInterpretation = "YBR_FULL"  # stored in full, whatever it says
        else:
            length = pixels * 2
    present = len(dataset.PixelData) // max(1, length)
    if present < stop:
        raise _cut_off(path, present, declared)
    dataset.NumberOfFrames = min(present, declared)


def _cut_off(path: Path, present: int, declared: int) -> UnreadableFileError:
    """Return the sentence for a file with fewer frames than it says."""
    advice = "Copy it again from its source"
    advice += f", or {part_advice(f'0:{present}')}" if present > 1 else "."
    problem = f"it is truncated: {present} of {declared} frames are there"
    return unreadable(path, problem, advice)


def _facts(dataset: Dataset, count: int, start: int, size: tuple[int, int]) -> SourceFacts:
    """Return what the file says of its loop, and what to warn of."""
    times = frame_times(dataset, count)
    calibration = calibrate(dataset, *size)
    warnings = [*times.warnings, *calibration.warnings]
    modality = str(dataset.get("Modality") or "")
    if modality and modality != "US":
        warnings.append(f"The file is no ultrasound image: its modality is {modality}.")
    colours = first_rgb(dataset, start)
    coloured = None if colours is None else colour_warning(colours)
    if coloured:
        warnings.append(coloured)
    return SourceFacts(
        format="DICOM",
        transfer_syntax=dataset.file_meta.TransferSyntaxUID.name,
        times_s=times.times_s,
        times_origin=times.origin,
        spacing_mm=calibration.spacing_mm,
        spacing_origin=calibration.origin,
        r_times_s=r_times(dataset),
        heart_rate_bpm=heart_rate(dataset),
        playback_fps=playback_fps(dataset, times),
        region=calibration.region,
        view_hint=view_hint(dataset),
        warnings=tuple(warnings),
    )
