"""Rows of what a strain curve has once: named values, times, drift and dispersion.

A segment that the program itself tracked poorly has no values of its own until a person has
accepted it. What does not track is excluded (steps common to the programs: PMC8352045, table 3),
and artefacts change the values of segments where they hardly change those of the whole (Open Heart
2022;9:e002136). Its curve stays in the table, with its trust.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis import strain
from engine.analysis.events import HeartCycle
from engine.analysis.rows import RowWriter
from engine.analysis.strain_words import SOURCE, WHOLE, length_words, names, regions, view_strain
from engine.analysis.wall import MOST_EXCLUDED, Wall

_POOR: Final = 0.5


def event_rows(
    writer: RowWriter, wall: Wall, cycle: HeartCycle, trusted: NDArray[np.float64] | None
) -> None:
    """Write the named values of the whole wall and of its segments.

    Args:
        writer: Takes the rows.
        wall: The tracked wall.
        cycle: The beat.
        trusted: Trusted fraction of every frame, ``(T, 1 + segments)``; None if unknown.
    """
    start, last = cycle.start, cycle.last(len(wall.band.raw))
    trust = None if trusted is None else trusted[start : last + 1].mean(axis=0)
    _judge_segments(writer, wall, trust)
    _write_drift(writer, wall, cycle, trust)
    if cycle.end_systole is None:
        writer.omit("end-systolic values", "End-systole is unknown; mark its frame.")
        return
    curves = strain.lagrangian(wall.lengths(), start)
    flat, to_peak = [], []
    for column, region, sure in _given(writer, wall, trust):
        events = strain.strain_events(curves[:, column], start, cycle.end_systole, last)
        writing = _Region(writer, wall, cycle, region, sure)
        writing.named_strains(events)
        if events.post_systolic_index is None:
            flat.append(region.replace("_", " "))
            continue
        time = writing.peak(events, events.post_systolic_index)
        if time is not None and region != WHOLE:
            to_peak.append(time)
    if flat:
        writer.omit(
            "peak of shortening",
            f"Less than {100 * strain.LEAST_PEAK:g} % of shortening is no peak, so there is no "
            f"post-systolic index and no time to peak: {', '.join(flat)}.",
        )
    if len(to_peak) > 1:
        text = (
            f"Standard deviation (n - 1) of the time to peak of {len(to_peak)} segments of "
            "this view."
        )
        writer.add("dispersion", text, WHOLE, float(np.std(to_peak, ddof=1)), "ms")


@dataclass(frozen=True)
class _Region:
    """Writes the rows of one region.

    Attributes:
        writer: Takes the rows.
        wall: The tracked wall.
        cycle: The beat.
        region: ``global`` or a segment.
        sure: Its trusted fraction over the beat; None if unknown.
    """

    writer: RowWriter
    wall: Wall
    cycle: HeartCycle
    region: str
    sure: float | None

    @property
    def _marks(self) -> str:
        return (
            f"end-diastole: {self.cycle.start_origin}; "
            f"end-systole: {self.cycle.end_systole_origin}."
        )

    def named_strains(self, events: strain.StrainEvents) -> None:
        """Write the end-systolic, peak systolic and peak strain of an apical view."""
        view = self.writer.result.view
        if view is None or self.wall.band.basis.closed:
            return
        for suffix, value, said in (
            ("", events.end_systolic, "End-systolic strain"),
            ("_peak_systolic", events.peak_systolic, "Largest shortening, ED to ES"),
            ("_peak", events.peak, "Largest shortening over the whole cycle"),
        ):
            text = (
                f"{said} {SOURCE}; Lagrangian, {length_words(self.wall, self.region)} "
                f"View {view}; {self._marks}"
            )
            self._add(view_strain(view) + suffix, text, 100 * value, "%")

    def peak(self, events: strain.StrainEvents, post_systolic_index: float) -> float | None:
        """Write what the largest shortening gives; return its time, ms, or None if unknown."""
        shortening = f"largest {self.wall.direction} shortening"
        text = (
            f"100 (S_peak - S_ES) / S_peak where the {shortening} follows end-systole, else 0 "
            "(PLoS One 2022;17:e0273419); "
            f"above 100 where the wall is longer at end-systole than at end-diastole; {self._marks}"
        )
        self._add("post_systolic_index", text, 100 * post_systolic_index, "%")
        times = self.writer.result.frame_times_s
        if times is None:
            return None
        time = 1000 * float(times[events.peak_index] - times[self.cycle.start])
        text = f"From end-diastole to the {shortening} over the cycle; {self._marks}"
        self._add("time_to_peak", text, time, "ms")
        return time

    def _add(self, quantity: str, text: str, value: float, unit: str) -> None:
        self.writer.add(quantity, text, self.region, value, unit, trust=self.sure)


def _given(
    writer: RowWriter, wall: Wall, trust: NDArray[np.float64] | None
) -> Iterator[tuple[int, str, float | None]]:
    """Yield column, name and trust of every region whose own values are given."""
    for column, region in enumerate(regions(wall)):
        if region not in writer.withheld:
            yield column, region, None if trust is None else float(trust[column])


def _write_drift(
    writer: RowWriter, wall: Wall, cycle: HeartCycle, trust: NDArray[np.float64] | None
) -> None:
    if cycle.end is None:
        writer.omit("drift", "The loop holds no complete beat, so its end cannot be compared.")
        return
    raw = strain.lagrangian(wall.lengths(raw=True), cycle.start)[cycle.end]
    text = (
        f"{wall.direction.capitalize()} strain S(T) left at the end of the cycle by forward "
        f"tracking alone, before any compensation; the cycle ends: {cycle.end_origin}."
    )
    for column, region, sure in _given(writer, wall, trust):
        writer.add("drift", text, region, 100 * float(raw[column]), "%", trust=sure)


def _judge_segments(writer: RowWriter, wall: Wall, trust: NDArray[np.float64] | None) -> None:
    """Tell which segments are poorly tracked, and withhold their values before a review."""
    if trust is None or not wall.segments:
        return
    poor = [segment for segment, sure in zip(wall.segments, trust[1:], strict=True) if sure < _POOR]
    if not poor:
        return
    said = f"Tracking is poor in: {names(poor)}."
    # The trust of a field that tells no error of its own is a caution, not a measurement.
    measured = writer.result.finest.uncertainty is not None
    if writer.result.reviewed:
        writer.warn(f"{said} A review has accepted it; read the values with care.")
    elif not measured:
        writer.warn(f"{said} Review or exclude these segments.")
    else:
        writer.withheld = tuple(segment.name for segment in poor)
        writer.warn(f"{said} No values of their own are given before they are accepted in review.")
        writer.omit(
            "segment values",
            f"Less than half of the segment is trusted, and nobody has accepted it: {names(poor)}.",
        )
    if len(poor) > MOST_EXCLUDED:
        writer.warn(
            "More than two segments of this view are poorly tracked: without them it gives no "
            "global longitudinal strain of a study."
        )
