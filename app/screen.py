"""How large the window is where no size is remembered: as large as is useful, and on the screen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QStyle, QWidget

USEFUL: Final = QSize(1440, 900)
# Room for a title bar, and for a glimpse of what lies behind, as parts of the screen.
_WIDTH_PART: Final = 0.96
_HEIGHT_PART: Final = 0.92


def first_place(available: QRect) -> QRect:
    """Return where the window stands on a screen at its first start.

    Args:
        available: Of the screen, without bars of the desktop, in the units of widgets.
    """
    room = QSize(round(available.width() * _WIDTH_PART), round(available.height() * _HEIGHT_PART))
    centre = Qt.AlignmentFlag.AlignCenter
    size = USEFUL.boundedTo(room)
    return QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, centre, size, available)


def place_first(window: QWidget) -> None:
    """Give a window its place of the first start."""
    window.setGeometry(first_place(window.screen().availableGeometry()))
