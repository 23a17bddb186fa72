"""Step 4: look at the moving contour, accept it, or reject segments of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from app.context import Context
from app.operations.measure import accept_tracking, reject_segments, segment_names
from app.panels.base import StepPanel
from app.widgets.parts import button, label, row
from app.widgets.step_section import StepState
from engine.model import Target

_WALL: Final = (
    "Play the loop. The curves are the wall as tracked from end-diastole: strain is measured on "
    "them. Untick a segment that they leave, and no value will rest on it."
)
_ARROWS: Final = "Play the loop. The arrows should follow the bubbles throughout."


class ReviewPanel(StepPanel):
    """Accepts the tracking as a whole, and single segments."""

    title = "Review"

    def __init__(
        self, context: Context, play: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(context, parent)
        self._advice = label("", "muted")
        self._segments = QWidget()
        self._column = QVBoxLayout(self._segments)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._boxes: dict[str, QCheckBox] = {}
        self._accept = button("Accept", self.accept, "primary")
        self._withdraw = button("Withdraw", self.withdraw)
        self.body.addWidget(self._advice)
        self.body.addWidget(self._segments)
        self._play = button("Play", play)
        self.body.addLayout(row(self._accept, self._withdraw, self._play, stretch=0))

    def refresh(self) -> None:
        """Show the segments of the current loop."""
        loop = self.context.session.loop
        tracked = loop is not None and loop.result is not None
        self._accept.setVisible(not (loop is not None and loop.reviewed))
        self._accept.setEnabled(tracked)
        self._play.setEnabled(loop is not None)
        self._withdraw.setVisible(loop is not None and loop.reviewed)
        blood = loop is not None and loop.target is Target.BLOOD
        self._advice.setText(_ARROWS if blood else _WALL)
        names = [] if loop is None else segment_names(loop)
        if list(self._boxes) != names:
            self._rebuild(names)
        for name, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(loop is None or name not in loop.rejected)
            box.blockSignals(False)

    def state(self) -> tuple[StepState, str]:
        """Tell whether a person has looked."""
        loop = self.context.session.loop
        if loop is None or loop.result is None:
            return StepState.WAITING, "Needs a tracked loop"
        if not loop.reviewed:
            return StepState.ATTENTION, "Tracking not reviewed"
        rejected = len(loop.rejected.intersection(segment_names(loop)))
        if rejected:
            return StepState.DONE, f"Accepted, {rejected} segment{'s' * (rejected > 1)} rejected"
        what = "contour" if loop.target is Target.TISSUE else "field"
        return StepState.DONE, f"Moving {what} accepted"

    def _rebuild(self, names: list[str]) -> None:
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {}
        for name in names:
            box = QCheckBox(name.replace("_", " ").capitalize())
            box.toggled.connect(self._on_toggle)
            self._column.addWidget(box)
            self._boxes[name] = box

    def _on_toggle(self) -> None:
        rejected = frozenset(name for name, box in self._boxes.items() if not box.isChecked())
        self.attempt(lambda: reject_segments(self.context, rejected))
        self.refresh()

    def accept(self) -> None:
        """Accept the tracking."""
        accept_tracking(self.context, accepted=True)

    def withdraw(self) -> None:
        """Take the acceptance back."""
        accept_tracking(self.context, accepted=False)
