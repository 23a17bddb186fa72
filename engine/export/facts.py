"""What a report says of a result besides its measurements: view, beat, times, trust."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.analysis.strain_words import VIEW_STRAINS
from engine.cycle import origin_words
from engine.export.numbers import measured, number, percent, quantity_name
from engine.model import Measurements, TrackingResult, View
from engine.model.curve import curve_of

# Values of one plane that belong into an appendix that was asked for, never on page one.
RESEARCH: Final = (
    "pressure_difference",
    "relative_strength",
    "vortex_relative_strength",
    "pulsatility_correlation",
    "energy_loss",
)
VIEW_NAMES: Final = {
    View.A4C: "Apical four-chamber (A4C)",
    View.A2C: "Apical two-chamber (A2C)",
    View.APLAX: "Apical long-axis (APLAX)",
    View.PSAX_BASE: "Short axis, base",
    View.PSAX_MID: "Short axis, mid",
    View.PSAX_APEX: "Short axis, apex",
}


def view_name(result: TrackingResult) -> str:
    """Return the confirmed view in words."""
    return "View not confirmed" if result.view is None else VIEW_NAMES[result.view]


def frame_words(result: TrackingResult, frame: int) -> str:
    """Return a source frame with its time, such as ``frame 17 (0.227 s)``."""
    index = frame - result.first_frame
    times = result.frame_times_s
    if times is None or not 0 <= index < len(times):
        return f"frame {frame}"
    return f"frame {frame} ({float(times[index]):.3f} s)"


def ends_reversed(result: TrackingResult) -> bool:
    """Return whether end-systole is marked at or before end-diastole, so that no beat has both."""
    if result.ed_frame is None or result.es_frame is None:
        return False
    return result.es_frame <= result.ed_frame


def mark_words(result: TrackingResult, mark: str) -> tuple[str, str]:
    """Return the frame of ``ED`` or ``ES`` with its time, and where it comes from."""
    early = mark == "ED"
    frame = result.ed_frame if early else result.es_frame
    if frame is None:
        return "not known", ""
    if not early and ends_reversed(result):
        return frame_words(result, frame), "precedes ED: not used. Mark a frame after ED."
    return frame_words(result, frame), origin_words(result.mark_origins[0 if early else 1])


def heart_rate(measurements: Measurements) -> tuple[str, str]:
    """Return the heart rate and where it comes from."""
    row = next(measurements.select("heart_rate"), None)
    if row is None:
        return "not known", ""
    return measured(row), row.definition.partition("from: ")[2].rstrip(".")


def loop_words(result: TrackingResult) -> str:
    """Return the number of frames and the rate, such as ``64 frames at 75 frames/s``."""
    count = len(result.mask)
    if result.frame_times_s is None:
        return f"{count} frames, acquisition rate unknown"
    rate = 1 / float(np.median(np.diff(result.frame_times_s)))
    return f"{count} frames at {rate:.0f} frames/s"


def spacing_words(result: TrackingResult) -> str:
    """Return the calibration, or that there is none."""
    if result.spacing_mm is None:
        return "none: lengths in px"
    x, y = result.spacing_mm
    return f"{x:.3f} x {y:.3f} mm a pixel"


def trusted_fraction(measurements: Measurements) -> float | None:
    """Return the mean trusted fraction over all rows of the mask, or None if not measured."""
    rows = [row.trust for row in measurements.select("speed_mean", "mask") if row.trust is not None]
    if not rows:
        rows = [row.trust for row in measurements.rows if row.trust is not None]
    return float(np.mean(rows)) if rows else None


def further_values(result: TrackingResult, measurements: Measurements) -> list[tuple[str, str]]:
    """Return name and value of what is worth a line besides the headline numbers.

    Args:
        result: Gives ED and ES.
        measurements: Values of the whole loop, and volumes and areas at ED and ES.
    """
    elsewhere = {*VIEW_STRAINS, *RESEARCH, "ejection_fraction", "drift", "heart_rate"}
    elsewhere.add("heart_rate_mean_of_beats")
    lines = []
    for quantity in ("volume", "cavity_area"):
        curve = curve_of(measurements, quantity, "global")
        for mark, frame in (("ED", result.ed_frame), ("ES", result.es_frame)):
            value = None if curve is None else curve.at(frame)
            if curve is not None and value is not None:
                name = f"{quantity_name(quantity)} at {mark}"
                lines.append((name, number(value, curve.unit)))
    for row in measurements.rows:
        untold = row.quantity in elsewhere or row.quantity.endswith("_sd_of_beats")
        if row.frame is None and row.region in {"global", "mask"} and not untold:
            lines.append((quantity_name(row.quantity), measured(row)))
    return lines


def trusted_words(measurements: Measurements) -> str:
    """Return the trusted fraction in percent, or that it was not measured."""
    fraction = trusted_fraction(measurements)
    return "not measured" if fraction is None else percent(fraction)
