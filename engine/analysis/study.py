"""Three apical views of one patient: bull's-eye, global longitudinal strain, biplane volume.

A single view never gives a global longitudinal strain. It needs all three apical views, each
reviewed, with heart rates within 10 % (Voigt et al. 2015), and no view with more than two
rejected segments.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.events import contour_areas, heart_cycle
from engine.analysis.rows import RowWriter
from engine.analysis.strain_words import view_strain
from engine.analysis.volume import LENGTH_TOLERANCE, biplane_volume, ejection_fraction
from engine.analysis.wall import MOST_EXCLUDED
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import Measurement, Measurements, TrackingResult, View
from engine.model.view import APICAL

HEART_RATE_TOLERANCE: Final = 0.10


@dataclass(frozen=True, eq=False)
class StudyView:
    """One view of a study.

    Attributes:
        result: The tracking, with its view.
        measurements: What ``measure`` made of it.
        rejected: Segments that the reviewer rejected.
    """

    result: TrackingResult
    measurements: Measurements
    rejected: Collection[str] = ()


def combine(views: Sequence[StudyView], config: MeasureConfig) -> Measurements:
    """Combine the views of one study.

    Args:
        views: At most one of each view.
        config: Segment model.

    Returns:
        Segments of the bull's-eye (``ls_segment``: a segment seen in two views is averaged),
        ``gls`` where every condition holds, ``dispersion`` over all segments, and the biplane
        volumes; reasons for what is missing.

    Raises:
        InputError: If there is no view, or one comes twice or unconfirmed.
    """
    names = [view.result.view for view in views]
    if not views or None in names or len(set(names)) < len(names):
        raise InputError("A study needs one result of each confirmed view, none of them twice.")
    writer = RowWriter(views[0].result)
    _write_segments(writer, views, config)
    _write_gls(writer, views)
    _write_biplane(writer, views)
    return Measurements(tuple(writer.rows), tuple(writer.warnings), tuple(writer.omitted))


def why_no_gls(views: Sequence[StudyView]) -> str | None:
    """Return why the views give no global longitudinal strain, or None where they do."""
    by_view = {view.result.view: view for view in views}
    missing = [view.value for view in APICAL if view not in by_view]
    if missing:
        named = ", ".join(missing)
        return f"Global longitudinal strain needs all three apical views; missing: {named}."
    apical = [by_view[view] for view in APICAL]
    pending = [str(view.result.view) for view in apical if not view.result.reviewed]
    if pending:
        return f"The tracking of {', '.join(pending)} is not reviewed."
    for view in apical:
        if len(view.rejected) > MOST_EXCLUDED:
            return f"More than {MOST_EXCLUDED} segments of {view.result.view} were rejected."
    rates = [_first(view.measurements, "heart_rate") for view in apical]
    known = [row.value for row in rates if row is not None]
    if len(known) < len(apical):
        return "The heart rate of a view is unknown, so the beats cannot be compared."
    if max(known) - min(known) > HEART_RATE_TOLERANCE * float(np.mean(known)):
        return "The heart rates of the views differ by more than 10 %."
    return None


def _write_gls(writer: RowWriter, views: Sequence[StudyView]) -> None:
    reason = why_no_gls(views)
    if reason is not None:
        writer.omit("gls", reason)
        return
    strains = []
    for view in views:
        if view.result.view in APICAL:
            row = _first(view.measurements, view_strain(view.result.view), "global")
            strains += [] if row is None else [row.value]
    if len(strains) < len(APICAL):
        writer.omit("gls", "A view has no end-systolic strain; mark its end-systole.")
        return
    text = (
        "Mean of the end-systolic strains (Lagrangian, Voigt 2015) of the whole contours of A4C, "
        "A2C and APLAX, all reviewed."
    )
    writer.add("gls", text, "global", float(np.mean(strains)), "%")


def _write_segments(writer: RowWriter, views: Sequence[StudyView], config: MeasureConfig) -> None:
    values: dict[str, list[float]] = {}
    peaks: dict[str, list[float]] = {}
    for view in views:
        if view.result.view not in APICAL:
            continue
        name = view_strain(view.result.view)
        for quantity, kept in ((name, values), ("time_to_peak", peaks)):
            for row in view.measurements.select(quantity):
                if row.region != "global" and row.region not in view.rejected:
                    kept.setdefault(row.region, []).append(row.value)
    text = (
        f"End-systolic longitudinal strain of the segment ({config.segments}-segment model), "
        "averaged where two views show it."
    )
    for region, found in values.items():
        writer.add("ls_segment", text, region, float(np.mean(found)), "%")
    if len(peaks) > 1:
        times = [float(np.mean(found)) for found in peaks.values()]
        text = f"Standard deviation (n - 1) of the time to peak of {len(times)} segments."
        writer.add("dispersion", text, "global", float(np.std(times, ddof=1)), "ms")


def _write_biplane(writer: RowWriter, views: Sequence[StudyView]) -> None:
    by_view = {view.result.view: view for view in views}
    first, second = by_view.get(View.A4C), by_view.get(View.A2C)
    if first is None or second is None:
        writer.omit("biplane volume", "The biplane method needs A4C and A2C.")
        return
    plane, other = _plane(first), _plane(second)
    if plane is None or other is None:
        writer.omit("biplane volume", "A4C and A2C need contours that move, and pixel spacing.")
        return
    (curves, spacing), (others, other_spacing) = plane, other
    cycles = heart_cycle(first.result), heart_cycle(second.result)
    volumes = []
    for phase in ("start", "end_systole"):
        frames = [getattr(cycle, phase) for cycle in cycles]
        if None in frames:
            writer.omit("biplane volume", "End-systole of A4C or A2C is unknown.")
            return
        volume, difference = biplane_volume(
            curves[frames[0]], spacing, others[frames[1]], other_spacing
        )
        if difference > LENGTH_TOLERANCE:
            writer.warn(
                f"The ventricle is {100 * difference:.0f} % shorter in one of A4C and A2C: one "
                "view is likely foreshortened."
            )
        volumes.append(volume)
    text = "Biplane method of 20 disks from A4C and A2C"
    writer.add("volume", f"{text}, end-diastole.", "global", volumes[0], "mL")
    writer.add("volume", f"{text}, end-systole.", "global", volumes[1], "mL")
    fraction = 100 * ejection_fraction(volumes[0], volumes[1])
    writer.add("ejection_fraction", f"(EDV - ESV) / EDV. {text}.", "global", fraction, "%")


def _plane(view: StudyView) -> tuple[NDArray[np.float32], tuple[float, float]] | None:
    """Return the endocardium of every frame, ``(T, N, 2)`` px, and the spacing (x, y), mm.

    None where one of them is missing.

    Contours that rest tell no volume at end-systole: the wall that was followed tells it then.
    """
    moving = contour_areas(view.result) is not None
    contours = view.result.contours if moving else view.measurements.wall
    spacing = view.result.spacing_mm
    return None if contours is None or spacing is None else (contours.endocardial, spacing)


def _first(
    measurements: Measurements, quantity: str, region: str | None = None
) -> Measurement | None:
    return next(measurements.select(quantity, region), None)
