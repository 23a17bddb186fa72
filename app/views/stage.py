"""The middle of the window: the empty state, one view, or all scales side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.context import Context
from app.display import Comparison, Page
from app.views.cine_view import CineView
from app.views.compare import CompareView
from app.views.empty_view import EmptyView
from app.views.tools import Tool
from app.views.viewport import Viewport
from app.widgets.zoom_buttons import ZoomButtons

_INSET: Final = 12
"""Distance of the zoom's buttons from the corner of the picture, px."""
_AROUND: Final = 0.12
"""Margin around the mask when the heart is zoomed to, as a part of its longer side."""


class Stage(QStackedWidget):
    """Shows what the session and the display ask for."""

    def __init__(self, context: Context, empty: EmptyView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = context.session
        self._display = context.display
        self.viewport = Viewport(self)
        self.empty = empty
        self.view = CineView(context.session, context.display, self.viewport)
        self.compare = CompareView(context, self.viewport)
        for widget in (self.empty, self.view, self.compare):
            self.addWidget(widget)
        self.zoom_buttons = ZoomButtons(self.zoom_to_heart, self.viewport.show_whole, self)
        self.zoom_buttons.hide()
        self._framed: tuple[int, bool] | None = None
        context.session.loop_changed.connect(self._on_loop)
        for signal in (context.session.mask_changed, context.session.flows_changed):
            signal.connect(self._frame_heart)
        context.display.changed.connect(self._choose)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the zoom's buttons in the corner."""
        super().resizeEvent(event)
        self._place_buttons()

    def set_tool(self, tool: Tool | None) -> None:
        """Give the left button to a tool on the single view."""
        if tool is not None and self._display.options.page is Page.COMPARE:
            self._display.set(page=Page.IMAGE)
        self.view.set_tool(tool)

    @property
    def tool(self) -> Tool | None:
        """The tool in use."""
        return self.view.tool

    def flip(self) -> None:
        """Show the other of two layers; two that do not alternate yet begin to."""
        options = self._display.options
        loop = self._session.loop
        if loop is None or len(loop.layers) < 2:
            return
        if options.page is not Page.COMPARE:
            self._display.set(page=Page.COMPARE, comparison=Comparison.BLINK)
        elif options.comparison not in {Comparison.BLINK, Comparison.WARP}:
            self._display.set(comparison=Comparison.BLINK)
        else:
            self.compare.flip()

    def zoom_to_heart(self) -> None:
        """Fill the view with what the mask covers in any frame, with a margin around it."""
        loop = self._session.loop
        if loop is None or loop.mask is None or not loop.mask.data.any():
            return
        rows, columns = np.nonzero(np.any(loop.mask.data, axis=0))
        left, top = float(columns.min()), float(rows.min())
        part = QRectF(left, top, columns.max() + 1.0 - left, rows.max() + 1.0 - top)
        edge = _AROUND * max(part.width(), part.height())
        height, width = loop.mask.data.shape[1:]
        part = part.adjusted(-edge, -edge, edge, edge).intersected(QRectF(0, 0, width, height))
        self.viewport.show_part(part, QRectF(self.rect()))

    def _frame_heart(self) -> None:
        """Zoom to the heart once a loop has its first field, unless a person has zoomed."""
        loop = self._session.loop
        self.zoom_buttons.heart.setEnabled(loop is not None and loop.mask is not None)
        now = None if loop is None else (loop.loop_id, bool(loop.flows))
        before, self._framed = self._framed, now
        if now is None or now == before or self.viewport.by_hand:
            return
        if now[1]:
            self.zoom_to_heart()
        elif before is None or before[0] != now[0]:
            self.viewport.reset()

    def _on_loop(self) -> None:
        """Show what the loop has: a page of fields needs fields."""
        loop, options = self._session.loop, self._display.options
        flows = {} if loop is None else loop.flows
        if options.page is Page.COMPARE and len(flows) < 2:
            self._display.set(page=Page.IMAGE)
        if options.page is Page.FIELD and options.scale not in flows:
            self._display.set(page=Page.IMAGE)
        if loop is not None and loop.finest is not None and options.page is Page.IMAGE:
            self._display.show_scale(loop.finest.scale)
        self._choose()
        self._frame_heart()

    def _place_buttons(self) -> None:
        buttons = self.zoom_buttons
        buttons.adjustSize()
        below = self.compare.bar.height() if self.currentWidget() is self.compare else 0
        buttons.move(self.width() - buttons.width() - _INSET, below + _INSET)
        buttons.raise_()

    def _choose(self) -> None:
        if self._session.loop is None:
            self.empty.refresh()
            self.setCurrentWidget(self.empty)
        elif self._display.options.page is Page.COMPARE:
            self.setCurrentWidget(self.compare)
        else:
            self.setCurrentWidget(self.view)
        self.zoom_buttons.setVisible(self._session.loop is not None)
        self._place_buttons()
