"""What the reader of the picture must not miss."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app import theme
from app.views.scene import Scene
from engine.export.notices import NO_CONTRAST, RESEARCH_USE

# Room that the title of a view takes beside the banner, px.
_BESIDE: Final = 120


class BannerOverlay:
    """Draws a banner over blood without contrast, and the notice of research use below."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw both."""
        painter.save()
        if not scene.loop.trackable and scene.flow is not None:
            _draw_banner(painter, scene)
        if not scene.compact:
            _draw_notice(painter, scene)
        painter.restore()


def _draw_notice(painter: QPainter, scene: Scene) -> None:
    painter.setFont(theme.ui_font(8))
    box = painter.fontMetrics().boundingRect(RESEARCH_USE).toRectF()
    box.moveBottomRight(scene.area.bottomRight() - QPointF(6, 4))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(theme.CANVAS, 0.62))
    painter.drawRoundedRect(box.adjusted(-6, -2, 6, 2), 4, 4)
    painter.setPen(theme.color(theme.MUTED))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), RESEARCH_USE)


def _draw_banner(painter: QPainter, scene: Scene) -> None:
    text = f"{NO_CONTRAST.capitalize()}: arrows are hidden, no vortex is measured."
    painter.setFont(theme.ui_font(9.5, bold=True))
    if painter.fontMetrics().horizontalAdvance(text) + 32 > scene.area.width() - _BESIDE:
        text = NO_CONTRAST.capitalize()
    width = painter.fontMetrics().horizontalAdvance(text) + 32
    place = QRectF(0, 0, width, 30)
    place.moveCenter(QPointF(scene.area.center().x(), scene.area.top() + 24))
    painter.setPen(theme.color(theme.WARNING, 0.6))
    painter.setBrush(theme.color(theme.CANVAS, 0.8))
    painter.drawRoundedRect(place, 8, 8)
    painter.setPen(theme.color(theme.WARNING))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), text)
