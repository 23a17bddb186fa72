"""Rows of strain curves: the whole contour, its layers and segments, thickness and twist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis import strain
from engine.analysis.events import HeartCycle
from engine.analysis.measure_events import event_rows
from engine.analysis.rows import RowWriter
from engine.analysis.strain_words import (
    SOURCE,
    WHOLE,
    kept_words,
    length_words,
    names,
    regions,
    thickness_words,
)
from engine.analysis.wall import EXCLUDED, MOST_EXCLUDED, Wall
from engine.config import MeasureConfig

_LAGRANGIAN: Final = f"Lagrangian strain (L(t) - L0) / L0 {SOURCE}"


def strain_rows(writer: RowWriter, wall: Wall, cycle: HeartCycle, config: MeasureConfig) -> None:
    """Write every strain row that a tracked wall allows.

    Args:
        writer: Takes the rows.
        wall: The tracked wall.
        cycle: The beat.
        config: Drift compensation.
    """
    kept = kept_words(wall)
    _warn_of_excluded_segments(writer, wall)
    trusted = wall.trusted()
    lengths = wall.lengths()
    _write_curves(
        writer, wall, wall.direction, lengths, lambda region: f"{length_words(wall, region)} {kept}"
    )
    for layer in wall.layers:
        words = length_words(wall, WHOLE, layer)
        text = f"{_LAGRANGIAN}, L0 at end-diastole; L: {words} {kept}"
        values = strain.lagrangian(wall.lengths(layer)[:, 0], cycle.start)
        for index, value in enumerate(values):
            trust = None if trusted is None else trusted[index, 0]
            name = f"strain_{wall.direction}"
            writer.add(name, text, f"layer-{layer}", 100 * value, "%", index=index, trust=trust)
    if wall.band.has_layers:
        thickness = wall.thickness()
        _write_curves(
            writer, wall, "radial", thickness, lambda region: f"{thickness_words(region)} {kept}"
        )
    else:
        writer.omit("strain_radial", "There is no epicardial contour, so no wall thickness.")
    if wall.band.basis.closed:
        _write_twist(writer, wall, trusted, kept)
    event_rows(writer, wall, cycle, trusted)
    if not config.drift_compensation:
        writer.warn("Strain curves are not compensated for drift, as asked.")


def _write_curves(
    writer: RowWriter,
    wall: Wall,
    direction: str,
    lengths: NDArray[np.float64],
    what: Callable[[str], str],
) -> None:
    """Write strain and strain rate of every region in every frame.

    Args:
        writer: Takes the rows.
        wall: The tracked wall.
        direction: Ends the name of the quantity.
        lengths: ``(T, regions)``.
        what: Tells of a region which length was measured.
    """
    start = wall.band.start
    curves = strain.lagrangian(lengths, start)
    times, trusted = writer.result.frame_times_s, wall.trusted()
    name, rate = f"strain_{direction}", f"strain_rate_{direction}"
    columns = {
        name: (100 * curves, "%", _LAGRANGIAN),
        f"{name}_natural": (
            100 * strain.natural(curves),
            "%",
            f"Natural strain ln(L(t) / L0) {SOURCE}",
        ),
    }
    if times is not None:
        by_reference, by_present = strain.rates(lengths, times, start)
        columns[rate] = (by_reference, "1/s", f"(dL/dt) / L0 {SOURCE}")
        columns[f"{rate}_natural"] = (by_present, "1/s", f"(dL/dt) / L(t) {SOURCE}")
    for quantity, (values, unit, said) in columns.items():
        for column, region in enumerate(regions(wall)):
            text = f"{said}, L0 at end-diastole; L: {what(region)}"
            for index, value in enumerate(values[:, column]):
                trust = None if trusted is None else trusted[index, column]
                writer.add(quantity, text, region, value, unit, index=index, trust=trust)


def _write_twist(
    writer: RowWriter, wall: Wall, trusted: NDArray[np.float64] | None, kept: str
) -> None:
    """Write the rotation of the headline layer and of every layer."""
    named = [(WHOLE, wall.layer), *((f"layer-{layer}", layer) for layer in wall.layers)]
    for region, layer in named:
        text = (
            f"Mean rotation of the {layer} layer about the centroid of the cavity since "
            f"end-diastole, counter-clockwise on the screen positive; of this one slice. {kept}"
        )
        for index, value in enumerate(wall.rotation(layer)):
            trust = None if trusted is None else trusted[index, 0]
            writer.add("twist", text, region, value, "degree", index=index, trust=trust)


def _warn_of_excluded_segments(writer: RowWriter, wall: Wall) -> None:
    if wall.excluded:
        writer.warn(
            f"{EXCLUDED}: {names(wall.excluded)}. No value rests on them; those of "
            "the whole contour are of the rest."
        )
    if len(wall.excluded) > MOST_EXCLUDED:
        writer.warn(
            "More than two segments of this view were rejected: it gives no global longitudinal "
            "strain of a study."
        )
