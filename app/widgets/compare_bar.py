"""Above a comparison: how layers are compared, and which."""

from __future__ import annotations

import functools
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QWidget,
)

from app.context import Context
from app.display import Comparison
from app.operations.peers import PEERS, compared_layers, layer_name, track_peer
from app.widgets.parts import label
from engine.errors import MyofluxError

_KINDS: Final = (
    (Comparison.SCALES, "All scales", "All scales at once"),
    (Comparison.PAIR, "Side by side", "Two layers beside one another"),
    (Comparison.DIFFERENCE, "Difference", "How far the velocities of two layers differ"),
    (Comparison.BLINK, "Blink", "Two layers in turn (X flips by hand)"),
    (Comparison.WARP, "Warp", "The frame in turn with the one before, warped (X flips by hand)"),
)


class CompareBar(QFrame):
    """Chooses the comparison and its layers."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._display = context, context.display
        self.setProperty("role", "bar")
        self.kind = QComboBox(self)
        self.kind.setAccessibleName("Comparison")
        for comparison, text, tip in _KINDS:
            self.kind.addItem(text, comparison)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.kind.activated.connect(lambda: self._display.set(comparison=self.kind.currentData()))
        self.first = self._layers("First layer", "first")
        self.second = self._layers("Second layer", "second")
        self._against = label("and", "faint")
        self._warped = QCheckBox("Warped")
        self._warped.setToolTip("Warp the frame before by the field, or show it as recorded")
        self._warped.toggled.connect(lambda on: self._display.set(warped=on))
        self.peers = self._peer_button()
        self._lay_out()
        session = context.session
        for signal in (session.loop_changed, session.flows_changed, self._display.changed):
            signal.connect(self.refresh)
        context.jobs.activity_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen, and offer the layers that are there."""
        loop, options = self._context.session.loop, self._display.options
        kind = options.comparison
        self.kind.setCurrentIndex(self.kind.findData(kind))
        keys = [] if loop is None else list(loop.layers)
        layers = ("", "") if loop is None else compared_layers(loop, options)
        for box, chosen in zip((self.first, self.second), layers, strict=True):
            if [box.itemData(index) for index in range(box.count())] != keys:
                box.clear()
                for key in keys:
                    box.addItem(layer_name(key), key)
            box.setCurrentIndex(box.findData(chosen))
            box.setVisible(kind is not Comparison.SCALES)
        two = kind not in {Comparison.SCALES, Comparison.WARP}
        self._against.setVisible(two)
        self.second.setVisible(two)
        self._warped.setVisible(kind is Comparison.WARP)
        self._warped.setChecked(options.warped)
        self.peers.setEnabled(bool(keys) and self._context.jobs.running("track") is None)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 6)
        layout.setSpacing(3)
        layout.addWidget(self.kind)
        layout.addSpacing(8)
        for widget in (self.first, self._against, self.second, self._warped):
            layout.addWidget(widget)
            layout.addSpacing(3)
        layout.addStretch(1)
        layout.addWidget(self.peers)

    def _layers(self, name: str, option: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setMinimumWidth(96)
        box.activated.connect(lambda: self._display.set(**{option: box.currentData()}))
        return box

    def _peer_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "toggle")
        button.setText("Add method…")
        button.setToolTip("Track with another method to compare")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for name, text in PEERS.items():
            menu.addAction(text).triggered.connect(functools.partial(self._add, name))
        button.setMenu(menu)
        return button

    def _add(self, name: str, _checked: bool = False) -> None:
        try:
            track_peer(self._context, name)
        except MyofluxError as error:
            self._context.errors.show(error)
