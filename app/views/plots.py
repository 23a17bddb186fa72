"""Plots in the window's style."""

from __future__ import annotations

from typing import Any

import pyqtgraph
from PySide6.QtCore import Qt

from app import theme


def quiet_plot() -> Any:
    """Return an empty plot in the window's style that leaves the mouse alone."""
    plot: Any = pyqtgraph.PlotWidget(background=theme.WINDOW)
    item = plot.getPlotItem()
    item.hideButtons()
    item.setMenuEnabled(False)
    item.setMouseEnabled(x=False, y=False)
    item.showGrid(x=False, y=True, alpha=0.12)
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        axis.setPen(pyqtgraph.mkPen(theme.LINE))
        axis.setTextPen(pyqtgraph.mkPen(theme.MUTED))
        axis.setTickFont(theme.ui_font(8.5))
        axis.enableAutoSIPrefix(False)
    item.getAxis("left").setWidth(58)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return plot
