"""Every whole beat of a loop beside the measured one, and their mean.

Task forces ask for the mean of several beats where there are several; one of them is measured in
full, and the curves of strain and volume, which begin anew at every end-diastole, tell the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.analysis.events import contour_areas
from engine.analysis.strain_words import VIEW_STRAINS
from engine.cycle import find_cycle
from engine.errors import InputError
from engine.model import Measurement, Measurements, TrackingResult
from engine.model.curve import Curve, curve_of

OF_BEAT: Final = "_of_beat"
MEAN: Final = "_mean_of_beats"
SPREAD: Final = "_sd_of_beats"
_STRAINS: Final = ("strain_longitudinal", "strain_circumferential")
_NEAR: Final = 0.25
"""Part of a beat by which the marked end-diastole may lie beside the one that was found."""


@dataclass(frozen=True)
class Beat:
    """A whole beat; frames are those of the source.

    Attributes:
        first: Its end-diastole.
        last: The end-diastole that closes it.
        end_systole: Its end-systole, or None where nothing tells.
        measured: Whether it is the beat that the loop's numbers come from.
    """

    first: int
    last: int
    end_systole: int | None
    measured: bool


def find_beats(result: TrackingResult) -> tuple[Beat, ...]:
    """Return the whole beats of a loop in order: by R waves, or by the area within its contours.

    The marked end-diastole and end-systole stand for those of their own beat.

    Args:
        result: With the contours that were tracked within.
    """
    areas, times = contour_areas(result), result.frame_times_s
    first_frame, marked = result.first_frame, result.ed_frame
    try:
        found = find_cycle(times, result.r_times_s, areas).beats
    except InputError:
        return ()
    beats = []
    for start, stop in found:
        first, last = start + first_frame, stop + first_frame
        measured = marked is not None and abs(marked - first) <= _NEAR * (last - first)
        if measured and marked is not None:
            first = marked
        systole = result.es_frame if measured else None
        if systole is None or not first < systole < last:
            late = find_cycle(times, result.r_times_s, areas, start).es_frame
            systole = None if late is None else late + first_frame
        inside = systole is not None and first < systole < last
        beats.append(Beat(first, last, systole if inside else None, measured))
    return tuple(beats)


def with_beats(result: TrackingResult, measurements: Measurements) -> Measurements:
    """Return measurements with rows of every whole beat, and their mean, where there are several.

    Args:
        result: With the contours that were tracked within.
        measurements: With the curves of strain and volume.
    """
    beats = find_beats(result)
    if len(beats) < 2:
        return measurements
    rows: list[Measurement] = []
    for number, beat in enumerate(beats, start=1):
        for mark, frame in (("ed", beat.first), ("es", beat.end_systole), ("end", beat.last)):
            if frame is not None:
                text = f"Source frame of the beat's {_PHASES[mark]}."
                rows.append(_row(f"{mark}_frame", text, number, float(frame), "frame"))
    rows += _strain_rows(measurements, beats)
    rows += _fraction_rows(measurements, beats)
    rows += _rate_rows(result, beats)
    return dataclasses.replace(measurements, rows=(*measurements.rows, *rows))


_PHASES: Final = {
    "ed": "end-diastole",
    "es": "end-systole",
    "end": "closing end-diastole",
}


def _strain_rows(measurements: Measurements, beats: Sequence[Beat]) -> list[Measurement]:
    """Return the end-systolic strain of the whole contour of every beat, and their mean."""
    for component in _STRAINS:
        curve = curve_of(measurements, component, "global")
        if curve is None:
            continue
        named = (row.quantity for row in measurements.rows if row.frame is None)
        view = next((name for name in named if name in VIEW_STRAINS), component)
        text = (
            "End-systolic strain of the whole contour from each beat's own end-diastole "
            "(Lagrangian); marks of other beats than the measured one are found as its own are."
        )
        values = [_strain(curve, beat) for beat in beats]
        return _with_mean(view, text, values, "%", curve.trust)
    return []


def _strain(curve: Curve, beat: Beat) -> float | None:
    """Return the strain at end-systole from the beat's own end-diastole, %."""
    early, late = curve.at(beat.first), curve.at(beat.end_systole)
    if early is None or late is None or early <= -100.0:
        return None
    return 100.0 * ((100.0 + late) / (100.0 + early) - 1.0)


def _fraction_rows(measurements: Measurements, beats: Sequence[Beat]) -> list[Measurement]:
    """Return the ejection fraction of every beat, where volumes give the loop's own."""
    curve = curve_of(measurements, "volume", "global")
    own = next(measurements.select("ejection_fraction", "global"), None)
    if curve is None or own is None:
        return []
    values = [_fraction(curve, beat) for beat in beats]
    text = "(EDV - ESV) / EDV of each beat, from the loop's curve of volume."
    return _with_mean("ejection_fraction", text, values, "%", own.trust)


def _fraction(curve: Curve, beat: Beat) -> float | None:
    """Return the part of the end-diastolic volume that a beat ejects, %."""
    early, late = curve.at(beat.first), curve.at(beat.end_systole)
    return 100.0 * (early - late) / early if early and late and early > 0 else None


def _rate_rows(result: TrackingResult, beats: Sequence[Beat]) -> list[Measurement]:
    """Return the heart rate of every beat; none without frame times."""
    times = result.frame_times_s
    if times is None:
        return []
    text = "60 / time from end-diastole to the next."
    lengths = [
        float(times[beat.last - result.first_frame] - times[beat.first - result.first_frame])
        for beat in beats
    ]
    values: list[float | None] = [60.0 / length for length in lengths]
    return _with_mean("heart_rate", text, values, "1/min", None)


def _with_mean(
    name: str, text: str, values: Sequence[float | None], unit: str, trust: float | None
) -> list[Measurement]:
    """Return a row a beat, and mean and standard deviation where two beats have a value."""
    rows = [
        _row(name, text, number, value, unit, trust)
        for number, value in enumerate(values, start=1)
        if value is not None
    ]
    if len(rows) < 2:
        return rows
    known = np.array([row.value for row in rows])
    about = f"of {len(known)} beats. {text}"
    for ending, words, value in (
        (MEAN, "Mean", known.mean()),
        (SPREAD, "Standard deviation (n - 1)", known.std(ddof=1)),
    ):
        definition = f"{words} {about}"
        rows.append(Measurement(name + ending, definition, "global", float(value), unit))
    return rows


def _row(
    name: str, text: str, number: int, value: float, unit: str, trust: float | None = None
) -> Measurement:
    return Measurement(name + OF_BEAT, text, f"beat-{number}", value, unit, trust=trust)


def beat_values(measurements: Measurements, name: str) -> list[Measurement | None]:
    """Return the rows of a quantity of all beats in order, None where a beat has no value.

    Args:
        measurements: As ``with_beats`` returns them.
        name: Quantity without its ending, such as ``ejection_fraction``.
    """
    count = sum(1 for _ in measurements.select("ed_frame" + OF_BEAT))
    rows = {row.region: row for row in measurements.select(name + OF_BEAT)}
    return [rows.get(f"beat-{number}") for number in range(1, count + 1)]


def beat_strain(measurements: Measurements) -> str | None:
    """Return the strain that beats were compared by, without its ending, or None."""
    marks = {"ed_frame", "es_frame", "end_frame", "ejection_fraction", "heart_rate"}
    names = (row.quantity.removesuffix(OF_BEAT) for row in measurements.rows
             if row.quantity.endswith(OF_BEAT))  # fmt: skip
    return next((name for name in names if name not in marks), None)
