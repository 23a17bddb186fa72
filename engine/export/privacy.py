"""Leaving out what may name a person: file names, header fields, and text burned into the image.

What is burned in outside the ultrasound sector is made black. Text within the sector, and a sector
that was found wrongly, only a person can see: nothing here calls a picture de-identified.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError

from engine.errors import UnreadableFileError
from engine.io.atomic import atomic_path
from engine.masks.sector import find_sector
from engine.model import Cine, Provenance, TrackingResult

#: Groups of a header that speak of the patient and of the appointment.
_GROUPS: Final = frozenset({0x0010, 0x0032, 0x0038, 0x0040})
#: Kinds of value that name persons and days.
_KINDS: Final = frozenset({"PN", "DA", "TM", "DT"})
_NAMING: Final = frozenset(
    {
        "AccessionNumber",
        "InstitutionAddress",
        "InstitutionName",
        "InstitutionalDepartmentName",
        "ProtocolName",
        "SeriesDescription",
        "StationName",
        "StudyDescription",
        "StudyID",
    }
)


def without_patient_data(result: TrackingResult) -> TrackingResult:
    """Return a result that names no file, black outside the sector; the field is the same."""
    frames = result.frames
    if frames is not None:
        frames = frames * sector_of(frames).astype(np.uint8)
    # The settings tell where the loop came from, and notices may speak of it by its name.
    settings = {key: _nameless(value, result.source_name) for key, value in result.config.items()}
    notices = tuple(str(_nameless(note, result.source_name)) for note in result.notices)
    return dataclasses.replace(
        result, source_name="", frames=frames, config=MappingProxyType(settings), notices=notices
    )


def _nameless(value: Any, name: str) -> Any:
    """Return plain JSON values in which no text holds a file's name or a path."""
    if isinstance(value, Mapping):
        return {key: _nameless(item, name) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_nameless(item, name) for item in value]
    if not isinstance(value, str):
        return value
    if value in {name, Path(name).stem} or Path(value).is_absolute():
        return ""
    return value.replace(name, "the loop") if name else value


def sector_of(frames: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the ultrasound sector of ``(T, H, W)`` frames, ``(H, W)`` bool; all if black."""
    if not frames.any():
        return np.ones(frames.shape[1:], np.bool_)
    return find_sector(Cine(frames, Provenance("", "", "")))


def without_names(source: Path, copy: Path) -> None:
    """Copy a DICOM file without the header fields that may name a person.

    Args:
        source: DICOM file.
        copy: File to write; it keeps the UIDs and the pixels of the source.

    Raises:
        UnreadableFileError: If the source is no DICOM file.
        OutputError: If the copy cannot be written.
    """
    try:
        dataset = pydicom.dcmread(source)
    except (InvalidDicomError, OSError) as error:
        raise UnreadableFileError(
            f"{source.name} is no DICOM file that could be read. Give the DICOM loop that was "
            "tracked."
        ) from error
    dataset.remove_private_tags()
    dataset.walk(_blank)
    with atomic_path(copy) as temporary:
        dataset.save_as(temporary)


def _blank(dataset: pydicom.Dataset, element: Any) -> None:
    """Empty an element that may name a person, a day or a place."""
    names = element.VR in _KINDS or element.keyword in _NAMING
    if names or element.tag.group in _GROUPS:
        if element.VR == "SQ":
            del dataset[element.tag]
        else:
            element.value = None
