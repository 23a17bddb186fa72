"""Pixel spacing of ultrasound DICOM: regions, and when not to believe them.

DICOM PS3.3 C.8.5.5: a file lists regions, each with its own format, units and pixel size. Only a
2D region (format 1) with centimetres on both axes says how large a pixel of the picture is; an
M-mode or Doppler region beside it does not. A region that leaves the image was written for a
picture of another size (the file was scaled afterwards), so its pixel size is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

_FORMAT_2D: Final = 1
_TISSUE: Final = 1
_UNIT_CM: Final = 3
_MM_PER_CM: Final = 10.0
#: Larger pixels do not occur in echocardiography, mm.
_MAX_SPACING_MM: Final = 10.0


@dataclass(frozen=True)
class Calibration:
    """Spacing of a picture, where it comes from, and its ultrasound region.

    Attributes:
        spacing_mm: (x, y), mm; None if unknown or refused.
        origin: Where it comes from, or why there is none.
        region: (x0, y0, x1, y1), px, half-open, within the image; None if unknown or refused.
        warnings: Sentences for the user.
    """

    spacing_mm: tuple[float, float] | None
    origin: str
    region: tuple[int, int, int, int] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Region:
    """One usable 2D region: its box (ends inclusive, as stored), pixel size and rank."""

    box: tuple[int, int, int, int]
    spacing_mm: tuple[float, float]
    flipped: bool
    rank: tuple[bool, bool, int]


def calibrate(dataset: Dataset, width: int, height: int) -> Calibration:
    """Return the calibration of a DICOM image.

    Args:
        dataset: Its attributes.
        width: Columns of the decoded frames.
        height: Rows of the decoded frames.
    """
    stored = dataset.get("SequenceOfUltrasoundRegions") or []
    if not stored:
        return _from_pixel_spacing(dataset)
    regions = [item for item in map(_usable, stored) if item is not None]
    if not regions:
        reason = "refused: no ultrasound region is a 2D image with centimetres on both axes"
        return Calibration(None, reason, warnings=(_sentence(reason),))
    best = min(regions, key=lambda item: item.rank)
    return _judge(best, regions, width, height)


def _judge(best: _Region, regions: list[_Region], width: int, height: int) -> Calibration:
    """Return the calibration of the best region, unless its box leaves the image."""
    x0, y0, x1, y1 = best.box
    if x0 < 0 or y0 < 0 or x1 <= x0 or y1 <= y0 or x1 > width or y1 > height:
        reason = (
            f"refused: the ultrasound region (x {x0} to {x1}, y {y0} to {y1}) leaves the image of "
            f"{width}x{height} px, so the file was scaled after it was calibrated"
        )
        return Calibration(None, reason, warnings=(_sentence(reason),))
    warnings = []
    if any(not np.allclose(item.spacing_mm, best.spacing_mm, rtol=0.01) for item in regions):
        warnings.append(
            "The file holds 2D regions of different pixel size; the spacing is that of the region "
            f"x {x0} to {x1}, y {y0} to {y1}, and holds there alone."
        )
    if best.flipped:
        warnings.append("The region's axes run backwards; only the size of its pixels is used.")
    return Calibration(
        spacing_mm=best.spacing_mm,
        origin="ultrasound region calibration (0018,6011)",
        region=(x0, y0, min(x1 + 1, width), min(y1 + 1, height)),
        warnings=tuple(warnings),
    )


def _usable(item: Dataset) -> _Region | None:
    """Return a 2D region in centimetres with a positive pixel size, or None."""
    keys = ("PhysicalUnitsXDirection", "PhysicalUnitsYDirection")
    if item.get("RegionSpatialFormat") != _FORMAT_2D or any(
        item.get(key) != _UNIT_CM for key in keys
    ):
        return None
    deltas = [_number(item.get(key)) for key in ("PhysicalDeltaX", "PhysicalDeltaY")]
    box = [
        _number(item.get(f"RegionLocation{key}")) for key in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    ]
    if any(value is None for value in deltas + box):
        return None
    x0, y0, x1, y1 = (int(value or 0) for value in box)
    dx, dy = (float(value or 0) * _MM_PER_CM for value in deltas)
    if not (0 < abs(dx) < _MAX_SPACING_MM and 0 < abs(dy) < _MAX_SPACING_MM):
        return None
    low_priority = bool(int(item.get("RegionFlags") or 0) & 1)
    rank = (low_priority, item.get("RegionDataType") != _TISSUE, -(x1 - x0) * (y1 - y0))
    return _Region((x0, y0, x1, y1), (abs(dx), abs(dy)), dx < 0 or dy < 0, rank)


def _from_pixel_spacing(dataset: Dataset) -> Calibration:
    """Return the spacing of files without regions, from Pixel Spacing (row, then column)."""
    values = dataset.get("PixelSpacing")
    numbers = [_number(value) for value in values] if isinstance(values, list | tuple) else []
    if values is not None and not numbers and hasattr(values, "__iter__"):
        numbers = [_number(value) for value in values]
    if len(numbers) != 2:
        return Calibration(None, "the file has no ultrasound region calibration")
    y, x = numbers
    if x is None or y is None or not (0 < x < _MAX_SPACING_MM and 0 < y < _MAX_SPACING_MM):
        reason = "refused: Pixel Spacing (0028,0030) is not two positive lengths"
        return Calibration(None, reason, warnings=(_sentence(reason),))
    if x == y == 1:
        reason = "refused: Pixel Spacing (0028,0030) is 1 by 1 mm, as converters fill it in"
        return Calibration(None, reason, warnings=(_sentence(reason),))
    return Calibration(
        spacing_mm=(x, y),
        origin="Pixel Spacing (0028,0030)",
        warnings=(
            "The file has no ultrasound region calibration; its Pixel Spacing is used. Check it "
            "against the depth scale.",
        ),
    )


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _sentence(reason: str) -> str:
    """Return a warning for a calibration that was refused."""
    return (
        f"Calibration {reason}. Results stay in px; give the pixel size with --spacing-mm X Y, or "
        "calibrate by two points."
    )
