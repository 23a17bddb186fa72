"""The middle of the window: the empty state, one view, or all scales side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.context import Context
from app.display import Comparison, Page
from app.views.cine_view import CineView
from app.views.compare import CompareView
from app.views.empty_view import EmptyView
from app.views.tools import Tool
from app.views.viewport import Viewport

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
        context.session.loop_changed.connect(self._on_loop)
        context.display.changed.connect(self._choose)

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
        self.viewport.show_part(part.adjusted(-edge, -edge, edge, edge), QRectF(self.view.rect()))

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

    def _choose(self) -> None:
        if self._session.loop is None:
            self.empty.refresh()
            self.setCurrentWidget(self.empty)
        elif self._display.options.page is Page.COMPARE:
            self.setCurrentWidget(self.compare)
        else:
            self.setCurrentWidget(self.view)
