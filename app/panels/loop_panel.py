"""Step 1: what was read, and what the file does not know."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.context import Context
from app.panels.base import StepPanel
from app.widgets.parts import FactTable, button, label, row, show_sentences
from app.widgets.step_section import StepState
from engine.model import Cine


class LoopPanel(StepPanel):
    """Facts of the loop with their origin."""

    title = "Loop"

    def __init__(
        self,
        context: Context,
        ask_calibration: Callable[[], None],
        ask_rate: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, parent)
        self._facts = FactTable()
        self._warnings = label("", "warning")
        self.calibrate_button = button(
            "Calibrate…", ask_calibration, tip="Click two places and type their distance"
        )
        self.rate_button = button(
            "Frame rate…", ask_rate, tip="Type the acquisition rate of the loop"
        )
        self._hint = label(
            "Drop a file on the window, or choose one from the File menu. Frames, times and "
            "spacing appear here with where they come from.",
            "muted",
        )
        self.body.addWidget(self._hint)
        self.body.addWidget(self._facts)
        self.body.addWidget(self._warnings)
        self.body.addLayout(row(self.calibrate_button, self.rate_button))

    def refresh(self) -> None:
        """Show the facts of the current loop."""
        loop = self.context.session.loop
        for widget in (self.calibrate_button, self.rate_button):
            widget.setVisible(loop is not None)
        self._hint.setVisible(loop is None)
        if loop is None:
            self._facts.show_facts([])
            self._warnings.hide()
            return
        facts = loop_facts(loop.cine)
        if self.context.session.private:
            facts[0] = ("Source", f"hidden\n{facts[0][1].partition(chr(10))[2]}")
        else:
            facts[1:1] = loop.patient
        self._facts.show_facts(facts)
        show_sentences(self._warnings, loop.cine.provenance.warnings)

    def state(self) -> tuple[StepState, str]:
        """Tell size and calibration."""
        loop = self.context.session.loop
        if loop is None:
            return StepState.READY, "Open a loop to begin"
        frames, height, width = loop.cine.shape
        missing = missing_facts(loop.cine)
        count = f"{frames} frame{'s' * (frames > 1)}"
        if len(missing) == 2:
            return StepState.ATTENTION, f"{count} · not calibrated"
        if missing:
            return StepState.ATTENTION, f"{count} · {missing[0]} unknown"
        return StepState.DONE, f"{count} · {width}×{height} · calibrated"


def missing_facts(cine: Cine) -> list[str]:
    """Return which of spacing and frame rate the loop lacks."""
    missing = []
    if cine.spacing_mm is None:
        missing.append("spacing")
    if cine.frame_times_s is None:
        missing.append("frame rate")
    return missing


def loop_facts(cine: Cine) -> list[tuple[str, str]]:
    """Return what is known of a loop, each fact with its origin."""
    frames, height, width = cine.shape
    source = cine.provenance
    rate, spacing = cine.frame_rate_hz, cine.spacing_mm
    kind = source.format + (f", {source.transfer_syntax}" if source.transfer_syntax else "")
    facts = [
        ("Source", f"{source.name}\n{kind}"),
        ("Frames", f"{frames}, {width} × {height} px"),
        (
            "Rate",
            f"unknown\n{source.times_origin}"
            if rate is None
            else f"{rate:.1f} frames/s\n{source.times_origin}",
        ),
        (
            "Spacing",
            f"unknown\n{source.spacing_origin}"
            if spacing is None
            else f"{spacing[0]:.3f} × {spacing[1]:.3f} mm\n{source.spacing_origin}",
        ),
    ]
    if cine.r_times_s:
        facts.append(("R waves", str(len(cine.r_times_s))))
    if cine.heart_rate_bpm is not None:
        facts.append(("Heart rate", f"{cine.heart_rate_bpm:.0f} /min"))
    return facts
