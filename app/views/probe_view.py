"""Velocity along a line through time, as profile, time course and flux; or at one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app import theme
from app.display import Display, Page
from app.flow_view import FlowView
from app.probe import LineProbe, Place, PointProbe, probe_line, probe_point
from app.session import Session
from app.views.plots import quiet_plot
from app.widgets.parts import ElidedLabel
from engine.export.palette import DARK, VORTICITY
from engine.export.quiver import nice_limit

_RIGHT, _UP, _SPEED = "#56b4e9", "#e69f00", theme.TEXT


class ProbeView(QWidget):
    """Shows what the probe found; a click on a plot over time jumps to its frame.

    Signals:
        sought: The user chose a frame.
    """

    sought = Signal(int)

    def __init__(self, session: Session, display: Display, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._display = session, display
        self._ends: tuple[Place, Place] | None = None
        self._line: LineProbe | None = None
        self._axis: NDArray[np.float64] = np.zeros(0)
        self.component = QComboBox()
        self.component.setAccessibleName("Component of the velocity")
        self.component.addItem("Along the line", "along")
        self.component.addItem("Through the line", "through")
        self.component.activated.connect(self.refresh)
        self._note = ElidedLabel()
        self.profile, self.course, self.flux = (quiet_plot() for _ in range(3))
        self._image: Any = pyqtgraph.ImageItem(axisOrder="row-major")
        self._cursors: list[Any] = []
        for plot in (self.course, self.flux):
            cursor: Any = pyqtgraph.InfiniteLine(
                angle=90, pen=pyqtgraph.mkPen(theme.TEXT, width=1.2)
            )
            self._cursors.append(cursor)
            plot.scene().sigMouseClicked.connect(
                lambda event, clicked=plot: self._on_click(clicked, event)
            )
        self._lay_out()
        for signal in (session.loop_changed, session.flows_changed, display.changed):
            signal.connect(self.refresh)
        session.marks_changed.connect(self.refresh)
        session.frame_changed.connect(self._show_frame)

    def probe(self, start: Place, end: Place) -> None:
        """Look along a line, px, or at a place where both ends are one."""
        self._ends = (start, end)
        self.refresh()

    def forget(self) -> None:
        """Wait for a line or a place."""
        self._ends = None
        self.refresh()

    def refresh(self) -> None:
        """Measure anew what the line or the place shows."""
        if self.isHidden():
            return
        flow, loop = self._flow(), self._session.loop
        self._line = None
        for plot in (self.profile, self.course, self.flux):
            plot.getPlotItem().clear()
        if flow is None or loop is None or self._ends is None:
            self._note.setText("Draw a line on the image, or click a place.")
            return
        first, times = loop.cine.first_frame, loop.cine.frame_times_s
        pairs = np.arange(1, flow.field.shape[0] + 1)
        self._axis = (pairs + first).astype(np.float64) if times is None else times[1:] - times[0]
        start, end = self._ends
        point = probe_point(flow, start) if start == end else None
        self._line = None if start == end else probe_line(flow, start, end)
        for widget in (self.profile, self.course, self.component):
            widget.setVisible(self._line is not None)
        if point is not None:
            self._draw_point(point)
        elif self._line is not None:
            self._draw_line(self._line)
        else:
            self._note.setText("The line leaves the image.")
        self._show_frame(self._session.frame)

    def _flow(self) -> FlowView | None:
        loop, options = self._session.loop, self._display.options
        if loop is None:
            return None
        if options.page is Page.FIELD and options.scale is not None:
            return loop.flows.get(options.scale)
        return loop.finest

    def _draw_point(self, point: PointProbe) -> None:
        right, up = point.velocity.T
        curves = (("right", right, _RIGHT), ("up", up, _UP), ("speed", np.hypot(right, up), _SPEED))
        for _, values, shade in curves:
            self.flux.plot(self._axis, values, pen=pyqtgraph.mkPen(shade, width=1.6))
        self._finish(self.flux, f"Velocity, {point.unit}")
        self._note.setText(
            "Velocity at the place: blue to the right, orange up, white its length. "
            "Gaps: outside the mask."
        )

    def _draw_line(self, line: LineProbe) -> None:
        values = line.through if self.component.currentData() == "through" else line.along
        known = np.abs(values[np.isfinite(values)])
        limit = nice_limit(float(np.percentile(known, 99))) if known.size else 1.0
        pixels = np.zeros((*values.T.shape, 4), np.uint8)
        pixels[..., :3] = VORTICITY.colours(np.nan_to_num(values.T), -limit, limit)
        pixels[..., 3] = 255 * np.isfinite(values.T)
        self._image.setImage(pixels, autoLevels=False)
        step = float(np.median(np.diff(self._axis))) if len(self._axis) > 1 else 1.0
        length = float(line.distance[-1])
        width = float(self._axis[-1] - self._axis[0]) + step
        self._image.setRect(QRectF(float(self._axis[0]) - step / 2, 0, width, length))
        self.course.addItem(self._image)
        self._finish(self.course, f"Distance, {line.length_unit}")
        self.flux.plot(self._axis, line.flux, pen=pyqtgraph.mkPen(theme.TEXT, width=1.6))
        self._finish(self.flux, f"Flux, {line.flux_unit}")
        self.profile.setYRange(-limit, limit)
        self._note.setText(
            f"Left: along the line on this frame. Middle: through time, −{limit:g} (violet) to "
            f"{limit:g} {line.unit} (orange). Right: flux per depth, from the right-hand side."
        )

    def _finish(self, plot: Any, label: str) -> None:
        """Give a plot over time its labels, marks and cursor."""
        loop = self._session.loop
        if loop is None:
            return
        item = plot.getPlotItem()
        timed = loop.cine.frame_times_s is not None
        item.setLabel("left", label, color=theme.MUTED)
        item.setLabel("bottom", "Time, s" if timed else "Frame", color=theme.MUTED)
        for frame, shade in (
            (loop.ed_frame, DARK.end_diastole),
            (loop.es_frame, DARK.end_systole),
        ):
            if frame is not None and frame >= 1:
                pen = pyqtgraph.mkPen(shade, width=1.2, style=Qt.PenStyle.DashLine)
                item.addItem(pyqtgraph.InfiniteLine(self._axis[frame - 1], angle=90, pen=pen))
        cursor = self._cursors[0 if plot is self.course else 1]
        item.addItem(cursor, ignoreBounds=True)

    def _show_frame(self, frame: int) -> None:
        if self.isHidden() or not len(self._axis):
            return
        known = 1 <= frame <= len(self._axis)
        for cursor in self._cursors:
            cursor.setVisible(known)
            if known:
                cursor.setValue(self._axis[frame - 1])
        line = self._line
        item = self.profile.getPlotItem()
        item.clear()
        if line is None or not known:
            return
        through = self.component.currentData() == "through"
        values = (line.through if through else line.along)[frame - 1]
        item.plot(line.distance, values, pen=pyqtgraph.mkPen(theme.ACCENT, width=2))
        item.setLabel("left", f"Velocity, {line.unit}", color=theme.MUTED)
        item.setLabel("bottom", f"Distance, {line.length_unit}", color=theme.MUTED)

    def _on_click(self, plot: Any, event: Any) -> None:
        if not len(self._axis):
            return
        place = plot.getPlotItem().vb.mapSceneToView(event.scenePos()).x()
        self.sought.emit(int(np.argmin(np.abs(self._axis - place))) + 1)

    def _lay_out(self) -> None:
        top, plots = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.component)
        top.addWidget(self._note, 1)
        for plot in (self.profile, self.course, self.flux):
            plots.addWidget(plot, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(plots, 1)
