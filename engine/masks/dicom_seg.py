"""Masks as a DICOM Segmentation object, through highdicom (an optional package).

An ultrasound loop has no frame of reference, and highdicom accepts such a source for one frame
only. So one object holds the masks of one frame (end-diastole, end-systole), and names that
frame of the loop in its reference.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import UltrasoundImageStorage

from engine import __version__
from engine.errors import InputError, UnreadableFileError
from engine.io.atomic import atomic_path
from engine.io.optional import load_highdicom
from engine.io.segmentation import CODES, Label


def write_dicom_seg(
    path: Path, source: Path, frame: int, masks: Mapping[Label, NDArray[np.bool_]]
) -> None:
    """Write the masks of one frame as a DICOM Segmentation object.

    Args:
        path: File to write.
        source: DICOM file of the loop that the masks belong to.
        frame: Frame of the source, from 0.
        masks: ``(H, W)`` bool by label, in the source's pixels; they must not overlap.

    Raises:
        MissingPackageError: If highdicom is not installed.
        UnreadableFileError: If the source cannot be read.
        InputError: If a mask does not fit the source, or highdicom refuses the object.
        OutputError: If the file cannot be written.
    """
    highdicom = load_highdicom("A DICOM segmentation")
    try:
        dataset = pydicom.dcmread(source, stop_before_pixels=True)
    except (OSError, pydicom.errors.InvalidDicomError) as error:
        raise UnreadableFileError(
            f"{source.name} is no readable DICOM file: a segmentation needs its loop as DICOM."
        ) from error
    labels = _label_image(dataset, frame, masks)
    try:
        with warnings.catch_warnings():
            # highdicom comments on the source's patient name, which is not ours to change.
            warnings.simplefilter("ignore", UserWarning)
            segmentation = _build(highdicom, _one_frame(dataset), labels, tuple(masks))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(
            f"highdicom does not accept a segmentation of {source.name}: {error} "
            "Save the mask as NIfTI or NPZ instead."
        ) from error
    _name_frame(segmentation, dataset, frame + 1)
    with atomic_path(path) as temporary:
        segmentation.save_as(temporary)


def _label_image(
    dataset: pydicom.Dataset, frame: int, masks: Mapping[Label, NDArray[np.bool_]]
) -> NDArray[np.uint8]:
    """Return one frame of segment numbers, ``(1, H, W)``."""
    shape = (int(dataset.Rows), int(dataset.Columns))
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    if not 0 <= frame < count:
        raise InputError(f"Frame {frame} lies outside the source of {count} frames.")
    if not masks:
        raise InputError("There is no mask to write: draw or build one first.")
    labels = np.zeros((1, *shape), np.uint8)
    for number, mask in enumerate(masks.values(), start=1):
        if mask.shape != shape:
            raise InputError(
                f"The mask is {mask.shape[1]}x{mask.shape[0]} px, its source "
                f"{shape[1]}x{shape[0]} px: both must have one size."
            )
        if np.any(labels[0][mask]):
            raise InputError("The masks overlap: a pixel may belong to one segment only.")
        labels[0][mask] = number
    return labels


def _one_frame(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """Return the source's header as that of a single-frame ultrasound image."""
    # A shallow copy would share its elements with the source, and change them there.
    single = copy.deepcopy(dataset)
    single.SOPClassUID = UltrasoundImageStorage
    if "NumberOfFrames" in single:
        del single.NumberOfFrames
    return single


def _build(
    highdicom: Any,
    source: pydicom.Dataset,
    labels: NDArray[np.uint8],
    wanted: tuple[Label, ...],
) -> Any:
    seg = highdicom.seg
    code = highdicom.sr.CodedConcept
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="Myoflux",
        version=__version__,
        family=code("123109", "DCM", "Manual Processing"),
    )
    descriptions = [
        seg.SegmentDescription(
            segment_number=number,
            segment_label=CODES[label][1],
            segmented_property_category=code("123037004", "SCT", "Anatomical Structure"),
            segmented_property_type=code(CODES[label][0], "SCT", CODES[label][1]),
            algorithm_type=seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number, label in enumerate(wanted, start=1)
    ]
    return seg.Segmentation(
        source_images=[source],
        pixel_array=labels,
        segmentation_type=seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=highdicom.UID(),
        series_number=1,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Myoflux",
        manufacturer_model_name="Myoflux",
        software_versions=__version__,
        device_serial_number="0",
        omit_empty_frames=False,
    )


def _name_frame(segmentation: pydicom.Dataset, source: pydicom.Dataset, number: int) -> None:
    """Refer to the loop as it is, and name its frame (from 1) wherever it is a source image."""

    def visit(dataset: pydicom.Dataset, element: pydicom.DataElement) -> None:
        if element.keyword == "ReferencedSOPInstanceUID" and element.value == source.SOPInstanceUID:
            dataset.ReferencedSOPClassUID = source.SOPClassUID
        if element.keyword == "SourceImageSequence":
            for item in element.value:
                item.ReferencedFrameNumber = number

    segmentation.walk(visit)
