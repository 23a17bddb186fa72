"""Zoom and pan of the image, shared by all views that are locked together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QTransform

_SMALLEST, _LARGEST = 0.5, 40.0


class Viewport(QObject):
    """Places an image in a widget: fitted at zoom 1, centred on a point of the image.

    Attributes:
        by_hand: Whether a person has zoomed or moved the image: then nothing else does.

    Signals:
        changed: Zoom, centre or image size changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.image = QSizeF(1, 1)
        self.aspect = 1.0
        self.zoom = 1.0
        self.center = QPointF(0.5, 0.5)
        self.by_hand = False

    def set_image(self, width: int, height: int, aspect: float) -> None:
        """Show an image of a size, px; ``aspect`` is the height of a pixel over its width."""
        size = QSizeF(width, height)
        if size != self.image or aspect != self.aspect:
            self.image, self.aspect = size, aspect
            self.reset()

    def reset(self) -> None:
        """Fit the image."""
        self.zoom, self.center = 1.0, QPointF(0.5, 0.5)
        self.by_hand = False
        self.changed.emit()

    def show_whole(self) -> None:
        """Fit the image because a person wants it so."""
        self.reset()
        self.by_hand = True

    def show_part(self, part: QRectF, area: QRectF) -> None:
        """Fit a part of the image, px, into an area of the screen."""
        self.by_hand = False
        across, down = self.scale(area)
        fit = min(area.width() / (part.width() * across), area.height() / (part.height() * down))
        self.zoom = min(max(self.zoom * fit, _SMALLEST), _LARGEST)
        middle = part.center()
        self.center = QPointF(middle.x() / self.image.width(), middle.y() / self.image.height())
        self.changed.emit()

    def scale(self, area: QRectF) -> tuple[float, float]:
        """Return screen px for one image px, (x, y), in an area of the screen."""
        fit = min(
            area.width() / self.image.width(),
            area.height() / (self.image.height() * self.aspect),
        )
        across = max(fit * self.zoom, 1e-6)
        return across, across * self.aspect

    def transform(self, area: QRectF) -> QTransform:
        """Return what maps image coordinates (pixel corners at whole numbers) to the screen."""
        across, down = self.scale(area)
        origin_x = area.center().x() - self.center.x() * self.image.width() * across
        origin_y = area.center().y() - self.center.y() * self.image.height() * down
        return QTransform(across, 0, 0, down, origin_x, origin_y)

    def to_screen(self, points: NDArray[np.floating], area: QRectF) -> NDArray[np.float64]:
        """Map ``(N, 2)`` points, px with pixel centres at whole numbers, to the screen."""
        across, down = self.scale(area)
        matrix = self.transform(area)
        return (np.asarray(points, np.float64) + 0.5) * (across, down) + (matrix.dx(), matrix.dy())

    def to_image(self, position: QPointF, area: QRectF) -> QPointF:
        """Map a place on the screen to the image, px with pixel centres at whole numbers."""
        inverse, _ = self.transform(area).inverted()
        return inverse.map(position) - QPointF(0.5, 0.5)

    def zoom_at(self, factor: float, position: QPointF, area: QRectF) -> None:
        """Zoom so that the place under the pointer stays where it is."""
        before = self.to_image(position, area)
        self.zoom = min(max(self.zoom * factor, _SMALLEST), _LARGEST)
        after = self.to_image(position, area)
        self._move(before - after)

    def pan(self, delta: QPointF, area: QRectF) -> None:
        """Move the image by screen px."""
        across, down = self.scale(area)
        self._move(QPointF(-delta.x() / across, -delta.y() / down))

    def _move(self, shift: QPointF) -> None:
        self.by_hand = True
        x = self.center.x() + shift.x() / self.image.width()
        y = self.center.y() + shift.y() / self.image.height()
        self.center = QPointF(min(max(x, -0.2), 1.2), min(max(y, -0.2), 1.2))
        self.changed.emit()
