"""Frozen settings of every verb: one declaration feeds the window, the command line and scripts.

Each field's metadata holds its label, help, unit and bounds, so that a form and a manual can be
made of it.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError


def setting(
    default: Any,
    label: str,
    help_text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
) -> Any:
    """Declare a field with its label, help, bounds and unit."""
    metadata = {
        "label": label,
        "help": help_text,
        "minimum": minimum,
        "maximum": maximum,
        "unit": unit,
    }
    return field(default=default, metadata=metadata)


def check_bounds(config: Any) -> None:
    """Check every number of a config against its declared bounds.

    Raises:
        InputError: With the field's label, its value and the bound.
    """
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        low, high = item.metadata.get("minimum"), item.metadata.get("maximum")
        label = item.metadata.get("label", item.name)
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise InputError(f"{label} must lie between {low} and {high}, but is {value}.")


class Preset(StrEnum):
    """Named settings of the tracking."""

    DEFAULT = "default"
    PAPER = "paper"
    PREVIEW = "preview"


ALL_SCALES: Final = ("1_8", "1_4", "1_2", "1")


@dataclass(frozen=True)
class ReadConfig:
    """What to read, and facts that the user knows better than the file.

    Attributes:
        frames: Half-open range (first, last) of source frames; None in it means the end.
        fps: Acquisition rate given by the user, 1/s; None to believe the source.
        spacing_mm: Pixel spacing (x, y) given by the user, mm; None to believe the source.
    """

    frames: tuple[int | None, int | None] = (None, None)
    fps: float | None = setting(
        None, "Frame rate", "Acquisition rate of the loop", minimum=0.1, maximum=10000, unit="1/s"
    )
    spacing_mm: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.spacing_mm is not None and not all(0 < value < 100 for value in self.spacing_mm):
            raise InputError(
                f"Pixel spacing must lie between 0 and 100 mm, but is {self.spacing_mm}."
            )


def parse_frames(text: str | None) -> tuple[int | None, int | None]:
    """Return the half-open range of ``A:B``; either side may be left out.

    Raises:
        InputError: If the text is no such range.
    """
    if not text:
        return (None, None)
    found = re.fullmatch(r"(\d*):(\d*)", text.strip())
    if found is None:
        raise InputError(
            f"Frames must be given as A:B (half-open, from 0), such as 10:40, not '{text}'."
        )
    first, last = found.groups()
    return (int(first) if first else None, int(last) if last else None)


class MaskMethod(StrEnum):
    """How a mask is made."""

    AUTO = "auto"
    POINTS = "points"
    PAPER = "paper"
    FILE = "file"


@dataclass(frozen=True)
class MaskConfig:
    """How to make the mask.

    Attributes:
        target: ``tissue`` or ``blood``.
        method: ``auto``, ``points`` (three clicks), ``paper``, or ``file``.
        file: Mask (PNG, NIfTI, NPZ) or contours (JSON) for the method ``file``.
        points: (x, y) in px: annulus, annulus, apex; short axis: centre and a rim point.
        points_es: The same points on the end-systolic frame, or empty.
        view: Confirmed view, or None.
        ed_frame: End-diastolic source frame given by the user, or None.
        es_frame: End-systolic source frame given by the user, or None.
        thickness_fraction: Wall thickness as a fraction of the cavity's long-axis length; used
            where no epicardium is seen.
    """

    target: str = "tissue"
    method: MaskMethod = MaskMethod.AUTO
    file: Path | None = None
    points: tuple[tuple[float, float], ...] = ()
    points_es: tuple[tuple[float, float], ...] = ()
    view: str | None = None
    ed_frame: int | None = None
    es_frame: int | None = None
    thickness_fraction: float = setting(
        0.11,
        "Wall thickness",
        "As a fraction of the cavity's length",
        minimum=0.02,
        maximum=0.4,
    )

    def __post_init__(self) -> None:
        check_bounds(self)


WEIGHTED: Final = ("ssmsr", "ssr", "voxelmorph", "myotracker")
"""Methods that start from weights, which may be given."""


@dataclass(frozen=True)
class TrackingConfig:
    """How to track.

    Attributes:
        target: ``tissue`` or ``blood``.
        method: Name in ``engine.methods``.
        preset: Named settings.
        scales: Keys of the scales, coarse to fine.
        device: ``auto``, ``cpu`` or ``cuda``.
        seed: Random seed; one seed on one device gives one result.
        init: Weights to start from, instead of the shipped ones.
        test_time_training: Whether the network is optimised on the loop.
        temporal: Whether the fields of neighbouring pairs support one another.
        reserve_cores: Cores left to the window.
    """

    target: str = "tissue"
    method: str = "ssmsr"
    preset: Preset = Preset.DEFAULT
    scales: tuple[str, ...] = ALL_SCALES
    device: str = "auto"
    seed: int = setting(0, "Seed", "Of all random choices", minimum=0, maximum=2**31 - 1)
    init: Path | None = None
    test_time_training: bool = True
    temporal: bool = True
    reserve_cores: int = setting(0, "Reserved cores", "Left to the window", minimum=0, maximum=64)

    def __post_init__(self) -> None:
        check_bounds(self)
        wanted = [scale for scale in ALL_SCALES if scale in self.scales]
        if not self.scales or list(self.scales) != wanted:
            raise InputError(
                "Scales must be some of 1/8, 1/4, 1/2, 1, coarse to fine, each once; "
                f"got {', '.join(self.scales) or 'none'}."
            )
        if self.init is not None and self.method not in WEIGHTED:
            raise InputError(
                f"The method {self.method} takes no weights: leave --init out, or give --method "
                f"{' or '.join(WEIGHTED)}."
            )


@dataclass(frozen=True)
class MeasureConfig:
    """Which definitions to measure with.

    Attributes:
        segments: AHA model: 16, 17 or 18 segments.
        layer: Layer of the headline strain.
        drift_compensation: Whether curves are corrected for their drift over the cycle.
        blood_viscosity_pa_s: Dynamic viscosity of blood, Pa s.
        blood_density_kg_m3: Density of blood, kg/m3.
        in_plane_research: Whether the in-plane energy loss, pressure and Hong's strengths are
            added as a research appendix.
        scale: Key of the scale measured; the finest if None.
        excluded: Segments that the review rejected, such as ``mid_inferoseptal``: no value rests
            on them, and every report names them.
    """

    segments: int = setting(18, "Segments", "AHA model", minimum=16, maximum=18)
    layer: str = "midwall"
    drift_compensation: bool = True
    blood_viscosity_pa_s: float = setting(
        0.004, "Viscosity", "Of blood", minimum=0.001, maximum=0.02, unit="Pa s"
    )
    blood_density_kg_m3: float = setting(
        1060.0, "Density", "Of blood", minimum=900, maximum=1200, unit="kg/m3"
    )
    in_plane_research: bool = False
    scale: str | None = None
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_bounds(self)


def speed_limit_setting() -> Any:
    """Return the setting of the top of a colour bar of speed; None leaves it to the loop."""
    return setting(
        None, "The top of the colour bar", "cm/s or px/frame", minimum=0.01, maximum=10_000.0
    )


@dataclass(frozen=True)
class ReportConfig:
    """What a report holds.

    Attributes:
        movie: Whether the overlay video is written.
        pdf: Whether the PDF is written.
        figures: Whether a PNG of the field of every scale is written.
        speed_limit: Upper end of the colour bar (cm/s, or px/frame where uncalibrated); None
            takes the 99th percentile over the loop, fixed for all frames.
    """

    movie: bool = True
    pdf: bool = True
    figures: bool = True
    speed_limit: float | None = speed_limit_setting()

    def __post_init__(self) -> None:
        check_bounds(self)


class HandoverFormat(StrEnum):
    """What can be written for other programs."""

    NIFTI = "nifti"
    VTK = "vtk"
    NPZ = "npz"
    DICOM_OVERLAY = "dicom-overlay"
    DICOM_SEG = "dicom-seg"
    DICOM_SR = "dicom-sr"

    @property
    def needs_source(self) -> bool:
        """Whether the DICOM file that was tracked is needed: the object belongs to its study."""
        return self in {HandoverFormat.DICOM_SEG, HandoverFormat.DICOM_SR}


@dataclass(frozen=True)
class HandoverConfig:
    """How a result is handed over.

    Attributes:
        source: DICOM file that was tracked; only for what refers to it.
        scale: Key of the overlay's scale; the finest if None.
        layer: Of the headline strain in a structured report.
        patient_data: Whether file names, patient attributes and text outside the sector stay.
        speed_limit: Top of the overlay's colour bar; None takes it from the loop.
    """

    source: Path | None = None
    scale: str | None = None
    layer: str = "midwall"
    patient_data: bool = False
    speed_limit: float | None = speed_limit_setting()

    def __post_init__(self) -> None:
        check_bounds(self)
