"""The pages after the first: fields, fit, settings, definitions, and what is missing and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.analysis.beats import MEAN, SPREAD, beat_strain, beat_values
from engine.export.definitions import definitions
from engine.export.entry_columns import fit_into, two_columns
from engine.export.facts import RESEARCH, loop_words, spacing_words, view_name
from engine.export.notices import mask_source
from engine.export.numbers import measured, plain_number, quantity_name
from engine.export.page import BOTTOM, CONTENT, MARGIN, TOP, Flow, line_height, told_at_once, wrap
from engine.export.palette import PRINT
from engine.export.tables import plain
from engine.model import Measurement, Measurements, Scale, Target, TrackingResult

_HEADING: Final = 10.0
FLOW_LITERATURE: Final = (
    "Literature, not established for this software: Bermejo et al. 2014 (122 subjects) report "
    "circulations of 0.006 to 0.008 m²/s (SD 0.005 to 0.007) and kinetic energies of 5 to 7 mJ/m, "
    "with overlapping groups. Echo-PIV was accurate to about 42 cm/s in a phantom (Prinz 2012)."
)


def fit_table(flow: Flow, result: TrackingResult) -> None:
    """Draw one row a scale: time, steps, MSE, NLCC, folding."""
    page = flow.room(26 + 5.2 * len(result.fields))
    page.heading(flow.y + 4, "Fit of every scale")
    rows = [
        (
            f"Scale {item.scale.label}",
            _number(item.seconds, ".1f", " s"),
            str(item.steps),
            _number(item.mse, ".2e"),
            _number(item.nlcc, ".3f"),
            _number(item.folding, ".2f", " %"),
        )
        for item in result.fields
    ]
    header = ("Scale", "Time", "Steps", "MSE", "NLCC (squared, 21x21)", "Folding")
    y = page.table(flow.y + 9, header, rows, (38, 26, 22, 28, 40, 24)) + 5
    note = "Fit is not accuracy: a field that chases noise fits better than the true motion."
    flow.y = page.paragraph(MARGIN, y, note, CONTENT, size=7.5, colour=PRINT.muted) + 3


def beat_table(flow: Flow, measurements: Measurements) -> None:
    """Draw one row a whole beat, and their mean, where the loop holds several."""
    strain = beat_strain(measurements)
    firsts, lasts, systoles = (
        beat_values(measurements, f"{mark}_frame") for mark in ("ed", "end", "es")
    )
    if len(firsts) < 2:
        return
    names = [name for name in (strain, "ejection_fraction", "heart_rate") if name]
    values = {name: beat_values(measurements, name) for name in names}
    values = {name: found for name, found in values.items() if any(found)}
    if not values:
        return
    rows = [
        [f"Beat {number}", *(_whole(mark) for mark in marks),
         *("–" if row is None else measured(row) for row in found)]
        for number, (*marks, found) in enumerate(
            zip(firsts, systoles, lasts, zip(*values.values(), strict=True), strict=True), start=1
        )
    ]  # fmt: skip
    rows.append(["Mean ± SD", "", "", "", *(_mean_words(measurements, name) for name in values)])
    page = flow.room(22 + 5.2 * len(rows))
    page.heading(flow.y + 4, "Every whole beat")
    header = ("", "ED frame", "ES frame", "Next ED", *map(quantity_name, values))
    widths = (32, 22, 22, 22, *[80 / len(values)] * len(values))
    y = page.table(flow.y + 9, header, rows, widths) + 5
    note = "Strain and volumes of each beat from its own end-diastole, on the same tracked wall."
    flow.y = page.paragraph(MARGIN, y, note, CONTENT, size=7.5, colour=PRINT.muted) + 3


def _whole(row: Measurement | None) -> str:
    return "–" if row is None else f"{row.value:.0f}"


def _mean_words(measurements: Measurements, name: str) -> str:
    """Return mean and standard deviation of a quantity over the beats."""
    mean = next(measurements.select(name + MEAN), None)
    spread = next(measurements.select(name + SPREAD), None)
    if mean is None or spread is None:
        return "–"
    return f"{plain_number(mean.value, mean.unit)} ± {measured(spread)}"


def research_appendix(flow: Flow, measurements: Measurements) -> None:
    """Draw the in-plane research values, where they were asked for."""
    if not any(any(measurements.select(name)) for name in RESEARCH if name != "energy_loss"):
        return
    rows = []
    for name in RESEARCH:
        found = list(measurements.select(name))
        if found:
            top = max(found, key=lambda row: abs(row.value))
            when = "whole loop" if top.frame is None else f"largest, frame {top.frame}"
            rows.append((quantity_name(name), measured(top), when))
    page = flow.room(26 + 5.2 * len(rows))
    page.heading(flow.y + 4, "Appendix: in-plane research values")
    y = page.table(flow.y + 9, ("Quantity", "Value", "When"), rows, (70, 40, 68)) + 5
    note = "From one plane of a flow that has three dimensions: experimental, without norms."
    flow.y = page.paragraph(MARGIN, y, note, CONTENT, size=7.5, colour=PRINT.muted) + 3


def settings_words(config: Mapping[str, Any]) -> str:
    """Return settings as a reader reads them: ``Tracking: device auto, seed 0. Threads: 2.``

    Args:
        config: Plain JSON values; groups within a group are set off by brackets. What is empty is
            left out, and so are the mask's notes, which stand among the warnings and facts.
    """
    groups = []
    for key in sorted(config):
        words = _setting(config[key]).removeprefix("(").removesuffix(")")
        if words:
            groups.append(f"{key.replace('_', ' ').capitalize()}: {words.rstrip('.')}.")
    return " ".join(groups)


def _setting(value: Any) -> str:
    """Return one setting in words; empty where there is nothing to tell."""
    if isinstance(value, Mapping):
        told = {key: _setting(value[key]) for key in sorted(value) if key != "notes"}
        inner = ", ".join(f"{key.replace('_', ' ')} {text}" for key, text in told.items() if text)
        return f"({inner})" if inner else ""
    if isinstance(value, list):
        return " ".join(map(_setting, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    text = "" if value is None else str(value)
    return Scale(text).label if text in {scale.value for scale in Scale} else text


def settings_table(flow: Flow, result: TrackingResult) -> None:
    """Draw source, calibration, settings and version."""
    config = settings_words(plain(result.config))
    size = f"{result.mask.shape[2]} x {result.mask.shape[1]} px"
    facts = [
        ("Source", result.source_name or "not named"),
        ("SHA-256", result.source_sha256 or "not known"),
        ("View", view_name(result)),
        ("Loop", f"{loop_words(result)}, first frame {result.first_frame}, {size}"),
        ("Calibration", spacing_words(result)),
        ("Method", f"{result.method}, seed {result.seed}, software {result.software_version}"),
        ("Settings", config or "none stored"),
    ]
    if mask_source(result):
        facts.insert(-2, ("Mask", mask_source(result)))
    width = CONTENT - 26
    lines = sum(len(wrap(text, width, 8)) for _, text in facts)
    page = flow.room(14 + (line_height(8) + 0.8) * lines)
    page.heading(flow.y + 4, "Provenance and settings")
    y = flow.y + 11
    for label, text in facts:
        page.text(MARGIN, y, label, size=8, colour=PRINT.muted)
        y = page.paragraph(MARGIN + 26, y, text, width, size=8) + 0.8
    flow.y = y + 2


def fine_print(
    flow: Flow, result: TrackingResult, measurements: Measurements, warnings: tuple[str, ...]
) -> None:
    """Write warnings that page one has no room for, what is missing, definitions and literature.

    Args:
        flow: Pages to fill.
        result: What was tracked.
        measurements: Their definitions and omissions.
        warnings: All of them.
    """
    for heading, entries in _chapters(result, measurements, warnings):
        if not entries:
            continue
        _begin_where_it_fits(flow, entries)
        flow.room(25).heading(flow.y + 4, heading)
        flow.y += _HEADING
        two_columns(flow, entries)


def _begin_where_it_fits(flow: Flow, entries: list[tuple[str, str]]) -> None:
    """Go on to a new page if a chapter fits there and not on this one: few lines stray alone."""
    here, there = BOTTOM - flow.y - _HEADING, BOTTOM - TOP - _HEADING - 4
    if not fit_into(entries, here) and fit_into(entries, there):
        flow.y = BOTTOM


def _chapters(
    result: TrackingResult, measurements: Measurements, warnings: tuple[str, ...]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield "Further warnings", [("", text) for text in warnings[told_at_once(warnings) :]]
    yield (
        "Not reported, and why",
        [(quantity_name(what), why) for what, why in measurements.omitted],
    )
    yield "Definitions used", definitions(measurements)
    calibrated = result.spacing_mm is not None and result.frame_times_s is not None
    if calibrated and result.target is Target.BLOOD:
        yield "Context", [("", FLOW_LITERATURE)]


def _number(value: float, digits: str, unit: str = "") -> str:
    return f"{value:{digits}}{unit}" if math.isfinite(value) else "–"
