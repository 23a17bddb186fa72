"""Rows of cavity area, volume, length of the ventricle, ejection fraction and heart rate."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.events import HeartCycle, contour_areas
from engine.analysis.long_axis import axis_of_contour
from engine.analysis.rows import RowWriter
from engine.analysis.volume import (
    DISKS,
    cavity_area,
    ejection_fraction,
    single_plane_volume,
)
from engine.analysis.wall import Wall

_CM2_PER_MM2: Final = 0.01
_ROUND_VENTRICLE: Final = 1.4


def volume_rows(writer: RowWriter, wall: Wall | None, cycle: HeartCycle) -> None:
    """Write the rows that follow from the endocardial contour.

    The contours of the file are believed where they move; where they rest, the endocardium
    carried by the field takes their place.

    Args:
        writer: Takes the rows.
        wall: The tracked wall, or None.
        cycle: The beat.
    """
    result = writer.result
    if cycle.heart_rate_bpm is not None:
        text = f"Mean heart rate; from: {cycle.heart_rate_origin}."
        writer.add("heart_rate", text, "global", cycle.heart_rate_bpm, "1/min")
    if result.contours is None:
        writer.omit("volume", "There is no endocardial contour, so no area, volume or EF.")
        return
    curves: NDArray[np.floating] = result.contours.endocardial
    origin = "moving contour of the result"
    if contour_areas(result) is None:
        if wall is None:
            writer.omit("volume", "The contour rests and no wall was followed: no volume, no EF.")
            return
        curves, origin = wall.band.curve(0.0, 181), "end-diastolic contour carried by the field"
    spacing, view = result.spacing_mm, result.view
    shown = "view not confirmed" if view is None else f"view {view}"
    text = f"Area within the endocardium, closed at the mitral plane ({origin}; {shown})."
    for index, curve in enumerate(curves):
        area = cavity_area(curve, spacing)
        if spacing is None:
            writer.add("cavity_area", text, "global", area, "px^2", index=index)
        else:
            area *= _CM2_PER_MM2
            writer.add("cavity_area", text, "global", area, "cm^2", index=index)
    if result.contours.closed:
        writer.omit("volume", "A short-axis view alone gives no volume and no ejection fraction.")
        return
    method = (
        f"Single-plane method of {DISKS} disks, each from wall to wall even where the mitral plane "
        f"is tilted ({origin}; {shown})."
    )
    volumes = [single_plane_volume(curve, spacing) for curve in curves]
    if spacing is None:
        writer.omit("volume", "Without pixel spacing there is no volume in mL.")
    else:
        length_text = f"Middle of the mitral plane to apex ({origin}; {shown})."
        for index, (curve, volume) in enumerate(zip(curves, volumes, strict=True)):
            writer.add("volume", method, "global", volume, "mL", index=index)
            length = axis_of_contour(curve, spacing).length
            writer.add("lv_length", length_text, "global", length, "mm", index=index)
    _write_ejection_fraction(writer, volumes, method, cycle)
    _warn_of_foreshortening(writer, curves[cycle.start])


def _write_ejection_fraction(
    writer: RowWriter, volumes: list[float], method: str, cycle: HeartCycle
) -> None:
    if cycle.end_systole is None:
        writer.omit("ejection_fraction", "End-systole is unknown; mark its frame.")
        return
    if not volumes[cycle.start] > 0:
        writer.omit("ejection_fraction", "The contour at end-diastole holds no volume; redraw it.")
        return
    fraction = ejection_fraction(volumes[cycle.start], volumes[cycle.end_systole])
    text = (
        f"(EDV - ESV) / EDV. {method} End-diastole: {cycle.start_origin}; end-systole: "
        f"{cycle.end_systole_origin}."
    )
    if writer.result.spacing_mm is None:
        text += " Pixels taken as square, for want of a calibration."
    writer.add("ejection_fraction", text, "global", 100 * fraction, "%")


def _warn_of_foreshortening(writer: RowWriter, curve: NDArray[np.floating]) -> None:
    """Warn of what a single plane cannot rule out, and of a ventricle that looks cut short."""
    axis = axis_of_contour(curve, writer.result.spacing_mm)
    writer.warn(
        "Volume and ejection fraction come from a single plane: a foreshortened view makes the "
        "volume too small."
    )
    if axis.length < _ROUND_VENTRICLE * axis.width:
        writer.warn(
            f"The cavity is only {axis.length / axis.width:.1f} times as long as wide at "
            "end-diastole: the view may be foreshortened."
        )
