"""The wall as the field carries it from end-diastole, with its segments by name."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app import theme
from app.verbs import TrackedWall
from app.views.overlays.mask_contour import draw_curve
from app.views.scene import Scene
from engine.export.numbers import region_name
from engine.export.palette import DARK

_AWAY: Final = 12.0
_ROOM: Final = 150.0
_UPRIGHT: Final = 0.35
_LEGIBLE: Final = 560.0
"""Least width of a view, px, in which names do not run into one another."""


def shown_wall(scene: Scene) -> TrackedWall | None:
    """Return the tracked wall where it takes the place of the mask's contour, or None."""
    return scene.loop.wall if scene.options.wall and scene.options.contour else None


class TrackedWallOverlay:
    """Draws both curves, the borders of the segments, and their names."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the wall of the frame shown."""
        wall = shown_wall(scene)
        if wall is None:
            return
        contours = wall.contours
        inner = contours.endocardial[scene.frame]
        outer = inner if contours.epicardial is None else contours.epicardial[scene.frame]
        if contours.epicardial is not None:
            draw_curve(painter, scene, outer, DARK.epicardium, closed=contours.closed)
        draw_curve(painter, scene, inner, DARK.endocardium, closed=contours.closed)
        if wall.segments:
            painter.save()
            self._paint_segments(painter, scene, wall, (inner, outer))
            painter.restore()

    def _paint_segments(
        self,
        painter: QPainter,
        scene: Scene,
        wall: TrackedWall,
        curves: tuple[NDArray[np.floating], NDArray[np.floating]],
    ) -> None:
        inner, outer = map(scene.to_screen, curves)
        centre = inner.mean(axis=0)
        count = len(inner) - 1
        painter.setFont(theme.ui_font(8))
        for name, (start, end) in wall.segments.items():
            for place in (start, end):
                painter.setPen(QPen(theme.color(theme.TEXT, 0.8), 1.2))
                painter.drawLine(_point(inner[_on(place, count)]), _point(outer[_on(place, count)]))
            if scene.area.width() >= _LEGIBLE:
                rejected = name in scene.loop.rejected
                _draw_name(
                    painter, outer[_on((start + end) // 2, count)], centre, name, rejected=rejected
                )


def _draw_name(
    painter: QPainter,
    place: NDArray[np.floating],
    centre: NDArray[np.floating],
    name: str,
    *,
    rejected: bool,
) -> None:
    """Write a segment's name outside the wall."""
    out = (place - centre) / max(float(np.hypot(*(place - centre))), 1.0)
    spot = place + _AWAY * out
    if abs(out[0]) < _UPRIGHT:
        share, side = 0.5, Qt.AlignmentFlag.AlignHCenter
    elif out[0] < 0:
        share, side = 1.0, Qt.AlignmentFlag.AlignRight
    else:
        share, side = 0.0, Qt.AlignmentFlag.AlignLeft
    box = QRectF(float(spot[0]) - share * _ROOM, float(spot[1]) - 9, _ROOM, 18)
    flags = int(side | Qt.AlignmentFlag.AlignVCenter)
    text = f"{region_name(name)}, rejected" if rejected else region_name(name)
    painter.setPen(theme.color(theme.CANVAS))
    painter.drawText(box.translated(1, 1), flags, text)
    painter.setPen(theme.color(theme.WARNING if rejected else theme.TEXT))
    painter.drawText(box, flags, text)


def _on(place: int, count: int) -> int:
    """Return the index of a point; closed curves go on where they began."""
    return place % count if place not in {0, count} else place


def _point(place: NDArray[np.floating]) -> QPointF:
    return QPointF(float(place[0]), float(place[1]))
