"""Rows of strain: curves of the whole contour, layers and segments, and their named values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis import strain
from engine.analysis.events import HeartCycle
from engine.analysis.rows import RowWriter
from engine.analysis.segments import Segment
from engine.analysis.wall import EXCLUDED, MOST_EXCLUDED, Wall
from engine.config import MeasureConfig

_SOURCE: Final = "(Voigt 2015)"
_LENGTH: Final = {
    "longitudinal": "length of the contour from annulus through apex to annulus",
    "circumferential": "length of the closed contour",
}
_POOR: Final = 0.5


def strain_rows(writer: RowWriter, wall: Wall, cycle: HeartCycle, config: MeasureConfig) -> None:
    """Write every strain row that a tracked wall allows.

    Args:
        writer: Takes the rows.
        wall: The tracked wall.
        cycle: The beat.
        config: Drift compensation.
    """
    kept = "The drift over the cycle is not compensated."
    if wall.band.end is not None:
        kept = "Forward and backward paths are blended over every beat, which leaves no drift."
    if wall.gain.known:
        kept = f"{kept} {_borders(wall)}"
    if wall.band.basis.closed and wall.band.has_layers:
        kept = f"{kept} Its layers share the wall's area as at end-diastole."
    _warn_of_excluded_segments(writer, wall)
    trusted = wall.trusted()
    lengths = wall.lengths()
    _write_curves(writer, wall, wall.direction, lengths, f"{_along(wall)} {kept}")
    for layer in wall.layers:
        text = _curve_text(_along(wall, layer), kept)
        values = strain.lagrangian(wall.lengths(layer)[:, 0], cycle.start)
        for index, value in enumerate(values):
            trust = None if trusted is None else trusted[index, 0]
            name = f"strain_{wall.direction}"
            writer.add(name, text, f"layer-{layer}", 100 * value, "%", index=index, trust=trust)
    if wall.band.has_layers:
        text = f"thickness between endo- and epicardial material. {kept}"
        _write_curves(writer, wall, "radial", wall.thickness(), text)
    else:
        writer.omit("strain_radial", "There is no epicardial contour, so no wall thickness.")
    if wall.band.basis.closed:
        _write_twist(writer, wall, trusted, kept)
    _write_named(writer, wall, cycle, trusted, config)


def _borders(wall: Wall) -> str:
    return (
        "Its borders move in and out as the contours of all frames show, endocardium "
        f"{wall.gain.endocardial:.2f} and epicardium {wall.gain.epicardial:.2f} times as tracked."
    )


def regions(wall: Wall) -> tuple[str, ...]:
    """Return the regions of a wall's columns: ``global``, then its segments."""
    return ("global", *(segment.name for segment in wall.segments))


def _along(wall: Wall, layer: str | None = None) -> str:
    without = f", without {_names(wall.excluded)}" if wall.excluded else ""
    return f"{_LENGTH[wall.direction]}{without}, {layer or wall.layer} layer."


def _names(segments: Sequence[Segment]) -> str:
    return ", ".join(segment.name.replace("_", " ") for segment in segments)


def _curve_text(what: str, kept: str) -> str:
    return f"Lagrangian strain (L(t) - L0) / L0 {_SOURCE}, L0 at end-diastole; L: {what} {kept}"


def _write_curves(
    writer: RowWriter, wall: Wall, direction: str, lengths: NDArray[np.float64], what: str
) -> None:
    """Write strain and strain rate of every region in every frame."""
    start = wall.band.start
    curves = strain.lagrangian(lengths, start)
    times, trusted = writer.result.frame_times_s, wall.trusted()
    name, rate = f"strain_{direction}", f"strain_rate_{direction}"
    columns = {
        name: (100 * curves, "%", f"Lagrangian strain (L(t) - L0) / L0 {_SOURCE}"),
        f"{name}_natural": (
            100 * strain.natural(curves),
            "%",
            f"Natural strain ln(L(t) / L0) {_SOURCE}",
        ),
    }
    if times is not None:
        by_reference, by_present = strain.rates(lengths, times, start)
        columns[rate] = (by_reference, "1/s", f"(dL/dt) / L0 {_SOURCE}")
        columns[f"{rate}_natural"] = (by_present, "1/s", f"(dL/dt) / L(t) {_SOURCE}")
    for quantity, (values, unit, said) in columns.items():
        text = f"{said}, L0 at end-diastole; L: {what}"
        for column, region in enumerate(regions(wall)):
            for index, value in enumerate(values[:, column]):
                trust = None if trusted is None else trusted[index, column]
                writer.add(quantity, text, region, value, unit, index=index, trust=trust)


