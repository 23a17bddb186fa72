"""Step 5: the numbers, and why some are missing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.context import Context
from app.operations.measure import KIND, measure
from app.panels.base import StepPanel
from app.widgets.parts import FactTable, button, label, restyle, row, show_sentences
from app.widgets.step_section import StepState
from engine.analysis.beats import beat_values
from engine.analysis.strain_words import VIEW_STRAINS
from engine.export.notices import in_words, lacks_contrast
from engine.export.numbers import measured, plain_number, quantity_name, unit_sign
from engine.model import Measurements

_STRAINS = ("strain_longitudinal", "strain_circumferential")
_HEADLINES = (
    *((name, quantity_name(name)) for name in VIEW_STRAINS),
    ("ejection_fraction", "Ejection fraction"),
    ("drift", "Drift"),
    ("heart_rate", "Heart rate"),
)
_PEAKS = (("speed_mean", "Mean speed, highest"), ("circulation", "Circulation, largest"))


class MeasurePanel(StepPanel):
    """Measures, and shows the headline values."""

    title = "Measure"

    def __init__(
        self, context: Context, show_curves: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(context, parent)
        self._facts = FactTable()
        self._warnings = label("", "warning")
        self._omitted = label("", "muted")
        self.start = button("Measure", self.run, "primary", "Measure the loop (Ctrl+M)")
        self._curves = button("Curves", show_curves, tip="Show the curves below the loop (C)")
        self.body.addLayout(row(self.start, self._curves, stretch=0))
        for widget in (self._facts, self._warnings, self._omitted):
            self.body.addWidget(widget)

    def run(self) -> None:
        """Start the measurement."""
        self.attempt(lambda: measure(self.context))

    def refresh(self) -> None:
        """Show the values of the current loop."""
        loop = self.context.session.loop
        owner = None if loop is None else loop.loop_id
        running = self.context.jobs.running(KIND, owner) is not None
        self.start.setEnabled(loop is not None and loop.result is not None and not running)
        measured = None if loop is None else loop.measurements
        self.start.setText("Measure again" if measured is not None else "Measure")
        restyle(self.start, "" if measured is not None else "primary")
        self._curves.setVisible(measured is not None)
        facts = []
        if loop is not None and measured is not None:
            facts = headline_facts(measured, loop.end_systole)
        self._facts.show_facts(facts)
        warnings = () if measured is None else measured.warnings
        omitted = () if measured is None else measured.omitted
        # The same reason need not be read twice.
        omitted = tuple((group, why) for group, why in omitted if why not in warnings)
        show_sentences(self._warnings, map(in_words, warnings))
        show_sentences(self._omitted, (f"No {group}: {in_words(why)}" for group, why in omitted))

    def state(self) -> tuple[StepState, str]:
        """Tell how much was measured."""
        loop = self.context.session.loop
        if loop is None or loop.result is None:
            return StepState.WAITING, "Needs a tracked loop"
        if self.context.jobs.running(KIND, loop.loop_id) is not None:
            return StepState.READY, "Measuring…"
        if loop.measurements is None:
            return StepState.READY, "Ready to measure"
        count = len({row.quantity for row in loop.measurements.rows})
        if lacks_contrast(loop.measurements):
            return StepState.ATTENTION, "No trackable contrast"
        remarks = len(loop.measurements.warnings)
        text = f" · {remarks} remark{'s' * (remarks > 1)}" if remarks else ""
        return StepState.DONE, f"{count} quantities{text}"


def headline_facts(
    measurements: Measurements, es_frame: int | None = None
) -> list[tuple[str, str]]:
    """Return the values of page one, without false precision.

    Args:
        measurements: All of them.
        es_frame: End-systole as numbered in the source: without a view that has a name of its
            own, the strain of the whole contour stands there.
    """
    facts = []
    if not any(any(measurements.select(name)) for name in VIEW_STRAINS):
        facts = [
            (f"{quantity_name(found.quantity)}, ES", measured(found))
            for quantity in _STRAINS
            for found in measurements.select(quantity, "global")
            if found.frame is not None and found.frame == es_frame
        ]
        facts += [fact for quantity in _STRAINS for fact in _by_beat(measurements, quantity)]
    for quantity, name in _HEADLINES:
        for found in measurements.select(quantity):
            if found.region in {"global", "mask"} and found.frame is None:
                facts.append((name, measured(found)))
                facts += _by_beat(measurements, quantity)
    for quantity, name in () if lacks_contrast(measurements) else _PEAKS:
        rows = list(measurements.select(quantity))
        if rows:
            peak = max(rows, key=lambda item: abs(item.value))
            facts.append((name, measured(peak)))
    return facts


def _by_beat(measurements: Measurements, quantity: str) -> list[tuple[str, str]]:
    """Return a quantity of every whole beat on one line; empty where the loop holds one."""
    rows = [row for row in beat_values(measurements, quantity) if row is not None]
    if len(rows) < 2:
        return []
    values = ", ".join(plain_number(row.value, row.unit) for row in rows)
    return [("  by beat", f"{values} {unit_sign(rows[0].unit)}")]
