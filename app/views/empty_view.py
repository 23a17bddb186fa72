"""What is seen before a loop is open: where to drop it, and how to begin without one."""

from __future__ import annotations

import functools

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.settings import PRIVATE, Settings
from app.widgets.parts import button, label, shortened

_SHOWN = 4
_FRAME = 28
"""Distance of the frame from the view's edge, px."""
_INSIDE = _FRAME + 14
_NAME_PX = 290
"""Widest name, px: the smallest window has room for it beside another button."""


class EmptyView(QWidget):
    """A friendly drop target.

    Args:
        settings: Knows the recent loops.

    Signals:
        open_requested: The user wants to choose a file.
        demo_requested: The user wants the demo phantom.
        chosen: The path of a recent loop.
        continue_requested: The user wants the work of the last run back.
        discard_requested: The user does not want it.
    """

    open_requested = Signal()
    demo_requested = Signal()
    chosen = Signal(object)
    continue_requested = Signal()
    discard_requested = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._dragging = False
        mark = QLabel()
        mark.setPixmap(theme.icon("myoflux").pixmap(56, 56))
        mark.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = label("Drop an ultrasound loop here", "hero")
        formats = label(
            "DICOM · MP4, AVI, MOV, GIF · PNG, JPEG, TIFF, folders · NIfTI, NPZ · results",
            "muted",
        )
        for text in (title, formats):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(button("Open loop…", self.open_requested.emit, "primary"))
        buttons.addWidget(button("Open demo phantom", self.demo_requested.emit))
        buttons.addStretch(1)
        self._continue = button("", self.continue_requested.emit, tip="Not saved; kept by itself")
        self._discard = button("Discard", self.discard_requested.emit, "quiet")
        offer = QHBoxLayout()
        offer.addStretch(1)
        offer.addWidget(self._continue)
        offer.addWidget(self._discard)
        offer.addStretch(1)
        self.offer("")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_INSIDE, _INSIDE, _INSIDE, _INSIDE)
        layout.setSpacing(10)
        layout.addStretch(2)
        layout.addWidget(mark)
        layout.addSpacing(6)
        layout.addWidget(title)
        layout.addWidget(formats)
        layout.addSpacing(14)
        layout.addLayout(buttons)
        layout.addLayout(offer)
        layout.addSpacing(14)
        layout.addLayout(self._recent)
        layout.addStretch(3)
        self.refresh()

    def refresh(self) -> None:
        """Show the recent loops."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        shown = 0 if self._settings.flag(PRIVATE) else _SHOWN
        for path in self._settings.recent_files()[:shown]:
            choose = functools.partial(self.chosen.emit, path)
            entry = button(self._name(path.name), choose, "quiet", str(path))
            self._recent.addWidget(entry, 0, Qt.AlignmentFlag.AlignHCenter)

    def offer(self, label: str) -> None:
        """Offer the work of the last run; nothing if the label is empty."""
        self._offered = label
        self._continue.setText(self._name(label))
        for widget in (self._continue, self._discard):
            widget.setVisible(bool(label))

    @property
    def offered(self) -> str:
        """What is offered; empty if nothing is."""
        return self._offered

    def _name(self, text: str) -> str:
        """Return a text with a file's name as a button shows it."""
        return shortened(text, self, _NAME_PX).replace("&", "&&")

    def set_dragging(self, dragging: bool) -> None:
        """Light up while a file is over the window."""
        self._dragging = dragging
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame of the target."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), theme.color(theme.CANVAS))
            shade = theme.ACCENT if self._dragging else theme.LINE
            pen = QPen(theme.color(shade), 1.6, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([5, 5])
            painter.setPen(pen)
            fill = theme.color(theme.ACCENT, 0.06) if self._dragging else Qt.BrushStyle.NoBrush
            painter.setBrush(fill)
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME), 16, 16
            )
