"""The column of six steps: one open at a time."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.context import Context
from app.panels.base import StepPanel
from app.widgets.step_section import StepSection, StepState


class StepsPanel(QScrollArea):
    """Holds the steps and keeps their lines up to date.

    Signals:
        opened: Title of the step that is open now; empty where none is.
    """

    opened = Signal(str)

    def __init__(
        self, context: Context, panels: tuple[StepPanel, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._panels = panels
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(self.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.sections = tuple(
            StepSection(number, panel.title, panel) for number, panel in enumerate(panels, start=1)
        )
        for index, section in enumerate(self.sections):
            section.opened.connect(lambda chosen=index: self.toggle(chosen))
            layout.addWidget(section)
        layout.addStretch(1)
        self.setWidget(inner)
        session = context.session
        for signal in (
            session.loop_changed,
            session.mask_changed,
            session.marks_changed,
            session.flows_changed,
            session.result_changed,
            session.measurements_changed,
            session.review_changed,
            session.privacy_changed,
            context.jobs.activity_changed,
        ):
            signal.connect(self.refresh)
        self.open_step(0)
        self.refresh()

    @property
    def waits(self) -> bool:
        """Whether the open step lacks what it needs."""
        return any(
            section.is_open and section.header.state is StepState.WAITING
            for section in self.sections
        )

    def open_step(self, index: int) -> None:
        """Show the body of one step, and of no other."""
        for place, section in enumerate(self.sections):
            section.set_open(place == index)
        self.opened.emit(self._panels[index].title if index >= 0 else "")

    def toggle(self, index: int) -> None:
        """Open a step, or close it where it is open."""
        self.open_step(-1 if self.sections[index].is_open else index)

    def refresh(self) -> None:
        """Show the state of every step."""
        for section, panel in zip(self.sections, self._panels, strict=True):
            panel.refresh()
            section.header.set_state(*panel.state())
