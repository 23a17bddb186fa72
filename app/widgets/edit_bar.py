"""The contour editor's modes, shown above the image while it is on."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QToolButton,
    QWidget,
)

from app.views.contour_editor import EditMode
from app.widgets.parts import button
from engine.masks.editing import Scope

_SCOPES = ((Scope.FRAME, "This frame"), (Scope.LOOP, "Whole loop"))

_FOLLOW = "Carry the keyframes' contours by the tracked field, blended in between"


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
        self._modes_row, self._actions_row = QHBoxLayout(), QHBoxLayout()
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
            self._modes_row.addWidget(chooser)
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
            tip=_FOLLOW,
        )
        for widget in (self._scope, self._snap, self._interpolate, self._follow):
            self._actions_row.addWidget(widget)
        self._actions_row.addSpacing(8)
        done = button("Done", self.done.emit, "primary", "End editing (E or Esc)")
        self._actions_row.addWidget(done)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take two lines where one is too short: a cut word tells nothing."""
        super().resizeEvent(event)
        self._break_line()

    def _lay_out(self) -> None:
        self._modes_row.addStretch(1)
        self._actions_row.insertStretch(0, 1)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(10, 4, 10, 6)
        for row in (self._lines, self._modes_row, self._actions_row):
            row.setSpacing(4)
        self._lines.addLayout(self._modes_row, 1)
        self._lines.addLayout(self._actions_row)
        # Not what the bar would like as one line, or it could never become two.
        self.setMinimumWidth(1)

    def _break_line(self) -> None:
        margins = self._lines.contentsMargins()
        wanted = sum(row.sizeHint().width() for row in (self._modes_row, self._actions_row))
        room = self.width() - margins.left() - margins.right() - self._lines.spacing()
        directions = QBoxLayout.Direction
        direction = directions.LeftToRight if wanted <= room else directions.TopToBottom
        if direction != self._lines.direction():
            self._lines.setDirection(direction)
            # Within a resize the parent has laid out already: it must look again afterwards.
            QTimer.singleShot(0, self.updateGeometry)

    def start(self, *, has_contours: bool, has_wall: bool, has_motion: bool) -> None:
        """Offer the modes that the mask allows, and choose the first."""
        for mode, chooser in self.modes.items():
            fits = mode.is_brush is not has_contours
            chooser.setVisible(fits and (has_wall or mode is not EditMode.THICKNESS))
        self._follow.setVisible(has_contours)
        self._follow.setEnabled(has_motion)
        self._follow.setToolTip(_FOLLOW if has_motion else "Track the loop first")
        self._snap.setVisible(has_contours)
        self._interpolate.setVisible(has_contours)
        self._break_line()
        self._scope.setCurrentIndex(0)
        first = EditMode.DRAG if has_contours else EditMode.ADD
        self.modes[first].setChecked(True)
        self.mode_chosen.emit(first)
        self.scope_chosen.emit(_SCOPES[0][0])
