"""Buttons, time line, frame number and speed."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from app import theme
from app.operations.beats import beats_of
from app.playback import SPEEDS, Player
from app.session import Session
from app.widgets.frame_slider import FrameSlider
from engine.model import Cine

_TIME_LINE: Final = 180
"""Least width of the time line, px."""
_EDGES: Final = 46
"""Margins, and the gaps between groups, px."""


class PlayerBar(QFrame):
    """Drives the player and shows where it is.

    Signals:
        beat_chosen: Number of a beat, from 0, or None for all frames.
    """

    beat_chosen = Signal(object)

    def __init__(self, session: Session, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._player = player
        self.setProperty("role", "bar")
        self.slider = FrameSlider(self)
        self.slider.sought.connect(player.seek)
        # Made from left to right: so the keyboard goes, as the eye does.
        self._first = self._button("first", "First frame (Home)", self.go_first)
        self._back = self._button("step-back", "One frame back (Left)", lambda: player.step(-1))
        self._play = self._button("play", "Play or pause (Space)", player.toggle)
        self._on = self._button("step-forward", "One frame on (Right)", lambda: player.step(1))
        self._last = self._button("last", "Last frame (End)", self.go_last)
        self._loop = self._button("loop", "Repeat (L)", None)
        self._loop.setCheckable(True)
        self._loop.setChecked(True)
        self._loop.toggled.connect(player.set_looping)
        self.frame_box = QLineEdit(self)
        self.frame_box.setValidator(QIntValidator(self))
        self.frame_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.frame_box.setFixedWidth(58)
        self.frame_box.setToolTip("Frame, counted from 0 as in the source; type to jump")
        self.frame_box.setAccessibleName("Frame number")
        self.frame_box.editingFinished.connect(self._jump)
        self._time = QLabel(self)
        self._time.setProperty("role", "muted")
        self._time.setMinimumWidth(140)
        self.beats = QComboBox(self)
        self.beats.setToolTip("What is played. A beat that is chosen is also measured")
        self.beats.setAccessibleName("Beat")
        self.beats.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.beats.setPlaceholderText("Part")
        self.beats.activated.connect(lambda: self.beat_chosen.emit(self.beats.currentData()))
        self._speed = QComboBox(self)
        self._speed.setToolTip("Speed of playing (up and down arrow)")
        self._speed.setAccessibleName("Speed")
        for speed in SPEEDS:
            self._speed.addItem(f"{100 * speed:.0f} %", speed)
        self._speed.setFixedWidth(82)
        self._speed.activated.connect(lambda: player.set_speed(self._speed.currentData()))
        self._ranges: tuple[tuple[int, int], ...] = ()
        self._lay_out()
        session.loop_changed.connect(self._show_loop)
        session.marks_changed.connect(self._show_marks)
        session.mask_changed.connect(self._show_marks)
        session.frame_changed.connect(self._show_frame)
        player.state_changed.connect(self._show_state)
        self._show_loop()
        self._show_state()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 12, 6)
        layout.setSpacing(2)
        buttons = (self._back, self._play, self._on)
        # What goes first where there is no room: the keyboard does it as well.
        self._spare: tuple[QWidget, ...] = (self._first, self._last, self._speed, self._time)
        self._always: tuple[QWidget, ...] = (*buttons, self._loop, self.frame_box, self.beats)
        for button in (self._first, *buttons, self._last, self._loop):
            layout.addWidget(button)
        layout.addSpacing(6)
        layout.addWidget(self.slider, 1)
        layout.addSpacing(6)
        layout.addWidget(self.frame_box)
        layout.addSpacing(6)
        layout.addWidget(self._time)
        layout.addWidget(self.beats)
        layout.addSpacing(6)
        layout.addWidget(self._speed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the time line wide enough to point at a frame."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        shown = [widget for widget in self._always if not widget.isHidden()]
        room = self.width() - _EDGES - _TIME_LINE - sum(map(_width_of, shown))
        for widget in reversed(self._spare):
            room -= _width_of(widget)
            widget.setVisible(room >= 0)

    def _button(self, name: str, tip: str, action: object) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "player")
        button.setIcon(theme.icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if callable(action):
            button.clicked.connect(lambda _=False: action())
        return button

    def go_first(self) -> None:
        """Show the loop's first frame."""
        self._player.pause()
        self._session.set_frame(self._player.first)

    def go_last(self) -> None:
        """Show the loop's last frame."""
        self._player.pause()
        self._session.set_frame(self._player.last)

    def _jump(self) -> None:
        loop = self._session.loop
        if loop is not None and self.frame_box.isModified():
            self._player.seek(int(self.frame_box.text()) - loop.cine.first_frame)
        self.frame_box.clearFocus()
        self._show_frame(self._session.frame)

    def _show_loop(self) -> None:
        loop = self._session.loop
        self.setEnabled(loop is not None)
        cine = None if loop is None else loop.cine
        count = 0 if cine is None else cine.shape[0]
        self.slider.set_loop(count, () if cine is None else r_frames(cine))
        self._show_marks()
        self._show_frame(self._session.frame)

    def _show_marks(self) -> None:
        loop = self._session.loop
        if loop is None:
            self.slider.set_marks(None, None)
            return
        self.slider.set_marks(loop.ed_frame, loop.es_frame)
        contours = None if loop.mask is None else loop.mask.contours
        self.slider.set_keyframes(() if contours is None else contours.keyframes)
        self._show_beats(beats_of(loop))

    def _show_beats(self, beats: tuple[tuple[int, int], ...]) -> None:
        """Offer the beats, where the loop holds more than one of them alone."""
        loop = self._session.loop
        whole = (0, 0 if loop is None else loop.frame_count - 1)
        if (whole, *beats) != self._ranges:
            self._ranges = (whole, *beats)
            self.beats.clear()
            self.beats.addItem("All frames", None)
            for number in range(len(beats)):
                self.beats.addItem(f"Beat {number + 1}", number)
        self.beats.setVisible(bool(beats))
        self._make_room()
        self._show_range()

    def _show_range(self) -> None:
        played = (self._player.first, self._player.last)
        place = self._ranges.index(played) if played in self._ranges else -1
        self.beats.setCurrentIndex(place)

    def _show_frame(self, frame: int) -> None:
        loop = self._session.loop
        self.slider.set_frame(frame)
        if loop is None:
            self._time.setText("")
            return
        if not self.frame_box.hasFocus():
            self.frame_box.setText(str(frame + loop.cine.first_frame))
        self._time.setText(time_text(loop.cine, frame))

    def _show_state(self) -> None:
        player = self._player
        self._play.setIcon(theme.icon("pause" if player.playing else "play"))
        self._loop.setChecked(player.looping)
        self.slider.set_ends(player.first, player.last)
        self._show_range()
        index = self._speed.findData(player.speed)
        if index >= 0:
            self._speed.setCurrentIndex(index)


def _width_of(widget: QWidget) -> int:
    """Return the room that a widget takes with the gap beside it, px."""
    hint = min(widget.sizeHint().width(), widget.maximumWidth())
    return max(hint, widget.minimumWidth()) + 2


def time_text(cine: Cine, frame: int) -> str:
    """Return the last frame's number and the time, or that the time is unknown."""
    last = cine.first_frame + cine.shape[0] - 1
    if cine.frame_times_s is None:
        return f"/ {last}   time unknown"
    return f"/ {last}   {cine.frame_times_s[frame] - cine.frame_times_s[0]:.3f} s"


def r_frames(cine: Cine) -> tuple[float, ...]:
    """Return the R waves as fractional frames of the loop; none where times are unknown."""
    if cine.frame_times_s is None or len(cine.frame_times_s) < 2:
        return ()
    times = cine.frame_times_s
    # A wave at the very end may be written with fewer digits than the frames' times.
    half = (times[-1] - times[0]) / (len(times) - 1) / 2
    inside = [time for time in cine.r_times_s if times[0] - half <= time <= times[-1] + half]
    return tuple(np.interp(inside, times, np.arange(len(times))).tolist())
