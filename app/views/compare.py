"""All scales side by side, with one time, one zoom and one colour limit."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from app.display import Display
from app.session import Session
from app.views.cine_view import CineView
from app.views.viewport import Viewport
from engine.model import Scale


class CompareView(QWidget):
    """Four views on one viewport."""

    def __init__(
        self, session: Session, display: Display, viewport: Viewport, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.views = tuple(
            CineView(session, display, viewport, scale, parent=self) for scale in Scale
        )
        for index, view in enumerate(self.views):
            layout.addWidget(view, index // 2, index % 2)
