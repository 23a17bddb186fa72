"""What the reader of the picture must not miss."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app import theme
from app.views.scene import Scene
from engine.export.notices import NO_CONTRAST, RESEARCH_USE


class BannerOverlay:
    """Draws a banner over blood without contrast, and the notice of research use below."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw both."""
        painter.save()
        if not scene.loop.trackable and scene.flow is not None:
            _draw_banner(painter, scene)
        if not scene.compact:
            painter.setFont(theme.ui_font(8))
            painter.setPen(theme.color(theme.MUTED, 0.75))
            flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
            painter.drawText(scene.area.adjusted(0, 0, -4, -2), flags, RESEARCH_USE)
        painter.restore()


def _draw_banner(painter: QPainter, scene: Scene) -> None:
    text = f"{NO_CONTRAST.capitalize()}: arrows are hidden, no vortex is measured."
    painter.setFont(theme.ui_font(9.5, bold=True))
    width = min(painter.fontMetrics().horizontalAdvance(text) + 32, scene.area.width())
    place = QRectF(0, 0, width, 30)
    place.moveCenter(QPointF(scene.area.center().x(), scene.area.top() + 24))
    painter.setPen(theme.color(theme.WARNING, 0.6))
    painter.setBrush(theme.color(theme.CANVAS, 0.8))
    painter.drawRoundedRect(place, 8, 8)
    painter.setPen(theme.color(theme.WARNING))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), text)
