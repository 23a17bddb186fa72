"""Curves through the loop, with ED, ES and the frame shown; a click jumps to a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app import theme
from app.operations.measure import segment_names
from app.playback import Player
from app.session import Session
from app.views.plots import quiet_plot
from app.widgets.parts import ElidedLabel, label
from engine.export.notices import lacks_contrast
from engine.export.numbers import quantity_name, region_name, unit_sign
from engine.export.palette import DARK
from engine.model import Measurement, Measurements

_SHADES: Final = (
    theme.TEXT,
    "#56b4e9",
    "#e69f00",
    "#4fd1a5",
    "#cc79a7",
    "#f0e442",
    "#d5734d",
    "#8d9bf0",
)
_BELOW, _ABOVE = 0.05, 0.2
"""Free room under and over the curves, as shares of their range."""
_LEGIBLE: Final = 190
"""Least height of the view with the curves' names above them, px."""
_FIRST: Final = (
    "strain_longitudinal",
    "strain_circumferential",
    "speed_mean",
    "vorticity_mean",
)


class CurvesView(QWidget):
    """Plots one quantity over time, one curve a region.

    Signals:
        sought: The user chose a frame.
    """

    sought = Signal(int)

    def __init__(self, session: Session, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._player = player
        self._times: dict[int, float] = {}
        self._values: list[tuple[int, float]] = []
        self.quantity = QComboBox()
        self.quantity.setAccessibleName("Quantity of the curves")
        self.quantity.setMinimumWidth(210)
        self.quantity.activated.connect(self._draw)
        self._note = ElidedLabel()
        self._legend = label("", "muted")
        self.plot: Any = quiet_plot()
        self._cursor: Any = pyqtgraph.InfiniteLine(
            angle=90, pen=pyqtgraph.mkPen(theme.TEXT, width=1.2)
        )
        self._marks: list[Any] = []
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        top = QHBoxLayout()
        top.addWidget(self.quantity)
        top.setSpacing(14)
        top.addWidget(self._note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._legend)
        layout.addWidget(self.plot, 1)
        session.loop_changed.connect(self.refresh)
        session.measurements_changed.connect(self.refresh)
        session.marks_changed.connect(self._draw)
        session.frame_changed.connect(self._move_cursor)
        player.state_changed.connect(self._show_played)
        self.refresh()

    def refresh(self) -> None:
        """Offer the quantities that were measured for every frame."""
        loop = self._session.loop
        measured = None if loop is None else loop.measurements
        names = [] if measured is None else frame_quantities(measured)
        chosen = self.quantity.currentData()
        self.quantity.clear()
        for name in names:
            self.quantity.addItem(quantity_name(name), name)
        self.quantity.setVisible(bool(names))
        index = self.quantity.findData(chosen)
        if index < 0:
            index = next((names.index(name) for name in _FIRST if name in names), 0)
        self.quantity.setCurrentIndex(index)
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with the frame shown."""
        super().showEvent(event)
        self._move_cursor(self._session.frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names go before the curves do."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        names = self._legend.text()
        self._legend.setVisible(bool(names) and self.height() >= _LEGIBLE)
        self.plot.setToolTip(names if self._legend.isHidden() else "")

    def _draw(self) -> None:
        item = self.plot.getPlotItem()
        item.clear()
        self._legend.setText("")
        self._legend.hide()
        loop = self._session.loop
        name = self.quantity.currentData()
        measured = None if loop is None else loop.measurements
        if loop is None or measured is None or name is None:
            unknown = "Curves appear here once the loop is measured."
            nothing = "Nothing was measured for every frame: there is no curve to draw."
            self._note.setText(unknown if measured is None else nothing)
            self.plot.hide()
            return
        self.plot.show()
        rows = [row for row in measured.select(name) if row.frame is not None]
        regions = plotted_regions(rows)
        timed = all(row.time_s is not None for row in rows)
        self._times = _frame_axis(rows, timed=timed)
        shades = region_shades(regions, segment_names(loop))
        for region in regions:
            points = [row for row in rows if row.region == region]
            main = region in {"global", "mask"}
            pen = pyqtgraph.mkPen(shades[region], width=2.4 if main else 1.4)
            item.plot(
                [self._times[row.frame] for row in points if row.frame is not None],
                [row.value for row in points],
                pen=pen,
                antialias=True,
            )
        self._legend.setText(legend_html(shades) if len(regions) > 1 else "")
        self._make_room()
        self._values = [
            (row.frame, row.value)
            for row in rows
            if row.region in regions and row.frame is not None
        ]
        self._show_played()
        unit = unit_sign(rows[0].unit) if rows else ""
        item.setLabel("left", unit, color=theme.MUTED)
        item.setLabel("bottom", "Time, s" if timed else "Frame", color=theme.MUTED)
        self._note.setText(rows[0].definition if rows else "")
        first = loop.cine.first_frame
        for frame, text, shade in (
            (loop.ed_frame, "ED", DARK.end_diastole),
            (loop.es_frame, "ES", DARK.end_systole),
        ):
            if frame is not None and frame + first in self._times:
                pen = pyqtgraph.mkPen(shade, width=1.2, style=Qt.PenStyle.DashLine)
                item.addItem(
                    pyqtgraph.InfiniteLine(
                        self._times[frame + first],
                        angle=90,
                        pen=pen,
                        label=text,
                        labelOpts={"color": shade, "position": 1.0, "anchors": [(-0.1, 0.0)] * 2},
                    )
                )
        item.addItem(self._cursor, ignoreBounds=True)
        self._move_cursor(self._session.frame)

    def _show_played(self) -> None:
        """Draw what is played: a beat, or all frames. Each fills the height."""
        loop = self._session.loop
        first = 0 if loop is None else loop.cine.first_frame
        begin, end = self._player.first + first, self._player.last + first
        played = [value for frame, value in self._values if begin <= frame <= end]
        if played:
            self.plot.getPlotItem().setYRange(*marked_range(played), padding=0)
        ends = [
            self._times[frame + first]
            for frame in (self._player.first, self._player.last)
            if frame + first in self._times
        ]
        if len(ends) == 2 and ends[0] < ends[1]:
            self.plot.getPlotItem().setXRange(*ends, padding=0.02)

    def _move_cursor(self, frame: int) -> None:
        loop = self._session.loop
        if loop is None or not self.isVisible():
            return
        place = self._times.get(frame + loop.cine.first_frame)
        self._cursor.setVisible(place is not None)
        if place is not None:
            self._cursor.setValue(place)

    def _on_click(self, event: Any) -> None:
        loop = self._session.loop
        if loop is None or not self._times:
            return
        place = self.plot.getPlotItem().vb.mapSceneToView(event.scenePos()).x()
        frames = np.array(list(self._times))
        nearest = frames[np.argmin(np.abs(np.array(list(self._times.values())) - place))]
        self.sought.emit(int(nearest) - loop.cine.first_frame)


def marked_range(values: list[float]) -> tuple[float, float]:
    """Return the ends of an axis for curves, with room above them for the names of ED and ES.

    Zero is always among them: a curve that hardly changes shall look so.
    """
    low, high = (min(0.0, *values), max(0.0, *values)) if values else (0.0, 1.0)
    span = high - low or max(abs(high), 1.0)
    return low - _BELOW * span, high + _ABOVE * span


def frame_quantities(measurements: Measurements) -> list[str]:
    """Return the quantities that have a value at more than one frame, in order.

    Of blood without contrast no velocity is drawn: it means nothing.
    """
    blind = lacks_contrast(measurements)
    frames: dict[str, set[int]] = {}
    for row in measurements.rows:
        if row.frame is not None and not (blind and row.region == "mask"):
            frames.setdefault(row.quantity, set()).add(row.frame)
    return [name for name, found in frames.items() if len(found) > 1]


def plotted_regions(rows: list[Measurement]) -> list[str]:
    """Return the regions worth a curve: layers only where no segment has a name."""
    regions = list(dict.fromkeys(row.region for row in rows))
    plain = [region for region in regions if not region.startswith("layer-")]
    return plain if len(plain) > 1 else regions


def region_shades(regions: list[str], segments: list[str]) -> dict[str, str]:
    """Return the colour of every region's curve.

    Args:
        regions: With a curve, in order.
        segments: All that the view shows: one that is left out gives its colour to no other.
    """
    known = [*(region for region in regions if region not in segments), *segments]
    return {region: _SHADES[known.index(region) % len(_SHADES)] for region in regions}


def legend_html(shades: Mapping[str, str]) -> str:
    """Return the curves' names, each behind a dot of its colour."""
    return "&nbsp; ".join(
        f'<span style="color:{shade}">●</span>&nbsp;{_unbroken(region)}'
        for region, shade in shades.items()
    )


def _unbroken(region: str) -> str:
    """Return a region's name as words that stay on one line."""
    return region_name(region).replace(" ", "&nbsp;")


def _frame_axis(rows: list[Measurement], *, timed: bool) -> dict[int, float]:
    """Return where each source frame stands on the axis: its time, s, or its number."""
    places = {}
    for row in rows:
        if row.frame is not None:
            known = timed and row.time_s is not None
            places[row.frame] = float(row.time_s or 0.0) if known else float(row.frame)
    return places
