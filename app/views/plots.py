"""Plots in the window's style."""

from __future__ import annotations

from typing import Any

import pyqtgraph
from PySide6.QtCore import Qt

from app import theme


class SignedAxis(pyqtgraph.AxisItem):  # type: ignore[misc]
    """An axis whose negative numbers have a true minus sign, as everywhere in the window."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers at the ticks."""
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return [text.replace("-", "\N{MINUS SIGN}") for text in strings]


def quiet_plot() -> Any:
    """Return an empty plot in the window's style that leaves the mouse alone."""
    plot: Any = pyqtgraph.PlotWidget(
        background=theme.WINDOW, axisItems={"left": SignedAxis(orientation="left")}
    )
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