def _write_twist(
    writer: RowWriter, wall: Wall, trusted: NDArray[np.float64] | None, kept: str
) -> None:
    """Write the rotation of the headline layer and of every layer."""
    named = [("global", wall.layer), *((f"layer-{layer}", layer) for layer in wall.layers)]
    for region, layer in named:
        text = (
            f"Mean rotation of the {layer} layer about the centroid of the cavity since "
            f"end-diastole, counter-clockwise on the screen positive; of this one slice. {kept}"
        )
        for index, value in enumerate(wall.rotation(layer)):
            trust = None if trusted is None else trusted[index, 0]
            writer.add("twist", text, region, value, "degree", index=index, trust=trust)


def _write_named(
    writer: RowWriter,
    wall: Wall,
    cycle: HeartCycle,
    trusted: NDArray[np.float64] | None,
    config: MeasureConfig,
) -> None:
    """Write what a curve has once: named values, times, drift and dispersion."""
    start, last = cycle.start, cycle.last(len(wall.band.raw))
    curves = strain.lagrangian(wall.lengths(), start)
    trust = None if trusted is None else trusted[start : last + 1].mean(axis=0)
    _write_drift(writer, wall, cycle, trust)
    _warn_of_poor_segments(writer, wall, trust)
    if cycle.end_systole is None:
        writer.omit("end-systolic values", "End-systole is unknown; mark its frame.")
        return
    origin = f"end-diastole: {cycle.start_origin}; end-systole: {cycle.end_systole_origin}"
    view = writer.result.view
    times = writer.result.frame_times_s
    peak_times = []
    for column, region in enumerate(regions(wall)):
        events = strain.strain_events(curves[:, column], start, cycle.end_systole, last)
        sure = None if trust is None else float(trust[column])
        if view is not None and not wall.band.basis.closed:
            for suffix, value, said in (
                ("", events.end_systolic, "End-systolic strain"),
                ("_peak_systolic", events.peak_systolic, "Largest shortening, ED to ES"),
                ("_peak", events.peak, "Largest shortening over the whole cycle"),
            ):
                text = f"{said} {_SOURCE}; Lagrangian, {_along(wall)} View {view}; {origin}."
                name = f"ls_{view.value.lower()}{suffix}"
                writer.add(name, text, region, 100 * value, "%", trust=sure)
        if events.post_systolic_index is None:
            continue
        text = (
            "100 (S_peak - S_ES) / S_peak where the largest shortening follows end-systole, "
            f"else 0; {origin}."
        )
        index = 100 * events.post_systolic_index
        writer.add("post_systolic_index", text, region, index, "%", trust=sure)
        if times is not None:
            to_peak = 1000 * float(times[events.peak_index] - times[start])
            text = f"From end-diastole to the largest shortening over the cycle; {origin}."
            writer.add("time_to_peak", text, region, to_peak, "ms", trust=sure)
            peak_times.append((region, to_peak))
    by_segment = [value for region, value in peak_times if region != "global"]
    if len(by_segment) > 1:
        text = (
            f"Standard deviation (n - 1) of the time to peak of {len(by_segment)} segments of "
            "this view."
        )
        writer.add("dispersion", text, "global", float(np.std(by_segment, ddof=1)), "ms")
    if not config.drift_compensation:
        writer.warn("Strain curves are not compensated for drift, as asked.")


def _write_drift(
    writer: RowWriter, wall: Wall, cycle: HeartCycle, trust: NDArray[np.float64] | None
) -> None:
    if cycle.end is None:
        writer.omit("drift", "The loop holds no complete beat, so its end cannot be compared.")
        return
    raw = strain.lagrangian(wall.lengths(raw=True), cycle.start)[cycle.end]
    text = (
        "Strain S(T) left at the end of the cycle by forward tracking alone, before any "
        f"compensation; the cycle ends: {cycle.end_origin}."
    )
    for column, region in enumerate(regions(wall)):
        sure = None if trust is None else float(trust[column])
        writer.add("drift", text, region, 100 * float(raw[column]), "%", trust=sure)


def _warn_of_poor_segments(
    writer: RowWriter, wall: Wall, trust: NDArray[np.float64] | None
) -> None:
    if trust is None or not wall.segments:
        return
    poor = [segment for segment, sure in zip(wall.segments, trust[1:], strict=True) if sure < _POOR]
    if poor:
        writer.warn(f"Tracking is poor in: {_names(poor)}. Review or exclude these segments.")
    if len(poor) > MOST_EXCLUDED:
        writer.warn(
            "More than two segments of this view are poorly tracked: it gives no global "
            "longitudinal strain of a study."
        )


def _warn_of_excluded_segments(writer: RowWriter, wall: Wall) -> None:
    if wall.excluded:
        writer.warn(
            f"{EXCLUDED}: {_names(wall.excluded)}. No value rests on them; those of "
            "the whole contour are of the rest."
        )
    if len(wall.excluded) > MOST_EXCLUDED:
        writer.warn(
            "More than two segments of this view were rejected: it gives no global longitudinal "
            "strain of a study."
        )
