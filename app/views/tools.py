"""What the left mouse button does on the image: pan, measure, pick points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from app import theme
from app.views.scene import CORNER, Scene, polyline

Ends = tuple[tuple[float, float], tuple[float, float]]
"""Both ends of a line, (x, y) px."""
_HINT: Final = QPointF(24.0, 36.0)
_ABOVE: Final = 12.0
"""Distance of a hint's plate from the upper edge of the view, px."""


class Tool(Protocol):
    """Receives the left button on a view; positions are image px, pixel centres whole."""

    @property
    def cursor(self) -> Qt.CursorShape:
        """Shape of the pointer."""

    @property
    def hint(self) -> str:
        """What to do next, or an empty string."""

    @property
    def draws_contour(self) -> bool:
        """Whether the tool draws the mask's contour itself."""

    def press(self, place: QPointF, scene: Scene, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin; return whether the press was taken (else the view pans)."""

    def move(self, place: QPointF, scene: Scene) -> None:
        """Follow the pointer while the button is down."""

    def release(self, place: QPointF, scene: Scene) -> None:
        """End."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw what the tool shows."""


class CaliperTool:
    """Measures the distance of two places: mm where calibrated, px elsewhere."""

    cursor = Qt.CursorShape.CrossCursor
    hint = "Caliper: drag from one place to another. Esc ends."
    draws_contour = False

    def __init__(self) -> None:
        self._ends: tuple[QPointF, QPointF] | None = None

    def press(self, place: QPointF, scene: Scene, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin at a place."""
        self._ends = (place, place)
        return True

    def move(self, place: QPointF, scene: Scene) -> None:
        """Draw out the line."""
        if self._ends is not None:
            self._ends = (self._ends[0], place)

    def release(self, place: QPointF, scene: Scene) -> None:
        """Keep the line."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the line and its length."""
        if self._ends is None or self._ends[0] == self._ends[1]:
            return
        points = np.array([[end.x(), end.y()] for end in self._ends])
        screen = scene.to_screen(points)
        draw_handles(painter, screen, theme.WARNING, line=True)
        draw_tag(painter, QPointF(*screen[1]) + QPointF(10, -10), self.label(scene))

    def label(self, scene: Scene) -> str:
        """Return the length with its unit."""
        if self._ends is None:
            return ""
        shift = self._ends[1] - self._ends[0]
        spacing = scene.loop.cine.spacing_mm
        if spacing is None:
            return f"{math.hypot(shift.x(), shift.y()):.1f} px"
        return f"{math.hypot(shift.x() * spacing[0], shift.y() * spacing[1]):.1f} mm"


class ProbeTool(CaliperTool):
    """A line, or a place, along which the velocity is looked at.

    Args:
        on_change: Called with both ends, (x, y) px, whenever they move.
    """

    hint = "Probe: drag a line, or click a place. Esc ends."

    def __init__(self, on_change: Callable[[Ends], None]) -> None:
        super().__init__()
        self._on_change = on_change

    def press(self, place: QPointF, scene: Scene, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin at a place."""
        taken = super().press(place, scene, modifiers)
        self._tell()
        return taken

    def move(self, place: QPointF, scene: Scene) -> None:
        """Draw out the line."""
        super().move(place, scene)
        self._tell()

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the line with its length, or the place."""
        super().paint(painter, scene)
        if self._ends is not None and self._ends[0] == self._ends[1]:
            place = np.array([[self._ends[0].x(), self._ends[0].y()]])
            draw_handles(painter, scene.to_screen(place), theme.WARNING)

    def _tell(self) -> None:
        if self._ends is not None:
            start, end = ((place.x(), place.y()) for place in self._ends)
            self._on_change((start, end))


class PickTool:
    """Collects a few places, one click each, and hands them over.

    Args:
        prompts: What to click, one a place.
        on_done: Called with the places, (x, y) px, when all are there.
        counts: Asked with the frame shown whether a place on it counts; None takes any frame.
    """

    cursor = Qt.CursorShape.CrossCursor
    draws_contour = False

    def __init__(
        self,
        prompts: tuple[str, ...],
        on_done: Callable[[tuple[tuple[float, float], ...]], None],
        counts: Callable[[int], bool] | None = None,
    ) -> None:
        self._prompts = prompts
        self._on_done = on_done
        self._counts = counts
        self._places: list[tuple[float, float]] = []

    @property
    def hint(self) -> str:
        """What to click next."""
        count = len(self._places)
        if count >= len(self._prompts):
            return ""
        return f"{count + 1} of {len(self._prompts)}: click {self._prompts[count]}. Esc cancels."

    def press(self, place: QPointF, scene: Scene, modifiers: Qt.KeyboardModifier) -> bool:
        """Take a place."""
        if self._counts is not None and not self._counts(scene.frame):
            return True
        if len(self._places) < len(self._prompts):
            self._places.append((place.x(), place.y()))
            if len(self._places) == len(self._prompts):
                self._on_done(tuple(self._places))
        return True

    def move(self, place: QPointF, scene: Scene) -> None:
        """Move the place just taken."""

    def release(self, place: QPointF, scene: Scene) -> None:
        """Leave the place where it is."""

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Draw the places so far."""
        if self._places:
            draw_handles(painter, scene.to_screen(np.array(self._places)), theme.WARNING)


def draw_handles(
    painter: QPainter,
    screen: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    colour: str,
    *,
    line: bool = False,
) -> None:
    """Draw round handles at ``(N, 2)`` screen points, joined by a line if asked."""
    painter.save()
    painter.setBrush(theme.color(theme.CANVAS, 0.6))
    for width, shade in ((3.4, theme.color(theme.CANVAS, 0.7)), (1.6, theme.color(colour))):
        painter.setPen(QPen(shade, width))
        if line:
            painter.drawPolyline(polyline(screen))
        for x, y in screen.tolist():
            painter.drawEllipse(QPointF(x, y), 4.5, 4.5)
    painter.restore()


def hint_place(area: QRectF, hint: str) -> QPointF:
    """Return the lower left corner of a hint: below the zoom's buttons where it would meet them.

    Args:
        area: Of the view, screen px.
        hint: What the tool says.
    """
    width = QFontMetricsF(theme.ui_font(9.5, bold=True)).horizontalAdvance(hint)
    meets = _HINT.x() + width > area.width() - CORNER[0]
    return area.topLeft() + _HINT + QPointF(0.0, CORNER[1] - _ABOVE if meets else 0.0)


def draw_tag(painter: QPainter, place: QPointF, text: str, *, bold: bool = True) -> None:
    """Draw a short text on a dark plate, its lower left corner at a place."""
    painter.save()
    painter.setFont(theme.ui_font(9.5 if bold else 9, bold=bold))
    box = painter.fontMetrics().boundingRect(text).toRectF()
    box.moveBottomLeft(place)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(theme.CANVAS, 0.75))
    painter.drawRoundedRect(box.adjusted(-7, -4, 7, 4), 5, 5)
    painter.setPen(theme.color(theme.TEXT))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
    painter.restore()
