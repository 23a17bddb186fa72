"""The depth scale at the left of the image, in cm; hidden where the spacing is unknown."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app import theme
from app.views.scene import Scene


class DepthScaleOverlay:
    """Draws a tick every centimetre and a number every five."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the scale along the image's left edge."""
        spacing = scene.loop.cine.spacing_mm
        if spacing is None or not scene.options.depth or scene.compact:
            return
        region = scene.loop.cine.region
        height = scene.loop.cine.shape[1]
        top, bottom = (region[1], region[3]) if region else (0, height)
        count = math.floor((bottom - top) * spacing[1] / 10)
        rows = top + np.arange(count + 1) * 10 / spacing[1]
        left = max(scene.to_screen(np.array([[0.0, 0.0]]))[0, 0], scene.area.left()) + 10
        painter.save()
        painter.setFont(theme.ui_font(8))
        screen = scene.to_screen(np.stack([np.zeros_like(rows), rows], 1))[:, 1]
        for centimetre, y in enumerate(screen.tolist()):
            if not scene.area.top() + 6 < y < scene.area.bottom() - 6:
                continue
            major = centimetre % 5 == 0
            shade = theme.TEXT if major else theme.FAINT
            painter.setPen(QPen(theme.color(shade, 0.9), 1.2))
            painter.drawLine(QPointF(left, y), QPointF(left + (9 if major else 4), y))
            if major and centimetre:
                place = QRectF(left + 13, y - 8, 50, 16)
                flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
                painter.setPen(theme.color(theme.MUTED))
                painter.drawText(place, flags, f"{centimetre} cm")
        painter.restore()
