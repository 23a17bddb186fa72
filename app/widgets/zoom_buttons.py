"""Two buttons over the corner of the picture: the heart alone, or the whole image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from app import theme


class ZoomButtons(QFrame):
    """Lies over its parent; who owns it says where.

    Args:
        to_heart: Fills the view with the heart.
        to_whole: Fits the whole image.
        parent: What it lies over.

    Attributes:
        heart: Zooms to the heart.
        whole: Fits the whole image.
    """

    def __init__(
        self, to_heart: Callable[[], object], to_whole: Callable[[], object], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "floating")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        self.heart = self._button("zoom-heart", "Zoom to the heart (Z)", to_heart)
        self.whole = self._button("zoom-whole", "Whole image (Ctrl+0)", to_whole)
        layout.addWidget(self.heart)
        layout.addWidget(self.whole)

    def _button(self, name: str, tip: str, action: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "player")
        button.setIcon(theme.icon(name))
        button.setIconSize(QSize(20, 20))
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: action())
        return button
