"""The image with its overlays: zoom, pan, gain, hover. Only the frame shown is converted."""

from __future__ import annotations

import dataclasses
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app import theme
from app.display import Display, Page
from app.flow_difference import FlowDifference
from app.flow_view import FlowView
from app.session import Loop, Session, within_sector
from app.views.overlays.banner import BannerOverlay
from app.views.overlays.colour_bar import ColourBarOverlay
from app.views.overlays.depth_scale import DepthScaleOverlay
from app.views.overlays.difference import DifferenceOverlay
from app.views.overlays.mask_contour import MaskContourOverlay
from app.views.overlays.quiver import QuiverOverlay
from app.views.overlays.strain import StrainOverlay
from app.views.overlays.tracked_wall import TrackedWallOverlay
from app.views.overlays.vorticity import VortexCoresOverlay, VorticityOverlay
from app.views.scene import Overlay, Scene
from app.views.tools import Tool, draw_tag, hint_place
from app.views.viewport import Viewport

_MARGIN: Final = 14
_WHEEL_STEP: Final = 1.0015
_DRAG_GAIN: Final = 1 / 400


class CineView(QWidget):
    """Draws the frame of the session.

    Args:
        session: What is open.
        display: How it is drawn.
        viewport: Zoom and pan; views with one viewport move together.

    Signals:
        hovered: Text of the place under the pointer; empty outside the image.
    """

    hovered = Signal(str)
    margin = _MARGIN
    compact = False

    def __init__(
        self,
        session: Session,
        display: Display,
        viewport: Viewport,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._display = display
        self.viewport = viewport
        self._tool: Tool | None = None
        self._drag: tuple[Qt.MouseButton, QPointF] | None = None
        self._captured = False
        self._pointer: QPointF | None = None
        self._overlays: tuple[Overlay, ...] = (
            VorticityOverlay(),
            StrainOverlay(),
            DifferenceOverlay(),
            MaskContourOverlay(),
            TrackedWallOverlay(),
            QuiverOverlay(),
            VortexCoresOverlay(),
            DepthScaleOverlay(),
            ColourBarOverlay(),
            BannerOverlay(),
        )
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Cine loop")
        for signal in (
            session.loop_changed,
            session.mask_changed,
            session.flows_changed,
            session.measurements_changed,
            session.review_changed,
            session.frame_changed,
            session.privacy_changed,
            display.changed,
            viewport.changed,
        ):
            signal.connect(self._refresh)

    def set_tool(self, tool: Tool | None) -> None:
        """Give the left button to a tool, or back to panning."""
        self._tool = tool
        self.setCursor(Qt.CursorShape.ArrowCursor if tool is None else tool.cursor)
        self.update()

    @property
    def tool(self) -> Tool | None:
        """The tool that has the left button, or None."""
        return self._tool

    def scene(self) -> Scene | None:
        """Return what is shown now, or None where nothing is open."""
        loop = self._session.loop
        if loop is None:
            return None
        margin = self.margin
        area = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        options = self._display.options
        if self._tool is not None and self._tool.draws_contour:
            options = dataclasses.replace(options, contour=False)
        finest = loop.finest
        limit, rate_limit = (1.0, 1.0) if finest is None else (finest.limit, finest.rate_limit)
        return Scene(
            loop,
            self._session.frame,
            self.shown_flow(loop),
            limit,
            rate_limit,
            options,
            self.viewport,
            area,
            compact=self.compact,
            difference=self.shown_difference(loop),
        )

    def shown_flow(self, loop: Loop) -> FlowView | None:
        """Return the field that the display asks for; comparisons have their own."""
        options = self._display.options
        if options.page is not Page.FIELD or options.scale is None:
            return None
        return loop.flows.get(options.scale)

    def shown_difference(self, loop: Loop) -> FlowDifference | None:
        """Return the difference of two fields that is drawn, or None."""

    def shown_frame(self, scene: Scene) -> NDArray[np.uint8]:
        """Return the picture below the overlays, ``(H, W)``."""
        frame: NDArray[np.uint8] = scene.loop.cine.frames[scene.frame]
        return frame

    def title(self, scene: Scene) -> str:
        """Return what stands at the top left; empty for nothing."""
        return ""

    def figures(self, scene: Scene) -> str:
        """Return what stands below the title; empty for nothing."""
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, the overlays and the tool."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.color(theme.CANVAS))
            scene = self.scene()
            if scene is None:
                return
            self._paint_frame(painter, scene)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for overlay in self._overlays:
                overlay.paint(painter, scene)
            if self._tool is not None:
                self._tool.paint(painter, scene)
                if hint := self._tool.hint:
                    draw_tag(painter, hint_place(scene.area, hint), hint)
            for line, text in enumerate((self.title(scene), self.figures(scene))):
                if text:
                    draw_tag(painter, QPointF(16, 30 + 27 * line), text, bold=not line)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a tool, a pan or a change of gain."""
        scene = self.scene()
        if scene is None:
            return
        self._drag = (event.button(), event.position())
        self._captured = False
        if event.button() is Qt.MouseButton.LeftButton and self._tool is not None:
            place = self.viewport.to_image(event.position(), scene.area)
            self._captured = self._tool.press(place, scene, event.modifiers())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell the value under the pointer."""
        scene = self.scene()
        if scene is None:
            return
        place = self.viewport.to_image(event.position(), scene.area)
        self._pointer = place
        if self._drag is None:
            self.hovered.emit(self._value_text(place))
            return
        button, last = self._drag
        delta = event.position() - last
        self._drag = (button, event.position())
        if self._captured and self._tool is not None:
            self._tool.move(place, scene)
            self.update()
        elif button is Qt.MouseButton.RightButton:
            options = self._display.options
            self._display.set(
                gain=min(max(options.gain - delta.y() * _DRAG_GAIN, -1.0), 1.0),
                contrast=min(max(options.contrast + delta.x() * _DRAG_GAIN * 2, 0.2), 5.0),
            )
        else:
            self.viewport.pan(delta, scene.area)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell no value any more."""
        self._pointer = None
        self.hovered.emit("")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        scene = self.scene()
        if scene is not None and self._captured and self._tool is not None:
            self._tool.release(self.viewport.to_image(event.position(), scene.area), scene)
            self.update()
        self._drag, self._captured = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the image, and show it as recorded."""
        if self._tool is None:
            self.viewport.show_whole()
            self._display.set(gain=0.0, contrast=1.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        scene = self.scene()
        if scene is not None:
            factor = _WHEEL_STEP ** event.angleDelta().y()
            self.viewport.zoom_at(factor, event.position(), scene.area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew."""
        self.update()

    def _refresh(self) -> None:
        loop = self._session.loop
        if loop is not None:
            _, height, width = loop.cine.shape
            spacing = loop.cine.spacing_mm or (1.0, 1.0)
            self.viewport.set_image(width, height, spacing[1] / spacing[0])
        if self._pointer is not None and self._drag is None:
            self.hovered.emit(self._value_text(self._pointer))
        self.update()

    def _paint_frame(self, painter: QPainter, scene: Scene) -> None:
        frame = self.shown_frame(scene)
        if self._session.private:
            frame = within_sector(frame, scene.loop.sector)
        height, width = frame.shape
        image = QImage(frame.data, width, height, width, QImage.Format.Format_Indexed8)
        image.setColorTable(grey_table(scene.options.gain, scene.options.contrast))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(self.viewport.transform(scene.area))
        # Qt scales this format four times as fast as indexed colours.
        painter.drawImage(QPointF(0, 0), image.convertToFormat(QImage.Format.Format_RGB32))
        painter.restore()

    def _value_text(self, place: QPointF) -> str:
        loop = self._session.loop
        if loop is None:
            return ""
        _, height, width = loop.cine.shape
        column, row = round(place.x()), round(place.y())
        if not (0 <= column < width and 0 <= row < height):
            return ""
        parts = [
            f"x {column}  y {row}",
            f"grey {loop.cine.frames[self._session.frame, row, column]}",
        ]
        flow = self.shown_flow(loop)
        velocity = flow.velocity_at(self._session.frame, column, row) if flow is not None else None
        if flow is not None and velocity is not None:
            speed = math.hypot(*velocity)
            parts.append(f"{speed:.2f} {flow.unit}")
            along = f"right {velocity[0]:+.2f}  up {velocity[1]:+.2f}"
            parts.append(along.replace("-", "\N{MINUS SIGN}"))
            strain = self._strain_at(column, row)
            if strain is not None:
                parts.append(f"strain {strain:+z.0f} %".replace("-", "\N{MINUS SIGN}"))
            trust = flow.trust_at(self._session.frame, column, row)
            if trust is not None:
                parts.append(f"trust {100 * trust:.0f} %")
        return "   ".join(parts)

    def _strain_at(self, column: int, row: int) -> float | None:
        """Return the strain that is drawn at a pixel, %, or None."""
        scene = self.scene()
        maps = None if scene is None else scene.strain
        values = None if maps is None else maps.at(self._session.frame)
        if maps is None or values is None:
            return None
        at = (
            min(row // maps.stride, len(values) - 1),
            min(column // maps.stride, values.shape[1] - 1),
        )
        value = float(values[at])
        return None if math.isnan(value) else value


def grey_table(gain: float, contrast: float) -> list[int]:
    """Return 256 opaque grey colours; gain 0 and contrast 1 show the values as recorded."""
    levels = np.arange(256) / 255.0
    shown = np.clip((levels - 0.5) * contrast + 0.5 + gain, 0, 1)
    values = np.rint(shown * 255).astype(np.int64)
    table: list[int] = (0xFF000000 + values * 0x010101).tolist()
    return table
