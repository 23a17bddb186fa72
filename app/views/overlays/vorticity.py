"""Vorticity as colour, and the vortex cores that were measured."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app import theme
from app.views.overlays.colour_map import draw_map
from app.views.scene import Scene
from engine.export.palette import VORTICITY
from engine.export.vorticity_map import cover
from engine.model import Measurements

_STRIDE: Final = 3
_OPACITY: Final = 175
_FADED: Final = 0.25


class VorticityOverlay:
    """Draws the map of vorticity; where there is none the image shines through."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the map within the mask; untrusted places fade."""
        if scene.flow is None or not scene.vorticity:
            return
        values = scene.flow.vorticity(scene.frame, _STRIDE)
        if values is None:
            return
        strength = cover(values, scene.rate_limit)
        trusted = scene.flow.trusted(scene.frame, _STRIDE) if scene.options.trust else None
        if trusted is not None:
            strength = np.where(trusted, strength, strength * _FADED)
        colours = VORTICITY.colours(values, -scene.rate_limit, scene.rate_limit)
        draw_map(painter, scene, colours, strength * _OPACITY, _STRIDE)


class VortexCoresOverlay:
    """Marks the centre of every measured vortex with its turning sense."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the cores of the frame."""
        measurements = scene.loop.measurements
        if measurements is None or not scene.vorticity:
            return
        frame = scene.frame + scene.loop.cine.first_frame
        for region, x_mm, y_mm, circulation in vortex_cores(measurements, frame):
            spacing = scene.loop.cine.spacing_mm or (1.0, 1.0)
            place = np.array([[x_mm / spacing[0], y_mm / spacing[1]]])
            x, y = scene.to_screen(place)[0].tolist()
            sense = QColor(*VORTICITY.colours(np.sign(circulation) * 0.7, -1, 1).tolist())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for width, colour in ((4.0, theme.color(theme.CANVAS, 0.8)), (2.0, sense)):
                painter.setPen(QPen(colour, width))
                painter.drawEllipse(QPointF(x, y), 7, 7)
                painter.drawPoint(QPointF(x, y))
            painter.setFont(theme.ui_font(8.5, bold=True))
            painter.setPen(theme.color(theme.TEXT))
            painter.drawText(QPointF(x + 11, y + 4), region.removeprefix("vortex-"))


def vortex_cores(measurements: Measurements, frame: int) -> list[tuple[str, float, float, float]]:
    """Return region, x, y (mm from the centre of the top-left pixel, y down) and circulation."""
    found: dict[str, dict[str, float]] = {}
    for quantity in ("vortex_x", "vortex_y", "circulation"):
        for row in measurements.select(quantity):
            if row.frame == frame:
                found.setdefault(row.region, {})[quantity] = row.value
    return [
        (region, values["vortex_x"], values["vortex_y"], values.get("circulation", 0.0))
        for region, values in found.items()
        if "vortex_x" in values and "vortex_y" in values
    ]
