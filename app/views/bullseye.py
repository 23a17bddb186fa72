"""The bull's-eye: end-systolic strain of every segment of the view, always with numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.session import Loop, Session
from engine.export.palette import STRAIN, STRAIN_LIMIT
from engine.model import Measurements

QUANTITIES: Final = ("strain_longitudinal", "strain_circumferential")
_LEGIBLE: Final = 190
"""Least height with numbers that can be read, px."""
_SIX: Final = (
    "anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral",
)  # fmt: skip
_FOUR: Final = ("anterior", "septal", "inferior", "lateral")
_RINGS: Final = {"basal": (0.70, 1.0), "mid": (0.42, 0.70), "apical": (0.16, 0.42)}


@dataclass(frozen=True)
class Cell:
    """A piece of the bull's-eye.

    Attributes:
        name: Segment in snake case.
        inner: Inner radius, as a fraction of the whole.
        outer: Outer radius.
        start: First angle, degrees, counter-clockwise from the right.
        span: Angle covered, degrees.
    """

    name: str
    inner: float
    outer: float
    start: float
    span: float


def cells(names: frozenset[str]) -> tuple[Cell, ...]:
    """Return the pieces; the apical ring has six where six-wall names are measured, else four."""
    six_apical = any(f"apical_{wall}" in names for wall in _SIX if wall not in _FOUR)
    result = []
    for ring, (inner, outer) in _RINGS.items():
        walls = _FOUR if ring == "apical" and not six_apical else _SIX
        span = 360 / len(walls)
        result += [
            Cell(f"{ring}_{wall}", inner, outer, 90 - span / 2 + index * span, span)
            for index, wall in enumerate(walls)
        ]
    return (*result, Cell("apex", 0.0, _RINGS["apical"][0], 0.0, 360.0))


def end_systolic_values(loop: Loop, measurements: Measurements) -> dict[str, float]:
    """Return the strain of every segment at end-systole, %; empty without an ES after ED."""
    frame = loop.end_systole
    if frame is None:
        return {}
    for quantity in QUANTITIES:
        values = {
            row.region: row.value
            for row in measurements.select(quantity)
            if row.frame == frame
            and row.region not in {"global", *measurements.withheld}
            and not row.region.startswith("layer")
        }
        if values:
            return values
    return {}


class BullseyeView(QWidget):
    """Paints the bull's-eye of the current loop; hidden where no segment has a name."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._values: dict[str, float] = {}
        self._room = True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Bull's-eye of end-systolic strain")
        for signal in (
            session.loop_changed,
            session.measurements_changed,
            session.marks_changed,
            session.review_changed,
        ):
            signal.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Room for the rings and their title."""
        return QSize(240, 240)

    def make_room(self, height: int) -> None:
        """Leave where the height, px, is too small for numbers that can be read."""
        if self._room != (height >= _LEGIBLE):
            self._room = height >= _LEGIBLE
            self.setVisible(self._room and bool(self._values))

    def refresh(self) -> None:
        """Take the values of the current loop."""
        loop = self._session.loop
        measured = None if loop is None else loop.measurements
        self._values = {}
        if loop is not None and measured is not None:
            self._values = end_systolic_values(loop, measured)
        self.setVisible(self._room and bool(self._values))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw rings, numbers and title."""
        loop = self._session.loop
        if loop is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), theme.color(theme.WINDOW))
            painter.setFont(theme.ui_font(8.5))
            painter.setPen(theme.color(theme.MUTED))
            title = QRectF(0, 8, self.width(), 16)
            painter.drawText(title, int(Qt.AlignmentFlag.AlignCenter), "End-systolic strain, %")
            radius = min(self.width() - 24, self.height() - 44) / 2
            center = QPointF(self.width() / 2, 30 + radius)
            for cell in cells(frozenset(self._values)):
                value = self._values.get(cell.name)
                _draw_cell(painter, center, radius, cell, value, cell.name in loop.rejected)


def _draw_cell(
    painter: QPainter,
    center: QPointF,
    radius: float,
    cell: Cell,
    value: float | None,
    rejected: bool,
) -> None:
    path = QPainterPath()
    outer = _square(center, radius * cell.outer)
    if cell.inner:
        path.arcMoveTo(outer, cell.start)
        path.arcTo(outer, cell.start, cell.span)
        path.arcTo(_square(center, radius * cell.inner), cell.start + cell.span, -cell.span)
        path.closeSubpath()
    else:
        path.addEllipse(outer)
    known = value is not None and not rejected
    fill = QColor(theme.PANEL)
    if value is not None and known:
        fill = QColor(*STRAIN.colours(value, -STRAIN_LIMIT, STRAIN_LIMIT).tolist())
    painter.setPen(QPen(theme.color(theme.WINDOW), 1.5))
    painter.setBrush(fill)
    painter.drawPath(path)
    if value is None:
        return
    middle = radius * (cell.inner + cell.outer) / 2 if cell.inner else 0.0
    angle = math.radians(cell.start + cell.span / 2)
    spot = center + QPointF(middle * math.cos(angle), -middle * math.sin(angle))
    painter.setFont(theme.ui_font(min(max(radius / 9, 5.5), 9), bold=True))
    painter.setPen(theme.color("#10141a" if fill.lightnessF() > 0.55 else theme.TEXT))
    place = QRectF(spot.x() - 18, spot.y() - 9, 36, 18)
    # Plus zero, so that what rounds to nothing has no sign.
    text = "–" if rejected else f"{round(value) + 0:d}".replace("-", "−")
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), text)


def _square(center: QPointF, radius: float) -> QRectF:
    return QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
