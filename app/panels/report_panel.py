"""Step 6: what leaves the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from app.context import Context
from app.operations.export import KIND
from app.panels.base import StepPanel
from app.widgets.parts import button, label, row, show_sentences
from app.widgets.step_section import StepState


@dataclass(frozen=True)
class Exports:
    """What the buttons do."""

    report: Callable[[], None]
    video: Callable[[], None]
    csv: Callable[[], None]
    result: Callable[[], None]


class ReportPanel(StepPanel):
    """Writes the report and the single exports."""

    title = "Report"

    def __init__(self, context: Context, exports: Exports, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._last = ""
        self.start = button("Report…", exports.report, "primary", "PDF, tables, figures and video")
        self._others = (
            button("Video…", exports.video),
            button("CSV…", exports.csv),
            button("Result…", exports.result, tip="Full fields, HDF5"),
        )
        self._note = label("", "muted")
        self.body.addLayout(row(self.start, stretch=0))
        self.body.addLayout(row(*self._others))
        self.body.addWidget(self._note)

    def show_written(self, text: str) -> None:
        """Tell what was written last."""
        self._last = text
        self.refresh()

    def refresh(self) -> None:
        """Show what can be written."""
        loop = self.context.session.loop
        running = self.context.jobs.running(KIND) is not None
        ready = loop is not None and loop.result is not None and not running
        for widget in (self.start, *self._others):
            widget.setEnabled(ready)
        notes = []
        if loop is not None and loop.result is not None and not loop.reviewed:
            notes.append("Every export will say that the tracking was not reviewed.")
        if self._last:
            notes.append(self._last)
        show_sentences(self._note, notes)

    def state(self) -> tuple[StepState, str]:
        """Tell whether there is something to write."""
        loop = self.context.session.loop
        if loop is None or loop.result is None:
            return StepState.WAITING, "Needs a tracked loop"
        if self.context.jobs.running(KIND) is not None:
            return StepState.READY, "Writing…"
        return StepState.READY, self._last or "Report, video, CSV, fields"
