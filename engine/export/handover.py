"""A result for other programs: full fields, and DICOM objects for archives."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.analysis.trust import TrustMap
from engine.config import HandoverConfig, HandoverFormat, ReportConfig
from engine.errors import InputError
from engine.export.dicom import write_overlay_dicom
from engine.export.fields import FieldFormat, write_fields
from engine.export.moving_wall import with_tracked_wall
from engine.export.notices import HIDDEN
from engine.export.privacy import without_names, without_patient_data
from engine.export.structured_report import write_structured_report
from engine.io.common import sha256_of
from engine.io.mask_file import Label
from engine.io.optional import load_highdicom
from engine.masks.dicom_seg import write_dicom_seg
from engine.masks.rasterise import fill_polygon, fill_ring
from engine.model import Measurements, Scale, TrackingResult
from engine.progress import Progress

_FIELDS: Final = {
    HandoverFormat.NIFTI: FieldFormat.NIFTI,
    HandoverFormat.VTK: FieldFormat.VTK,
    HandoverFormat.NPZ: FieldFormat.NPZ,
}


def check_needs(
    result: TrackingResult,
    wanted: Sequence[HandoverFormat],
    config: HandoverConfig,
    progress: Progress,
) -> None:
    """Check what formats need beside the result, before the first of them is written.

    Args:
        result: What was tracked.
        wanted: The formats.
        config: Source of those that refer to the tracked file.
        progress: Told of the part of the source that is read.

    Raises:
        InputError: If the source is missing or another one.
        MissingPackageError: If highdicom is needed and not installed; names all formats that do.
        Cancelled: If a stop was asked for.
    """
    objects = [item.value for item in dict.fromkeys(wanted) if item.needs_source]
    if objects:
        _checked_source(result, config, progress)
        load_highdicom(" and ".join(objects))


def hand_over(
    result: TrackingResult,
    out_dir: Path,
    wanted: HandoverFormat,
    config: HandoverConfig,
    progress: Progress,
    *,
    measurements: Measurements | None = None,
    trust: TrustMap | None = None,
) -> tuple[Path, ...]:
    """Write a result in a format of other programs.

    Args:
        result: What was tracked.
        out_dir: Folder of the files; made if missing.
        wanted: The format.
        config: Source, scale, and whether patient data stays.
        progress: Told of every part.
        measurements: What was measured; a structured report needs them.
        trust: Of the scale drawn: untrusted arrows of the overlay fade, and blood without
            contrast shows none.

    Returns:
        The files.

    Raises:
        InputError: If the source, contours or measurements that the format needs are missing.
        MissingPackageError: If the format needs highdicom and it is not installed.
        OutputError: If a file cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for.
    """
    if not config.patient_data:
        result = without_patient_data(result)
    if wanted in _FIELDS:
        return write_fields(out_dir, result, _FIELDS[wanted], progress)
    if wanted is HandoverFormat.DICOM_OVERLAY:
        return (_write_overlay(result, out_dir, config, progress, trust),)
    source = _checked_source(result, config, progress)
    with tempfile.TemporaryDirectory() as folder:
        if not config.patient_data:
            copy = Path(folder) / "loop.dcm"
            without_names(source, copy)
            source = copy
        progress.check()
        if wanted is HandoverFormat.DICOM_SEG:
            return _write_segmentations(result, out_dir, source)
        if measurements is None:
            raise InputError("A structured report needs measurements. Measure the result first.")
        path = out_dir / "strain-sr.dcm"
        write_structured_report(path, result, measurements, source, config.layer)
        return (path,)


def _write_overlay(
    result: TrackingResult,
    out_dir: Path,
    config: HandoverConfig,
    progress: Progress,
    trust: TrustMap | None,
) -> Path:
    """Write the film as DICOM and return its file."""
    scale = result.finest.scale if config.scale is None else Scale.parse(config.scale)
    path = out_dir / "overlay.dcm"
    score = None if trust is None else trust.score
    blind = trust is not None and trust.contrast is not None and not trust.contrast.trackable
    write_overlay_dicom(
        path,
        with_tracked_wall(result, result.at_scale(scale), score),
        scale,
        ReportConfig(speed_limit=config.speed_limit),
        progress,
        trust=score,
        banner=HIDDEN if blind else "",
        arrows=not blind,
    )
    return path


def _checked_source(result: TrackingResult, config: HandoverConfig, progress: Progress) -> Path:
    """Return the DICOM file that was tracked.

    Raises:
        InputError: If it is missing or another one.
    """
    if config.source is None:
        raise InputError(
            "This DICOM object refers to the loop that was tracked. Give its DICOM file (--source)."
        )
    if sha256_of([config.source], progress) != result.source_sha256:
        raise InputError(
            f"{config.source.name} is not the file that was tracked: its checksum differs. Give "
            "the tracked DICOM file."
        )
    return config.source


def _write_segmentations(result: TrackingResult, out_dir: Path, source: Path) -> tuple[Path, ...]:
    """Write the contours of end-diastole and end-systole as one DICOM Segmentation each."""
    contours = result.contours
    if contours is None:
        raise InputError("A segmentation needs contours. Track with contours first.")
    marks = {"ed": result.ed_frame, "es": result.es_frame}
    frames = {name: frame for name, frame in marks.items() if frame is not None}
    if not frames:
        raise InputError("A segmentation needs end-diastole or end-systole. Mark one first.")
    shape = result.mask.shape[1:]
    files = []
    for name, frame in frames.items():
        index = frame - result.first_frame
        inner = contours.endocardial[index]
        masks = {Label.CAVITY: fill_polygon(inner, shape)}
        if contours.epicardial is not None:
            ring = fill_ring(inner, contours.epicardial[index], shape, closed=contours.closed)
            masks[Label.MYOCARDIUM] = ring & ~masks[Label.CAVITY]
        files.append(out_dir / f"segmentation-{name}.dcm")
        write_dicom_seg(files[-1], source, frame, masks)
    return tuple(files)
