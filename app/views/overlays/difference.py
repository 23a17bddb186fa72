"""How far two fields differ, as colour over the mask."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtGui import QPainter

from app.views.overlays.colour_map import draw_map
from app.views.scene import Scene
from engine.export.palette import SPEED

STRIDE: Final = 3
_OPACITY: Final = 190


class DifferenceOverlay:
    """Draws the map of the difference; where there is none the image shines through."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the map within the mask."""
        difference = scene.difference
        values = None if difference is None else difference.at(scene.frame, STRIDE)
        if difference is None or values is None:
            return
        share = np.nan_to_num(values) / difference.limit
        opacity = np.where(np.isfinite(values), np.clip(0.15 + share * 1.5, 0, 1), 0) * _OPACITY
        draw_map(painter, scene, SPEED.colours(values, 0, difference.limit), opacity, STRIDE)
