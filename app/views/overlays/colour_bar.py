"""The colour bar of speed or vorticity, with its unit."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPen

from app import theme
from app.views.scene import Scene
from engine.export.palette import SPEED, VORTICITY, ColourMap
from engine.export.quiver import ticks

_STOPS: Final = 16
_WIDTH: Final = 12.0
_RIGHT: Final = 74.0
_COARSE: Final = 8
_WORTH_TELLING: Final = 0.005


def colour_bar_label(scene: Scene) -> str:
    """Return what the bar measures; without calibration it says so plainly."""
    if scene.difference is not None:
        return f"Difference, {scene.difference.unit}"
    if scene.flow is None:
        return ""
    if scene.vorticity:
        return f"Vorticity, {scene.flow.rate_unit}"
    if scene.flow.unit == "cm/s":
        return "Speed, cm/s"
    return "Speed, px/frame · not calibrated"


class ColourBarOverlay:
    """Draws the bar at the right of the image."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the bar, its ticks and its unit."""
        difference = scene.difference
        drawn = scene.flow is not None and (scene.arrows or scene.vorticity)
        if scene.compact or not (drawn or difference):
            return
        vorticity = scene.vorticity and difference is None
        height = min(240.0, scene.area.height() * 0.45)
        left = scene.area.right() - _RIGHT
        top = scene.area.center().y() - height / 2
        bar = QRectF(left, top, _WIDTH, height)
        backdrop = bar.adjusted(-14, -38, 58, 16)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(theme.CANVAS, 0.62))
        painter.drawRoundedRect(backdrop, 8, 8)
        low, high = (0.0, scene.limit if difference is None else difference.limit)
        if vorticity:
            low, high = -scene.rate_limit, scene.rate_limit
        painter.setBrush(_gradient(bar, VORTICITY if vorticity else SPEED))
        painter.drawRoundedRect(bar, 3, 3)
        _draw_ticks(painter, bar, low, high)
        _draw_label(painter, bar, colour_bar_label(scene))
        faded = faded_share(scene)
        if faded >= _WORTH_TELLING:
            _draw_faded(painter, bar, faded)
        painter.restore()


def faded_share(scene: Scene) -> float:
    """Return which share of the frame's mask is drawn faint, being untrusted."""
    flow = scene.flow
    if flow is None or not scene.options.trust or scene.difference is not None:
        return 0.0
    trusted = flow.trusted(scene.frame, _COARSE)
    grid = slice(_COARSE // 2, None, _COARSE)
    inside = flow.mask[scene.frame, grid, grid]
    if trusted is None or not inside.any():
        return 0.0
    return 1.0 - float(trusted[inside].mean())


def _draw_faded(painter: QPainter, bar: QRectF, share: float) -> None:
    painter.setFont(theme.ui_font(8))
    painter.setPen(theme.color(theme.MUTED))
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    place = QRectF(bar.right() - 148, bar.bottom() + 34, 200, 18)
    painter.drawText(place, flags, f"{100 * share:.0f} % untrusted, faint")


def _gradient(bar: QRectF, colours: ColourMap) -> QLinearGradient:
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    levels = np.linspace(0, 1, _STOPS)
    for level, rgb in zip(levels, colours.colours(levels, 0, 1).tolist(), strict=True):
        gradient.setColorAt(float(level), QColor(*rgb))
    return gradient


def _draw_ticks(painter: QPainter, bar: QRectF, low: float, high: float) -> None:
    painter.setFont(theme.ui_font(8.5))
    for value in tick_values(low, high):
        y = bar.bottom() - (value - low) / (high - low) * bar.height()
        painter.setPen(QPen(theme.color(theme.MUTED), 1))
        painter.drawLine(QPointF(bar.right() + 3, y), QPointF(bar.right() + 6, y))
        painter.setPen(theme.color(theme.TEXT))
        place = QRectF(bar.right() + 10, y - 8, 46, 16)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, int(flags), tick_text(value))


def tick_values(low: float, high: float) -> tuple[float, ...]:
    """Return where ticks stand: short numbers from zero up, or five about zero."""
    return ticks(high) if low == 0 else tuple(np.linspace(low, high, 5).tolist())


def tick_text(value: float) -> str:
    """Return the number at a tick, with a true minus sign."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _draw_label(painter: QPainter, bar: QRectF, text: str) -> None:
    font = theme.ui_font(8.5)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    first, _, rest = text.partition(" · ")
    right = bar.right() + 52
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    painter.setPen(theme.color(theme.TEXT))
    painter.drawText(QRectF(right - 200, bar.top() - 32, 200, 18), flags, first)
    if rest:
        painter.setPen(theme.color(theme.WARNING))
        painter.drawText(QRectF(right - 200, bar.bottom() + 18, 200, 18), flags, rest)
