"""The colour bar of speed, vorticity, strain or a difference, with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPen

from app import theme
from app.views.scene import CORNER, Scene
from engine.export.palette import (
    SPEED,
    STRAIN,
    STRAIN_LIMIT,
    STRAIN_TICKS,
    VORTICITY,
    ColourMap,
)
from engine.export.quiver import ticks

_STOPS: Final = 16
_WIDTH: Final = 12.0
_RIGHT: Final = 74.0
_LABEL_END: Final = 52.0
_LABEL_HEIGHT: Final = 38.0
_LINE: Final = 16.0
_COARSE: Final = 8
_WORTH_TELLING: Final = 0.005


@dataclass(frozen=True)
class BarScale:
    """What a colour bar measures.

    Attributes:
        label: Quantity and unit; what follows a dot is a warning.
        colours: From the lowest to the highest value.
        low: Value at the bottom.
        high: Value at the top.
        marks: Values that are labelled.
    """

    label: str
    colours: ColourMap
    low: float
    high: float
    marks: tuple[float, ...]


def bar_scale(scene: Scene) -> BarScale | None:
    """Return what the bar measures, or None where nothing is coloured.

    Without calibration the label says so plainly.
    """
    if scene.difference is not None:
        top = scene.difference.limit
        return BarScale(f"Difference, {scene.difference.unit}", SPEED, 0.0, top, ticks(top))
    if scene.flow is None:
        return None
    if scene.strain is not None:
        label = f"{scene.strain.direction.capitalize()} strain, %"
        return BarScale(label, STRAIN, -STRAIN_LIMIT, STRAIN_LIMIT, STRAIN_TICKS)
    if scene.vorticity:
        top = scene.rate_limit
        marks = tuple(np.linspace(-top, top, 5).tolist())
        return BarScale(f"Vorticity, {scene.flow.rate_unit}", VORTICITY, -top, top, marks)
    if not scene.arrows:
        return None
    known = scene.flow.unit == "cm/s"
    label = "Speed, cm/s" if known else "Speed, px/frame · not calibrated"
    return BarScale(label, SPEED, 0.0, scene.limit, ticks(scene.limit))


def bar_place(area: QRectF) -> QRectF:
    """Return where the bar lies: at the right, beside the zoom's buttons where the view is low.

    Args:
        area: Of the view, screen px.
    """
    height = min(240.0, area.height() * 0.45)
    left, top = area.right() - _RIGHT, area.center().y() - height / 2
    width, below = CORNER
    if top - _LABEL_HEIGHT < area.top() + below:
        # As high as can be: what is said below the bar must clear the notice at the bottom.
        left, top = left - width, area.top() + _LABEL_HEIGHT
    return QRectF(left, top, _WIDTH, height)


class ColourBarOverlay:
    """Draws the bar at the right of the image."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the bar, its ticks and its unit."""
        scale = bar_scale(scene)
        if scene.compact or scale is None:
            return
        bar = bar_place(scene.area)
        painter.save()
        first, _, warning = scale.label.partition(" · ")
        faded = faded_share(scene)
        remark = f"{100 * faded:.0f} % untrusted, faint" if faded >= _WORTH_TELLING else ""
        below = [text for text in (warning, remark) if text]
        label_font = theme.ui_font(8.5)
        label_font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(label_font)
        words = painter.fontMetrics().horizontalAdvance(first)
        backdrop = bar.adjusted(-14, -_LABEL_HEIGHT, 58, 16)
        # The label ends at the right and may be wider than the bar with its numbers.
        backdrop.setLeft(min(backdrop.left(), bar.right() + _LABEL_END - words - 10))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(theme.CANVAS, 0.62))
        painter.drawRoundedRect(backdrop, 8, 8)
        painter.setBrush(_gradient(bar, scale.colours))
        painter.drawRoundedRect(bar, 3, 3)
        _draw_words(painter, bar, bar.top() - 32, first, theme.TEXT)
        _draw_ticks(painter, bar, scale)
        painter.setFont(theme.ui_font(8))
        for line, text in enumerate(below):
            shade = theme.WARNING if text is warning else theme.MUTED
            width = painter.fontMetrics().horizontalAdvance(text) + 8
            place = QRectF(0, bar.bottom() + 16 + _LINE * line, width, _LINE)
            place.moveRight(bar.right() + _LABEL_END + 4)
            painter.fillRect(place, theme.color(theme.CANVAS, 0.62))
            _draw_words(painter, bar, place.top(), text, shade)
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


def _gradient(bar: QRectF, colours: ColourMap) -> QLinearGradient:
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    levels = np.linspace(0, 1, _STOPS)
    for level, rgb in zip(levels, colours.colours(levels, 0, 1).tolist(), strict=True):
        gradient.setColorAt(float(level), QColor(*rgb))
    return gradient


def _draw_ticks(painter: QPainter, bar: QRectF, scale: BarScale) -> None:
    painter.setFont(theme.ui_font(8.5))
    for value in scale.marks:
        y = bar.bottom() - (value - scale.low) / (scale.high - scale.low) * bar.height()
        painter.setPen(QPen(theme.color(theme.MUTED), 1))
        painter.drawLine(QPointF(bar.right() + 3, y), QPointF(bar.right() + 6, y))
        painter.setPen(theme.color(theme.TEXT))
        place = QRectF(bar.right() + 10, y - 8, 46, 16)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, int(flags), tick_text(value))


def tick_text(value: float) -> str:
    """Return the number at a tick, with a true minus sign."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _draw_words(painter: QPainter, bar: QRectF, top: float, text: str, shade: str) -> None:
    """Draw words that end at the bar's right."""
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    painter.setPen(theme.color(shade))
    place = QRectF(bar.right() + _LABEL_END - 200, top, 200, _LINE)
    painter.drawText(place, flags, text)
