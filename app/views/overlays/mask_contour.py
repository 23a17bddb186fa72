"""The mask's boundary: the two curves of the wall, or the outline of a region."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app import theme
from app.views.scene import Scene, polyline
from engine.export.palette import DARK
from engine.model import Mask

_CACHED: Final = 256
_RAGGED: Final = 1500
"""Points from which on an outline is drawn thin and plain, so that the window does not wait."""


class MaskContourOverlay:
    """Draws contours where the mask has them, else the outline of its pixels."""

    def __init__(self) -> None:
        self._mask: Mask | None = None
        self._outlines: OrderedDict[int, list[NDArray[np.float64]]] = OrderedDict()

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the boundary."""
        mask = scene.loop.mask
        if mask is None or not scene.options.contour:
            return
        if scene.options.wall and scene.loop.wall is not None:
            return
        if mask.contours is None:
            outlines = self._outline(mask, scene.frame)
            if sum(map(len, outlines)) > _RAGGED:
                _draw_thin(painter, scene, outlines)
                return
            for outline in outlines:
                draw_curve(painter, scene, outline, DARK.outline, closed=True)
            return
        contours = mask.contours
        if contours.epicardial is not None:
            curve = contours.epicardial[scene.frame]
            draw_curve(painter, scene, curve, DARK.epicardium, closed=contours.closed)
        curve = contours.endocardial[scene.frame]
        draw_curve(painter, scene, curve, DARK.endocardium, closed=contours.closed)

    def _outline(self, mask: Mask, frame: int) -> list[NDArray[np.float64]]:
        if mask is not self._mask:
            self._mask = mask
            self._outlines.clear()
        if frame not in self._outlines:
            data = mask.data[frame].view(np.uint8)
            found, _ = cv2.findContours(data, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
            self._outlines[frame] = [
                np.asarray(curve[:, 0], np.float64) for curve in found if len(curve) > 3
            ]
            if len(self._outlines) > _CACHED:
                self._outlines.popitem(last=False)
        return self._outlines[frame]


def _draw_thin(painter: QPainter, scene: Scene, outlines: list[NDArray[np.float64]]) -> None:
    """Draw the outlines of a ragged region as hair lines."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QPen(theme.color(DARK.outline), 1))
    for outline in outlines:
        painter.drawPolyline(polyline(scene.to_screen(outline), closed=True))
    painter.restore()


def draw_curve(
    painter: QPainter, scene: Scene, points: NDArray[np.floating], colour: str, *, closed: bool
) -> None:
    """Draw a curve ``(N, 2)``, px of the image, with a dark rim."""
    polygon = polyline(scene.to_screen(points), closed=closed)
    for width, shade in ((3.2, QColor(0, 0, 0, 110)), (1.5, theme.color(colour, 0.9))):
        pen = QPen(shade, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(polygon)
