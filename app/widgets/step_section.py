"""One step of the work: number, name, one line of state, and a body that opens."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QVBoxLayout, QWidget

from app import theme


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    READY = "ready"
    DONE = "done"
    ATTENTION = "attention"


_SHADES = {
    StepState.WAITING: theme.FAINT,
    StepState.READY: theme.ACCENT,
    StepState.DONE: theme.GOOD,
    StepState.ATTENTION: theme.WARNING,
}


class StepHeader(QAbstractButton):
    """The line that is always seen."""

    def __init__(self, number: int, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._state = StepState.WAITING
        self._summary = ""
        self.setText(title)
        self.setAccessibleName(f"Step {number}: {title}")
        self.setFixedHeight(54)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._check = theme.icon("check", _SHADES[StepState.DONE])

    def set_state(self, state: StepState, summary: str) -> None:
        """Show how far the step is, in one line."""
        self._state, self._summary = state, summary
        self.setToolTip(summary)
        self.setAccessibleDescription(summary)
        self.update()

    @property
    def summary(self) -> str:
        """The line shown."""
        return self._summary

    @property
    def state(self) -> StepState:
        """How far the step is."""
        return self._state

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw badge, title and summary."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.isChecked() or self.underMouse():
                painter.fillRect(self.rect(), theme.color(theme.PANEL))
            if self.hasFocus():
                painter.setPen(theme.color(theme.ACCENT))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 5, 5)
            self._paint_badge(painter)
            painter.setFont(theme.ui_font(10.5, bold=True))
            waiting = self._state is StepState.WAITING
            painter.setPen(theme.color(theme.MUTED if waiting else theme.TEXT))
            painter.drawText(QPointF(54, 23), self.text())
            painter.setFont(theme.ui_font(9))
            attention = self._state is StepState.ATTENTION
            painter.setPen(theme.color(theme.WARNING if attention else theme.MUTED))
            width = self.width() - 54 - 14
            line = painter.fontMetrics().elidedText(
                self._summary, Qt.TextElideMode.ElideRight, width
            )
            painter.drawText(QPointF(54, 41), line)

    def _paint_badge(self, painter: QPainter) -> None:
        shade = _SHADES[self._state]
        circle = QRectF(16, 15, 24, 24)
        filled = self._state is StepState.DONE
        painter.setPen(theme.color(shade))
        painter.setBrush(theme.color(shade, 0.16) if filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        if filled:
            self._check.paint(painter, circle.adjusted(5, 5, -5, -5).toRect())
            return
        painter.setFont(theme.ui_font(9.5, bold=True))
        painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), str(self._number))


class StepSection(QWidget):
    """A header with its body.

    Signals:
        opened: The header was clicked and the body is to be shown.
    """

    opened = Signal()

    def __init__(
        self, number: int, title: str, body: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.header = StepHeader(number, title, self)
        self._frame = QFrame(self)
        inner = QVBoxLayout(self._frame)
        inner.setContentsMargins(18, 6, 16, 18)
        inner.addWidget(body)
        line = QFrame(self)
        line.setProperty("role", "line")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.header, self._frame, line):
            layout.addWidget(widget)
        self._frame.hide()
        self.header.clicked.connect(self._on_click)

    def set_open(self, is_open: bool) -> None:
        """Show or hide the body."""
        self.header.setChecked(is_open)
        self._frame.setVisible(is_open)

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return not self._frame.isHidden()

    def _on_click(self) -> None:
        self.opened.emit()
