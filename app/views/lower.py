"""Below the image: curves with the bull's-eye, or what the probe shows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.context import Context
from app.probe import Place
from app.views.bullseye import BullseyeView
from app.views.curves import CurvesView
from app.views.probe_view import ProbeView

_LEAST: Final = 150
"""Height in which a curve can be read, px."""


class LowerPane(QWidget):
    """Shows the curves where the loop is measured, and the probe while it is in use.

    Signals:
        sought: The user chose a frame.
    """

    sought = Signal(int)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = context.session
        self._wanted = True
        self.curves = CurvesView(context.session, context.player)
        self.bullseye = BullseyeView(context.session)
        self.probe = ProbeView(context.session, context.display)
        measured = QWidget()
        side_by_side = QHBoxLayout(measured)
        layout = QHBoxLayout(self)
        for row, widgets in (
            (side_by_side, (self.curves, self.bullseye)),
            (layout, (measured, self.probe)),
        ):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(0)
            for index, widget in enumerate(widgets):
                row.addWidget(widget, 0 if row is side_by_side and index else 1)
        self._measured = measured
        for view in (self.curves, self.probe):
            view.sought.connect(self.sought)
        self.setMinimumHeight(_LEAST)
        self.probe.hide()
        self.hide()
        self._session.loop_changed.connect(self._choose)
        self._session.measurements_changed.connect(lambda: self.show_curves(True))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the curves have it."""
        super().resizeEvent(event)
        self.bullseye.make_room(self.height())

    @property
    def curves_shown(self) -> bool:
        """Whether the curves are seen."""
        return not self.isHidden() and not self._measured.isHidden()

    def show_curves(self, shown: bool) -> None:
        """Show or hide the curves; they are seen where the loop is measured."""
        self._wanted = shown
        self._choose()

    def begin_probe(self) -> None:
        """Make room for the probe before a line is drawn: the image moves under no pointer."""
        self.probe.show()
        self._choose()
        self.probe.forget()

    def show_probe(self, start: Place, end: Place) -> None:
        """Show what a line or a place holds."""
        self.probe.probe(start, end)

    def end_probe(self) -> None:
        """Give the room back to the curves."""
        self.probe.hide()
        self._choose()

    def _choose(self) -> None:
        loop = self._session.loop
        probing = not self.probe.isHidden()
        measured = loop is not None and loop.measurements is not None
        self._measured.setVisible(self._wanted and measured and not probing)
        self.setVisible(loop is not None and (probing or (self._wanted and measured)))
