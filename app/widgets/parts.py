"""Labels, buttons and rows as all panels build them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


def label(text: str = "", role: str = "") -> QLabel:
    """Return a label that wraps; ``role`` names its style."""
    result = QLabel(text)
    result.setWordWrap(True)
    result.setProperty("role", role)
    return result


def show_sentences(place: QLabel, sentences: Iterable[str]) -> None:
    """Show sentences one below another, each a paragraph; without any the label is hidden."""
    texts = list(sentences)
    gap = "margin-top:0; margin-bottom:"
    place.setText(
        "".join(
            f'<p style="{gap}{0 if text is texts[-1] else 5}px">{escape(text)}</p>'
            for text in texts
        )
    )
    place.setVisible(bool(texts))


def button(text: str, action: Callable[[], object], role: str = "", tip: str = "") -> QPushButton:
    """Return a button; ``role`` names its style."""
    result = QPushButton(text)
    result.setProperty("role", role)
    result.setToolTip(tip)
    result.clicked.connect(lambda _=False: action())
    return result


def shortened(text: str, widget: QWidget, width: int) -> str:
    """Return a text as a widget has room for in a width, px: a long one loses its middle."""
    return widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)


def column(parent: QWidget, spacing: int = 10) -> QVBoxLayout:
    """Give a widget a column without margins."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    return layout


def row(*widgets: QWidget, stretch: int | None = None) -> QHBoxLayout:
    """Return widgets side by side; ``stretch`` is the index of the one that grows."""
    layout = QHBoxLayout()
    layout.setSpacing(8)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    if stretch is None:
        layout.addStretch(1)
    return layout


class ElidedLabel(QLabel):
    """One muted line that is cut where it does not fit; the whole text is its tool tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "muted")
        self.setMinimumWidth(60)
        self._whole = ""

    def setText(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        super().setText(
            metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width() - 2)
        )


class FactTable(QWidget):
    """Names on the left, values on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._shown: list[tuple[str, str]] = []

    def show_facts(self, facts: list[tuple[str, str]]) -> None:
        """Show pairs of name and value."""
        self.setVisible(bool(facts))
        if facts == self._shown:
            return
        self._shown = facts
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for index, (name, value) in enumerate(facts):
            top = Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(label(name, "muted"), index, 0, top)
            shown = label(value)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(shown, index, 1, top)


def restyle(widget: QWidget, role: str) -> None:
    """Give a widget another style role."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
