"""The contour editor's modes, shown above the image while it is on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QFrame, QHBoxLayout, QToolButton, QWidget

from app.views.contour_editor import EditMode
from app.widgets.parts import button
from engine.masks.editing import Scope

_SCOPES = ((Scope.FRAME, "This frame"), (Scope.LOOP, "Whole loop"))


class EditBar(QFrame):
    """Chooses mode and scope.

    Signals:
        mode_chosen: An ``EditMode``.
        scope_chosen: A ``Scope``.
        snap_requested: Snap the curve of the frame to the gradient.
        interpolate_requested: Interpolate between the keyframes.
        follow_requested: Follow the tracked motion between the keyframes.
        done: End editing.
    """

    mode_chosen = Signal(object)
    scope_chosen = Signal(object)
    snap_requested = Signal()
    interpolate_requested = Signal()
    follow_requested = Signal()
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 6)
        layout.setSpacing(4)
        group = QButtonGroup(self)
        self.modes: dict[EditMode, QToolButton] = {}
        for mode in EditMode:
            chooser = QToolButton()
            chooser.setText(mode.value)
            chooser.setProperty("role", "tab")
            chooser.setCheckable(True)
            chooser.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chooser.clicked.connect(lambda _=False, chosen=mode: self.mode_chosen.emit(chosen))
            group.addButton(chooser)
            layout.addWidget(chooser)
            self.modes[mode] = chooser
        self._scope = QComboBox()
        self._scope.setAccessibleName("Frames that a stroke reaches")
        for _, text in _SCOPES:
            self._scope.addItem(text)
        self._scope.activated.connect(lambda index: self.scope_chosen.emit(_SCOPES[index][0]))
        self._snap = button("Snap", self.snap_requested.emit, tip="Move the curve onto the edge")
        self._interpolate = button(
            "Interpolate",
            self.interpolate_requested.emit,
            tip="Make all frames between keyframes linear in time",
        )
        self._follow = button(
            "Follow motion",
            self.follow_requested.emit,
            tip="Carry the keyframes' contours by the tracked field, blended in between",
        )
        layout.addStretch(1)
        for widget in (self._scope, self._snap, self._interpolate, self._follow):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(button("Done", self.done.emit, "primary", "End editing (E or Esc)"))

    def start(self, *, has_contours: bool, has_wall: bool, has_motion: bool) -> None:
        """Offer the modes that the mask allows, and choose the first."""
        for mode, chooser in self.modes.items():
            fits = mode.is_brush is not has_contours
            chooser.setVisible(fits and (has_wall or mode is not EditMode.THICKNESS))
        self._follow.setVisible(has_contours)
        self._follow.setEnabled(has_motion)
        self._snap.setVisible(has_contours)
        self._interpolate.setVisible(has_contours)
        self._scope.setCurrentIndex(0)
        first = EditMode.DRAG if has_contours else EditMode.ADD
        self.modes[first].setChecked(True)
        self.mode_chosen.emit(first)
        self.scope_chosen.emit(_SCOPES[0][0])
