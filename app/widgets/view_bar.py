"""Above the image: which scale is shown, and what lies over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from app.context import Context
from app.display import Page
from app.operations.map_strain import can_map_strain
from engine.model import Scale

_TOGGLES: Final = (
    ("arrows", "Arrows", "Velocity arrows (A)"),
    ("vorticity", "Vorticity", "Vorticity map and vortex cores (V)"),
    ("strain", "Strain", "Strain at every pixel of the wall since end-diastole (S)"),
    ("contour", "Contour", "Contour of the mask (K)"),
    ("trust", "Trust", "Fade what cannot be trusted (T)"),
)
# Margins and gaps between the groups, px.
_SPACES: Final = 44


class ViewBar(QFrame):
    """Tabs of the scales and toggles of the overlays."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._display = context.display
        self.setProperty("role", "bar")
        self._group = QButtonGroup(self)
        display = self._display
        self.image = self._tab("Image", "The loop without a field (0)")
        self.image.clicked.connect(lambda: display.set(page=Page.IMAGE))
        self.scales: dict[Scale, QToolButton] = {}
        for number, scale in enumerate(Scale, start=1):
            tab = self._tab(scale.label, f"Field of scale {scale.label} ({number})")
            tab.clicked.connect(lambda _=False, chosen=scale: display.show_scale(chosen))
            self.scales[scale] = tab
        self.compare = self._tab("Compare", "Scales and methods compared (5)")
        self.compare.clicked.connect(lambda: display.set(page=Page.COMPARE))
        self.toggles: dict[str, QToolButton] = {}
        for name, text, tip in _TOGGLES:
            self.toggles[name] = self._toggle(name, text, tip)
        self._sizes = self._size_button()
        self._caption = QLabel("Scale")
        self._lay_out()
        session = context.session
        for signal in (
            session.loop_changed,
            session.flows_changed,
            session.mask_changed,
            session.result_changed,
        ):
            signal.connect(self.refresh)
        display.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what is there, and mark what is shown."""
        loop, options = self._context.session.loop, self._display.options
        flows = {} if loop is None else loop.flows
        self.setVisible(loop is not None)
        for scale, tab in self.scales.items():
            tab.setEnabled(scale in flows)
            tab.setChecked(options.page is Page.FIELD and options.scale is scale)
        self.compare.setEnabled(len(flows) > 1)
        self.compare.setChecked(options.page is Page.COMPARE)
        self.image.setChecked(options.page is Page.IMAGE)
        shown = options.page is not Page.IMAGE and bool(flows)
        for name, toggle in self.toggles.items():
            toggle.setChecked(getattr(options, self._option(name)))
            toggle.setEnabled(shown)
        self.toggles["strain"].setEnabled(options.page is Page.FIELD and can_map_strain(loop))
        self.toggles["contour"].setEnabled(loop is not None and loop.mask is not None)
        trusted = any(flow.trust is not None for flow in flows.values())
        self.toggles["trust"].setEnabled(shown and trusted)
        self._sizes.setEnabled(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave to menus and keys what has no room: a cut label tells nothing."""
        super().resizeEvent(event)
        always = (self.image, *self.scales.values(), self.compare)
        spare = self.width() - _SPACES - sum(item.sizeHint().width() + 3 for item in always)
        for item in (*self.toggles.values(), self._sizes, self._caption):
            spare -= item.sizeHint().width() + 3
            item.setVisible(spare >= 0)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(3)
        layout.addWidget(self.image)
        self._caption.setProperty("role", "faint")
        layout.addSpacing(8)
        layout.addWidget(self._caption)
        layout.addSpacing(2)
        for tab in self.scales.values():
            layout.addWidget(tab)
        layout.addSpacing(8)
        layout.addWidget(self.compare)
        layout.addStretch(1)
        for toggle in self.toggles.values():
            layout.addWidget(toggle)
        layout.addWidget(self._sizes)

    def _tab(self, text: str, tip: str) -> QToolButton:
        tab = self._button("tab", text, tip)
        self._group.addButton(tab)
        return tab

    def _toggle(self, name: str, text: str, tip: str) -> QToolButton:
        toggle = self._button("toggle", text, tip)
        toggle.clicked.connect(lambda on: self._display.set(**{self._option(name): on}))
        return toggle

    def _option(self, name: str) -> str:
        """Return the option that a toggle sets."""
        return self._context.option_of(name)

    def _button(self, role: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", role)
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _size_button(self) -> QToolButton:
        button = self._button("toggle", "Arrow size", "Distance and length of the arrows")
        button.setCheckable(False)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        panel = QWidget()
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(12, 8, 12, 10)
        display = self._display
        for text, low, high, change in (
            ("Distance", 50, 250, lambda value: display.set(arrow_spacing=value / 100)),
            ("Length", 30, 300, lambda value: display.set(arrow_length=value / 100)),
        ):
            layout.addWidget(QLabel(text))
            layout.addWidget(_slider(low, high, change))
        action = QWidgetAction(menu)
        action.setDefaultWidget(panel)
        menu.addAction(action)
        button.setMenu(menu)
        return button


def _slider(low: int, high: int, change: Callable[[int], None]) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setValue(100)
    slider.setFixedWidth(180)
    slider.valueChanged.connect(change)
    return slider
