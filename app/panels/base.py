"""What every step is: a title, one line on what it has and what is missing, and a body."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.context import Context
from app.widgets.parts import column
from app.widgets.step_section import StepState
from engine.errors import MyofluxError


class StepPanel(QWidget):
    """Body of a step; ``refresh`` shows the current loop."""

    title = ""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.body = column(self)

    def refresh(self) -> None:
        """Show the current loop."""
        raise NotImplementedError

    def state(self) -> tuple[StepState, str]:
        """Return how far the step is, and what it has or misses in one line."""
        raise NotImplementedError

    def attempt(self, action: Callable[[], object]) -> None:
        """Do what the user asked; what cannot be done is told in one sentence."""
        try:
            action()
        except MyofluxError as error:
            self.context.errors.show(error)
