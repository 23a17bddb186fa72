"""Edits the contour with the mouse: drag and push the curve, add and delete points, brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from app import theme
from app.views.scene import Scene, polyline
from app.views.thickness_stroke import SEGMENTS, ThicknessStroke, take_hold
from engine.export.palette import DARK
from engine.masks.editing import (
    Brush,
    Layer,
    Scope,
    apply_edit,
    delete_point,
    insert_point,
    move_point,
    nearest_point,
    push,
)
from engine.masks.wall import thickness_handles
from engine.model import Contours

_HANDLES: Final = 13
_GRAB_PX: Final = 16.0
_REACH: Final = 0.16
_TOOL_PX: Final = 34.0
_BRUSH_PX: Final = 16.0


class EditMode(StrEnum):
    """What the left button does to the mask."""

    DRAG = "Drag"
    PUSH = "Push"
    INSERT = "Add point"
    DELETE = "Delete point"
    THICKNESS = "Thickness"
    ADD = "Brush"
    ERASE = "Eraser"

    @property
    def is_brush(self) -> bool:
        """Whether it draws pixels instead of moving a curve."""
        return self in {EditMode.ADD, EditMode.ERASE}


_HINTS: Final = {
    EditMode.DRAG: "Drag the curve; its neighbourhood follows.",
    EditMode.PUSH: "Push the curve from either side.",
    EditMode.INSERT: "Click beside the curve: it bends there.",
    EditMode.DELETE: "Click a point: the curve straightens there.",
    EditMode.THICKNESS: "Drag a segment's outer handle: the wall grows thicker or thinner.",
    EditMode.ADD: "Paint what belongs to the mask.",
    EditMode.ERASE: "Paint what does not belong to the mask.",
}


@dataclass(frozen=True)
class Strokes:
    """Where finished strokes go.

    Attributes:
        contours: Takes the edited contours, the name of the stroke, and what to call when done.
        brush: Takes a path (px), a radius (px), the brush and its scope.
    """

    contours: Callable[[Contours, str, Callable[[], None]], None]
    brush: Callable[[NDArray[np.float64], float, Brush, Scope], None]


class ContourTool:
    """The left button while the contour editor is on.

    Attributes:
        mode: What a stroke does.
        scope: Which frames it reaches.
        selected: Index of the chosen endocardial point, for the keyboard.
        segment: Index of the chosen segment of the wall, for the keyboard.
    """

    def __init__(self, strokes: Strokes) -> None:
        self.mode = EditMode.DRAG
        self.scope = Scope.FRAME
        self.selected: int | None = None
        self.segment: int | None = None
        self._stroke: ThicknessStroke | None = None
        self._preview: Contours | None = None
        self._strokes = strokes
        self._pending: Contours | None = None
        self._layer = Layer.ENDOCARDIAL
        self._before: NDArray[np.float64] | None = None
        self._curve: NDArray[np.float64] | None = None
        self._last = QPointF()
        self._index = 0
        self._path: list[tuple[float, float]] = []

    @property
    def pending(self) -> Contours | None:
        """Contours of a stroke that is being filled, or None."""
        return self._pending

    @property
    def cursor(self) -> Qt.CursorShape:
        """A cross, for precise work."""
        return Qt.CursorShape.CrossCursor

    @property
    def hint(self) -> str:
        """What the mode does."""
        return _HINTS[self.mode]

    @property
    def draws_contour(self) -> bool:
        """The curves are drawn with their handles; a brushed mask keeps its outline."""
        return not self.mode.is_brush

    def press(self, place: QPointF, scene: Scene, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin a stroke where there is something to edit."""
        if self.mode.is_brush:
            self._path = [_pair(place)]
            return True
        contours = self.contours(scene)
        if contours is None:
            return False
        if self.mode is EditMode.THICKNESS:
            reach = 2 * _GRAB_PX / _zoom(scene)
            self._stroke = take_hold(contours, scene.frame, _pair(place), reach)
            if self._stroke is not None:
                self.segment = self._stroke.segment
            return self._stroke is not None
        self._layer, index, away = self._nearest(contours, scene.frame, place)
        grab = _GRAB_PX / _zoom(scene)
        far = away > (_TOOL_PX / _zoom(scene) if self.mode is EditMode.PUSH else 2 * grab)
        if far and self.mode is not EditMode.INSERT:
            return False
        curve = np.asarray(_curve_of(contours, self._layer, scene.frame), np.float64)
        self._before, self._curve = curve, curve
        self._index, self._last = index, place
        if self._layer is Layer.ENDOCARDIAL:
            self.selected = index
        if self.mode is EditMode.INSERT:
            self._curve = insert_point(curve, _pair(place), closed=contours.closed)
        elif self.mode is EditMode.DELETE:
            self._curve = delete_point(curve, index)
        return True

    def move(self, place: QPointF, scene: Scene) -> None:
        """Draw the stroke on."""
        if self.mode.is_brush:
            self._path.append(_pair(place))
            return
        if self._stroke is not None:
            self._preview = self._stroke.applied(_pair(place), self.scope)
            return
        contours = self.contours(scene)
        if self._curve is None or self._before is None or contours is None:
            return
        if self.mode is EditMode.DRAG:
            reach = _REACH * _length(self._before)
            self._curve = move_point(
                self._before, self._index, _pair(place), reach=reach, closed=contours.closed
            )
        elif self.mode is EditMode.PUSH:
            radius = _TOOL_PX / _zoom(scene)
            self._curve = push(self._curve, _pair(self._last), _pair(place), radius=radius)
        self._last = place

    def release(self, place: QPointF, scene: Scene) -> None:
        """End the stroke: it becomes one undo step."""
        if self.mode.is_brush:
            kind = Brush.ADD if self.mode is EditMode.ADD else Brush.ERASE
            path, self._path = np.array(self._path), []
            self._strokes.brush(path, _BRUSH_PX / _zoom(scene), kind, self.scope)
            return
        if self._stroke is not None:
            thicker, self._preview, self._stroke = self._preview, None, None
            if thicker is not None:
                self._commit(thicker)
            return
        contours, curve = self.contours(scene), self._curve
        changed = curve is not None and curve is not self._before
        self._before = self._curve = None
        if contours is not None and curve is not None and changed:
            self._commit(apply_edit(contours, scene.frame, curve, self._layer, self.scope))

    def nudge(self, scene: Scene, shift: tuple[float, float]) -> None:
        """Move the chosen point by px, with its neighbourhood, or the chosen segment's wall."""
        contours = self.contours(scene)
        if contours is None:
            return
        if self.mode is EditMode.THICKNESS:
            if contours.epicardial is not None:
                self.segment = self.segment or 0
                stroke = ThicknessStroke(contours, scene.frame, self.segment)
                self._commit(stroke.nudged(shift, self.scope))
            return
        curve = np.asarray(contours.endocardial[scene.frame], np.float64)
        index = self.selected if self.selected is not None else len(curve) // 2
        self.selected = min(index, len(curve) - 1)
        wanted = curve[self.selected] + shift
        moved = move_point(
            curve,
            self.selected,
            (float(wanted[0]), float(wanted[1])),
            reach=_REACH * _length(curve),
            closed=contours.closed,
        )
        self._commit(apply_edit(contours, scene.frame, moved, Layer.ENDOCARDIAL, self.scope))

    def choose_next(self, scene: Scene, step: int) -> None:
        """Choose the next handle of the endocardial curve, or of the wall, for the keyboard."""
        contours = self.contours(scene)
        if contours is None:
            return
        if self.mode is EditMode.THICKNESS:
            self.segment = 0 if self.segment is None else (self.segment + step) % SEGMENTS
            return
        handles = _handle_indices(contours.endocardial.shape[1], closed=contours.closed)
        index = self.selected if self.selected is not None else -1
        place = int(np.searchsorted(handles, index, side="left"))
        on_handle = place < len(handles) and handles[place] == index
        place = place + step if on_handle or step < 0 else place
        self.selected = int(handles[place % len(handles)])

    def contours(self, scene: Scene) -> Contours | None:
        """Return the contours to edit: those of a stroke being drawn or filled go first."""
        if self._preview is not None:
            return self._preview
        if self._pending is not None:
            return self._pending
        return None if scene.loop.mask is None else scene.loop.mask.contours

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the curves with their handles, and the tool's size."""
        if self.mode.is_brush:
            self._paint_path(painter, scene)
            return
        contours = self.contours(scene)
        if contours is None:
            return
        for layer, shade in (
            (Layer.EPICARDIAL, DARK.epicardium),
            (Layer.ENDOCARDIAL, DARK.endocardium),
        ):
            curve = _curve_of(contours, layer, scene.frame)
            if self._curve is not None and layer is self._layer:
                curve = self._curve
            if curve is not None:
                self._paint_curve(painter, scene, curve, shade, closed=contours.closed)
        if self.mode is EditMode.THICKNESS:
            self._paint_handles(painter, scene, contours)
        elif self.selected is not None:
            chosen = min(self.selected, contours.endocardial.shape[1] - 1)
            spot = scene.to_screen(contours.endocardial[scene.frame][chosen : chosen + 1])[0]
            painter.setPen(QPen(theme.color(theme.WARNING), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(*spot.tolist()), 7, 7)

    def _commit(self, edited: Contours) -> None:
        self._pending = edited

        def forget() -> None:
            if self._pending is edited:
                self._pending = None

        self._strokes.contours(edited, self.mode.value, forget)

    def _nearest(self, contours: Contours, frame: int, place: QPointF) -> tuple[Layer, int, float]:
        found = []
        for layer in Layer:
            curve = _curve_of(contours, layer, frame)
            if curve is not None:
                found.append((layer, *nearest_point(curve, _pair(place))))
        return min(found, key=lambda item: item[2])

    def _paint_curve(
        self,
        painter: QPainter,
        scene: Scene,
        curve: NDArray[np.floating],
        shade: str,
        *,
        closed: bool,
    ) -> None:
        screen = scene.to_screen(curve)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, colour in ((4.0, theme.color(theme.CANVAS, 0.6)), (2.2, theme.color(shade))):
            painter.setPen(QPen(colour, width))
            painter.drawPolyline(polyline(screen, closed=closed))
        painter.setPen(QPen(theme.color(theme.CANVAS, 0.8), 1.2))
        painter.setBrush(theme.color(shade))
        for x, y in screen[_handle_indices(len(screen), closed=closed)].tolist():
            painter.drawEllipse(QPointF(x, y), 4.2, 4.2)

    def _paint_handles(self, painter: QPainter, scene: Scene, contours: Contours) -> None:
        """Draw the middle of every segment across the wall, the chosen one brighter."""
        if contours.epicardial is None:
            return
        inner, outer = thickness_handles(contours, scene.frame, SEGMENTS)
        ends = zip(scene.to_screen(inner).tolist(), scene.to_screen(outer).tolist(), strict=True)
        for index, (start, end) in enumerate(ends):
            shade = theme.WARNING if index == self.segment else DARK.epicardium
            painter.setPen(QPen(theme.color(shade), 2))
            painter.drawLine(QPointF(*start), QPointF(*end))
            painter.setBrush(theme.color(shade))
            painter.drawEllipse(QPointF(*end), 6, 6)

    def _paint_path(self, painter: QPainter, scene: Scene) -> None:
        if not self._path:
            return
        shade = DARK.outline if self.mode is EditMode.ADD else theme.ERROR
        pen = QPen(theme.color(shade, 0.5), 2 * _BRUSH_PX)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(polyline(scene.to_screen(np.array(self._path))))


def _curve_of(contours: Contours, layer: Layer, frame: int) -> NDArray[np.float64] | None:
    curves = contours.endocardial if layer is Layer.ENDOCARDIAL else contours.epicardial
    return None if curves is None else np.asarray(curves[frame], np.float64)


def _handle_indices(count: int, *, closed: bool) -> NDArray[np.intp]:
    places = np.linspace(0, count if closed else count - 1, _HANDLES, endpoint=not closed)
    return np.unique(np.rint(places).astype(np.intp))


def _length(curve: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


def _zoom(scene: Scene) -> float:
    return float(np.mean(scene.viewport.scale(scene.area)))


def _pair(place: QPointF) -> tuple[float, float]:
    return place.x(), place.y()
