"""Reading masks from a DICOM Segmentation (SEG), as this program and others write them."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import SegmentationStorage

from engine.io.common import guarded, unreadable

_ADVICE: Final = "Give a DICOM Segmentation (SEG) of this loop."


class Label(IntEnum):
    """Labels of the CAMUS data set."""

    CAVITY = 1
    MYOCARDIUM = 2
    ATRIUM = 3


#: SNOMED CT codes and their meanings (DICOM CID 3010 and related anatomy).
CODES: Final = {
    Label.CAVITY: ("15682004", "Cavity of left ventricle"),
    Label.MYOCARDIUM: ("3194006", "Myocardium of left ventricle"),
    Label.ATRIUM: ("82471001", "Left atrium"),
}
_LABELS: Final = {code: label for label, (code, _) in CODES.items()}


def read_segmentation(path: Path) -> NDArray[np.uint8]:
    """Read the segments of a binary DICOM Segmentation as labels.

    Args:
        path: DICOM file of the class Segmentation Storage.

    Returns:
        ``(H, W)`` where all segments belong to one frame of the source, else ``(T, H, W)`` up to
        the last frame referred to. Segments of the left ventricle and the left atrium have their
        ``Label``, others the numbers that follow; where segments overlap the last one counts.

    Raises:
        UnreadableFileError: If the file is none, is damaged, or holds fractions.
    """
    with guarded(path):
        dataset = pydicom.dcmread(path, force=True)
        if dataset.get("SOPClassUID") != SegmentationStorage:
            raise unreadable(path, "it is DICOM, but no segmentation", _ADVICE)
        if dataset.get("SegmentationType") != "BINARY":
            raise unreadable(path, "its segments are fractions", _ADVICE)
        numbers = _numbers(dataset)
        planes = np.asarray(dataset.pixel_array).reshape(-1, dataset.Rows, dataset.Columns) > 0
        groups = list(dataset.PerFrameFunctionalGroupsSequence)
        frames = [_source_frame(group) for group in groups]
        segments = [
            int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for group in groups
        ]
    if len(groups) != len(planes):
        raise unreadable(path, f"it describes {len(groups)} of its {len(planes)} frames", _ADVICE)
    last = max(frames, default=1) if len(set(frames)) > 1 else 1
    labels = np.zeros((last, *planes.shape[1:]), np.uint8)
    for plane, segment, frame in zip(planes, segments, frames, strict=True):
        labels[frame - 1 if last > 1 else 0][plane] = numbers.get(segment, 0)
    return labels[0] if last == 1 else labels


def _numbers(dataset: pydicom.Dataset) -> dict[int, int]:
    """Return the label of every segment number."""
    found: dict[int, int] = {}
    other = int(max(Label))
    for segment in dataset.SegmentSequence:
        code = str(segment.SegmentedPropertyTypeCodeSequence[0].get("CodeValue", ""))
        if code not in _LABELS:
            other += 1
        found[int(segment.SegmentNumber)] = int(_LABELS.get(code, other))
    return found


def _source_frame(group: pydicom.Dataset) -> int:
    """Return the source's frame, from 1, that a frame of the segmentation belongs to; 1 if none."""
    for derivation in group.get("DerivationImageSequence", ()):
        for source in derivation.get("SourceImageSequence", ()):
            number = source.get("ReferencedFrameNumber")
            if number is not None:
                return int(number if isinstance(number, int | str) else number[0])
    return 1
