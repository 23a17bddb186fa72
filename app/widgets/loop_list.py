"""The open loops as thumbnails."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QWidget

from app import theme
from app.session import Loop, Session, within_sector

_WIDTH, _HEIGHT = 132, 96
_ID: Final = Qt.ItemDataRole.UserRole


class LoopList(QListWidget):
    """Chooses the current loop.

    Signals:
        close_requested: The id of the loop to close.
    """

    close_requested = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setIconSize(QSize(_WIDTH, _HEIGHT))
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setFlow(QListWidget.Flow.TopToBottom)
        self.setMovement(QListWidget.Movement.Static)
        self.setWrapping(False)
        self.setSpacing(2)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Open loops")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.currentItemChanged.connect(self._choose)
        session.loops_changed.connect(self._rebuild)
        session.privacy_changed.connect(self._rebuild)
        session.loop_changed.connect(self._select)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave single keys to the player; only the list's own arrows come here."""
        if event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return}:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _rebuild(self) -> None:
        self.blockSignals(True)
        self.clear()
        for loop in self._session.loops:
            item = QListWidgetItem(
                _plain_icon(self._thumbnail(loop)), self._session.shown_name(loop)
            )
            item.setData(_ID, loop.loop_id)
            item.setSizeHint(QSize(_WIDTH + 16, _HEIGHT + 34))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            if not self._session.private:
                item.setToolTip(str(loop.path or loop.name))
            self.addItem(item)
        self.blockSignals(False)
        self._select()

    def _thumbnail(self, loop: Loop) -> QPixmap:
        frame = loop.cine.frames[loop.frame_count // 2]
        if self._session.private:
            frame = within_sector(frame, loop.sector)
        return thumbnail(frame)

    def _select(self) -> None:
        loop = self._session.loop
        self.blockSignals(True)
        for row in range(self.count()):
            if loop is not None and self.item(row).data(_ID) == loop.loop_id:
                self.setCurrentRow(row)
        self.blockSignals(False)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._session.activate(item.data(_ID))

    def _show_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        loop_id = item.data(_ID)
        menu.addAction("Close loop").triggered.connect(lambda: self.close_requested.emit(loop_id))
        menu.popup(self.viewport().mapToGlobal(place))


def _plain_icon(pixmap: QPixmap) -> QIcon:
    """Return an icon that is not tinted when selected."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def thumbnail(frame: NDArray[np.uint8]) -> QPixmap:
    """Return a small picture of a ``(H, W)`` frame, twice as fine as it is shown."""
    height, width = frame.shape
    image = QImage(frame.data, width, height, width, QImage.Format.Format_Grayscale8)
    size = QSize(2 * _WIDTH, 2 * _HEIGHT)
    pixmap = QPixmap(size)
    pixmap.fill(theme.color(theme.CANVAS))
    small = image.scaled(
        size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    left, top = (size.width() - small.width()) // 2, (size.height() - small.height()) // 2
    with QPainter(pixmap) as painter:
        painter.drawImage(left, top, small)
    pixmap.setDevicePixelRatio(2.0)
    return pixmap
