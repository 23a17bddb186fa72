"""The time line: frame, loop ends, ED and ES, R waves and keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from engine.export.palette import DARK

_SIDE: Final = 12.0
_GROOVE: Final = 24.0


class FrameSlider(QWidget):
    """A slider that paints what matters in time; it never takes the keyboard.

    Signals:
        sought: The user chose a frame.
    """

    sought = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._frame = 0
        self._ends = (0, 0)
        self._marks: tuple[tuple[int, str, str], ...] = ()
        self._ticks: tuple[float, ...] = ()
        self._keyframes: tuple[int, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Frame")

    def sizeHint(self) -> QSize:
        """Wide, and high enough for the marks above and below the groove."""
        return QSize(320, 44)

    def set_loop(self, count: int, r_frames: Sequence[float]) -> None:
        """Show a loop of ``count`` frames with R waves at (fractional) frames."""
        self._count, self._ticks = count, tuple(r_frames)
        self.update()

    def set_frame(self, frame: int) -> None:
        """Move the handle."""
        self._frame = frame
        self.update()

    def set_ends(self, first: int, last: int) -> None:
        """Show the loop's ends."""
        self._ends = (first, last)
        self.update()

    def set_marks(self, end_diastole: int | None, end_systole: int | None) -> None:
        """Show ED and ES."""
        marks = []
        if end_diastole is not None:
            marks.append((end_diastole, "ED", DARK.end_diastole))
        if end_systole is not None:
            marks.append((end_systole, "ES", DARK.end_systole))
        self._marks = tuple(marks)
        self.update()

    def set_keyframes(self, keyframes: Sequence[int]) -> None:
        """Show the frames whose contour was given."""
        self._keyframes = tuple(keyframes)
        self.update()

    def frame_at(self, x: float) -> int:
        """Return the frame nearest to a place on the widget."""
        span = max(self.width() - 2 * _SIDE, 1.0)
        return max(0, min(round((x - _SIDE) / span * (self._count - 1)), self._count - 1))

    def x_of(self, frame: float) -> float:
        """Return the place of a frame on the widget."""
        span = self.width() - 2 * _SIDE
        return _SIDE + span * frame / max(self._count - 1, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the frame under the pointer."""
        if self._count and event.button() is Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if self._count and event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step a frame."""
        step = -1 if event.angleDelta().y() > 0 else 1
        if self._count:
            self.sought.emit(max(0, min(self._frame + step, self._count - 1)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw groove, marks and handle."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_groove(painter)
            if self._count:
                self._paint_ticks(painter)
                self._paint_marks(painter)
                self._paint_handle(painter)

    def _paint_groove(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(theme.RAISED))
        whole = QRectF(_SIDE, _GROOVE - 2, self.width() - 2 * _SIDE, 4)
        painter.drawRoundedRect(whole, 2, 2)
        if not self._count:
            return
        first, last = (self.x_of(frame) for frame in self._ends)
        painter.setBrush(theme.color("#3a4450"))
        painter.drawRoundedRect(QRectF(first, _GROOVE - 2, last - first, 4), 2, 2)
        painter.setBrush(theme.color(theme.ACCENT))
        done = min(max(self.x_of(self._frame), first), last)
        painter.drawRoundedRect(QRectF(first, _GROOVE - 2, done - first, 4), 2, 2)
        if self._ends != (0, self._count - 1):
            painter.setPen(QPen(theme.color(theme.TEXT), 1.6))
            for x, inward in ((first, 4), (last, -4)):
                bracket = [(x + inward, -7), (x, -7), (x, 7), (x + inward, 7)]
                painter.drawPolyline(QPolygonF([QPointF(a, _GROOVE + b) for a, b in bracket]))

    def _paint_ticks(self, painter: QPainter) -> None:
        painter.setFont(theme.ui_font(7.5))
        for tick in self._ticks:
            if 0 <= tick <= self._count - 1:
                x = self.x_of(tick)
                painter.setPen(QPen(theme.color(theme.FAINT), 1.2))
                painter.drawLine(QPointF(x, _GROOVE + 6), QPointF(x, _GROOVE + 12))
                painter.setPen(theme.color(theme.FAINT))
                painter.drawText(QPointF(x + 5, _GROOVE + 15), "R")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(DARK.epicardium))
        for frame in self._keyframes:
            x = self.x_of(frame)
            shape = [(x, 6), (x + 3.5, 9.5), (x, 13), (x - 3.5, 9.5)]
            painter.drawPolygon(QPolygonF([QPointF(a, _GROOVE + b) for a, b in shape]))

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setFont(theme.ui_font(8, bold=True))
        for frame, name, shade in self._marks:
            x = self.x_of(frame)
            painter.setPen(QPen(theme.color(shade), 2))
            painter.drawLine(QPointF(x, _GROOVE - 7), QPointF(x, _GROOVE + 7))
            place = QRectF(min(max(x - 15, 0), self.width() - 30), 1, 30, 14)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), name)

    def _paint_handle(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.color(theme.WINDOW), 2))
        painter.setBrush(theme.color(theme.TEXT))
        painter.drawEllipse(QPointF(self.x_of(self._frame), _GROOVE), 7, 7)
