"""Strain of the wall at every pixel since end-diastole, as colour."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtGui import QPainter

from app.views.overlays.colour_map import draw_map
from app.views.scene import Scene
from engine.export.palette import STRAIN, STRAIN_LIMIT

_OPACITY: Final = 185
_FADED: Final = 0.3


class StrainOverlay:
    """Draws the map of strain within the wall; untrusted places fade."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the map; up to end-diastole there is none."""
        maps = scene.strain
        values = None if maps is None else maps.at(scene.frame)
        if maps is None or values is None or scene.flow is None:
            return
        opacity = np.where(np.isfinite(values), float(_OPACITY), 0.0)
        trusted = scene.flow.trusted(scene.frame, maps.stride) if scene.options.trust else None
        if trusted is not None:
            opacity = np.where(trusted, opacity, opacity * _FADED)
        colours = STRAIN.colours(values, -STRAIN_LIMIT, STRAIN_LIMIT)
        draw_map(painter, scene, colours, opacity, maps.stride)
