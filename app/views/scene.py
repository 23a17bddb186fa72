"""What an overlay is given to paint with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF

from app.display import DisplayOptions, Page, arrows_option
from app.flow_difference import FlowDifference
from app.flow_view import FlowView
from app.session import Loop
from app.views.viewport import Viewport

if TYPE_CHECKING:
    from engine.analysis.strain_map import StrainMaps

CORNER: Final = (108.0, 64.0)
"""Width and height that the zoom's buttons take in the upper right corner of a view, px."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One frame as a view shows it.

    Attributes:
        loop: The loop.
        frame: Frame, from 0.
        flow: Field shown, or None.
        limit: Top of the speed's colour bar, in the field's unit.
        rate_limit: Top of the vorticity's colour bar.
        options: Choices of drawing.
        viewport: Zoom and pan.
        area: Where on the widget the image may be, screen px.
        compact: Whether the view is one of several side by side.
        difference: Drawn in place of a field, or None.
    """

    loop: Loop
    frame: int
    flow: FlowView | None
    limit: float
    rate_limit: float
    options: DisplayOptions
    viewport: Viewport
    area: QRectF
    compact: bool = False
    difference: FlowDifference | None = None

    @property
    def arrows(self) -> bool:
        """Whether arrows are drawn: in blood without contrast only if asked for all the same."""
        shown: bool = getattr(self.options, arrows_option(trackable=self.loop.trackable))
        return shown

    @property
    def vorticity(self) -> bool:
        """Whether vorticity is drawn: it means as much as the arrows do."""
        return self.options.vorticity and (self.loop.trackable or self.arrows)

    @property
    def strain(self) -> StrainMaps | None:
        """Maps of strain that are drawn: those of the scale shown, in frames that have one."""
        flow, options = self.flow, self.options
        if flow is None or not options.strain or options.page is not Page.FIELD:
            return None
        maps = self.loop.strains.get(flow.scale)
        return None if maps is None or maps.at(self.frame) is None else maps

    @property
    def mapped(self) -> bool:
        """Whether a map in colour lies below the arrows."""
        return self.vorticity or self.strain is not None

    def to_screen(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map ``(N, 2)`` image points to the screen."""
        return self.viewport.to_screen(points, self.area)


class Overlay(Protocol):
    """Something drawn over the image."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw on the widget, in screen px."""


def polyline(points: NDArray[np.floating], *, closed: bool = False) -> QPolygonF:
    """Return ``(N, 2)`` screen points as a polygon for QPainter."""
    polygon = QPolygonF([QPointF(x, y) for x, y in points.tolist()])
    if closed and len(points):
        polygon.append(polygon.first())
    return polygon


def polygons_path(corners: NDArray[np.floating]) -> QPainterPath:
    """Return ``(N, K, 2)`` polygons as one path that is filled at once."""
    path = QPainterPath()
    for polygon in corners.tolist():
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in polygon]))
        path.closeSubpath()
    return path
