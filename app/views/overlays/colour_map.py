"""Values on a coarse grid as translucent colour over the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from app.views.scene import Scene


def draw_map(
    painter: QPainter,
    scene: Scene,
    colours: NDArray[np.uint8],
    opacity: NDArray[np.floating],
    stride: int,
) -> None:
    """Draw colours ``(h, w, 3)`` with an opacity ``(h, w)`` of 0 to 255, a cell ``stride`` px."""
    height, width = opacity.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = colours
    pixels[..., 3] = opacity
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    painter.save()
    painter.setTransform(scene.viewport.transform(scene.area), combine=True)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, width * stride, height * stride), image)
    painter.restore()
