"""Arrows coloured by speed; untrusted ones fade."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.views.scene import Scene, polygons_path
from engine.export.palette import SPEED
from engine.export.quiver import (
    LENGTH_STEPS,
    arrow_polygons,
)

_BINS: Final = 24
_FADED: Final = 0.22
_PLAIN: Final = QColor(240, 243, 247, 190)
_SHADOW: Final = QColor(0, 0, 0, 120)


class QuiverOverlay:
    """Draws the arrows of a frame, one filled path for each of a few colours."""

    def __init__(self) -> None:
        levels = (np.arange(_BINS) + 0.5) / _BINS
        self._colours = [QColor(*rgb) for rgb in SPEED.colours(levels, 0, 1).tolist()]
        self._plain = False

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the arrows."""
        if scene.flow is None or not scene.arrows:
            return
        # Over a map in colour a second colour scale would only confuse.
        self._plain = scene.mapped
        zoom = float(np.mean(scene.viewport.scale(scene.area)))
        # By the fitted image, not by the zoom, so that arrows stay where they are while zooming.
        spacing = scene.flow.legible_spacing(zoom / scene.viewport.zoom)
        step = max(round(spacing * scene.options.arrow_spacing * 2) / 2, 1.0)
        arrows = scene.flow.arrows(scene.frame, step)
        if arrows is None or not len(arrows.speeds):
            return
        length = step * zoom * LENGTH_STEPS * scene.options.arrow_length
        width = min(max(step * zoom / 9.0, 1.3), 3.4)
        corners = arrow_polygons(
            scene.to_screen(arrows.positions), arrows.vectors, scene.limit, length, width
        )
        seen = _on_screen(corners, scene)
        fade = scene.options.trust and arrows.trust is not None
        doubtful = ~arrows.trusted if fade else np.zeros(len(arrows.speeds), bool)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        levels = np.clip(arrows.speeds / scene.limit * _BINS, 0, _BINS - 1).astype(int)
        painter.setOpacity(_FADED)
        self._fill(painter, corners, np.where(seen & doubtful, levels, -1))
        painter.setOpacity(1.0)
        painter.fillPath(polygons_path(corners[seen & ~doubtful] + 1.0), _SHADOW)
        self._fill(painter, corners, np.where(seen & ~doubtful, levels, -1))
        painter.restore()

    def _fill(
        self, painter: QPainter, corners: NDArray[np.float32], levels: NDArray[np.intp]
    ) -> None:
        """Fill the arrows of every level; those of level -1 are left out."""
        if self._plain:
            painter.fillPath(polygons_path(corners[levels >= 0]), _PLAIN)
            return
        for level in np.unique(levels[levels >= 0]).tolist():
            painter.fillPath(polygons_path(corners[levels == level]), self._colours[level])


def _on_screen(corners: NDArray[np.float32], scene: Scene) -> NDArray[np.bool_]:
    middle = corners[:, 3]
    area = scene.area.adjusted(-40, -40, 40, 40)
    inside = (middle[:, 0] > area.left()) & (middle[:, 0] < area.right())
    return np.asarray(inside & (middle[:, 1] > area.top()) & (middle[:, 1] < area.bottom()))
