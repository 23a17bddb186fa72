"""Shortcuts and About."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.widgets.parts import label
from engine import __version__
from engine.export.notices import RESEARCH_USE

_MOUSE = (
    ("Wheel", "Zoom at the pointer"),
    ("Drag", "Pan"),
    ("Right drag", "Gain and contrast of the display"),
    ("Double click", "Fit, and show as recorded"),
)


class ShortcutsDialog(QDialog):
    """All keys, grouped by menu, in two columns."""

    def __init__(
        self, parent: QWidget, groups: Iterable[tuple[str, list[tuple[str, str]]]]
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Shortcuts")
        grid = QGridLayout(self)
        grid.setContentsMargins(26, 22, 26, 22)
        grid.setHorizontalSpacing(44)
        columns = (QVBoxLayout(), QVBoxLayout(), QVBoxLayout())
        for index, side in enumerate(columns):
            side.setSpacing(16)
            grid.addLayout(side, 0, index)
        heights = [0, 0, 0]
        for title, keys in (*groups, ("Mouse", list(_MOUSE))):
            shortest = heights.index(min(heights))
            columns[shortest].addLayout(_group(title, keys))
            heights[shortest] += len(keys) + 2
        for side in columns:
            side.addStretch(1)


class AboutDialog(QDialog):
    """Name, version, and what the program is not for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Myoflux")
        self.setFixedWidth(420)
        mark = QLabel()
        mark.setPixmap(theme.icon("myoflux").pixmap(56, 56))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 26, 28, 26)
        layout.setSpacing(10)
        layout.addWidget(mark)
        layout.addWidget(label("Myoflux", "hero"))
        layout.addWidget(label(f"Version {__version__}", "muted"))
        layout.addWidget(
            label(
                "Dense multi-scale tracking of tissue and blood in echocardiograms by test-time "
                "training."
            )
        )
        layout.addWidget(label(f"{RESEARCH_USE}.", "warning"))
        layout.addWidget(label("Apache License 2.0", "muted"))


def _group(title: str, keys: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(5)
    grid.setColumnMinimumWidth(0, 96)
    grid.addWidget(label(title, "title"), 0, 0, 1, 2)
    for line, (key, text) in enumerate(keys, start=1):
        shown = QLabel(key)
        shown.setProperty("role", "muted")
        grid.addWidget(shown, line, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(QLabel(text), line, 1)
    return grid
