"""The player: which frame is due, in real time or slower, within the loop's ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.session import Session
from engine.model import Cine

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0)
_TICK_MS: Final = 8
_UNKNOWN_FPS: Final = 25.0


def display_times(cine: Cine) -> NDArray[np.float64]:
    """Return when each frame begins on the screen, ``(T + 1,)``, s, from 0; the last is the end.

    Acquisition times where they are known; else the rate that the container asks for, and 25
    frames a second where nothing is known. It is for playing alone, never for a measurement.
    """
    count = cine.shape[0]
    if cine.frame_times_s is not None and count > 1:
        times = cine.frame_times_s - cine.frame_times_s[0]
        return np.append(times, times[-1] + float(np.median(np.diff(times))))
    return np.arange(count + 1) / (cine.playback_fps or _UNKNOWN_FPS)


class Player(QObject):
    """Moves the session's frame through the loop.

    Signals:
        state_changed: Playing, speed, loop ends or looping changed.
    """

    state_changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._times: NDArray[np.float64] = np.zeros(2)
        self._start = 0.0
        self._offset = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.speed = 1.0
        self.looping = True
        self.first = 0
        self.last = 0
        session.loop_changed.connect(self._on_loop)

    @property
    def playing(self) -> bool:
        """Whether the loop is running."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self.playing else self.play()

    def play(self) -> None:
        """Run from the frame shown, or from the first where the loop's end is reached."""
        if self._session.loop is None or self.last <= self.first:
            return
        frame = self._session.frame
        if not self.first <= frame < self.last:
            self._session.set_frame(self.first)
        self._anchor()
        self._timer.start()
        self.state_changed.emit()

    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            self._timer.stop()
            self.state_changed.emit()

    def step(self, count: int) -> None:
        """Pause and move by frames; past an end the loop begins again."""
        self.pause()
        length = max(1, self.last - self.first + 1)
        frame = self._session.frame + count
        if self.looping:
            frame = self.first + (frame - self.first) % length
        self._session.set_frame(min(max(frame, self.first), self.last))

    def seek(self, frame: int) -> None:
        """Show a frame; playing goes on from there."""
        self._session.set_frame(frame)
        self._anchor()

    def set_speed(self, speed: float) -> None:
        """Set the speed as a fraction of real time."""
        self.speed = speed
        self._anchor()
        self.state_changed.emit()

    def change_speed(self, steps: int) -> None:
        """Go up or down in ``SPEEDS``."""
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + steps))])

    def set_looping(self, looping: bool) -> None:
        """Begin again at the end, or stop there."""
        self.looping = looping
        self.state_changed.emit()

    def set_range(self, first: int, last: int) -> None:
        """Set the loop's ends, both shown; an empty range is ignored."""
        if 0 <= first < last < len(self._times) - 1:
            self.first, self.last = first, last
            self._anchor()
            self.state_changed.emit()

    def reset_range(self) -> None:
        """Let the loop run over all frames."""
        self.set_range(0, len(self._times) - 2)

    def settings(self) -> dict[str, float | bool]:
        """Return speed, looping and the loop's ends, to be taken up again."""
        return {
            "speed": self.speed,
            "looping": self.looping,
            "first": self.first,
            "last": self.last,
        }

    def take_up(self, stored: Mapping[str, object]) -> None:
        """Take up settings that were kept; what is missing or of another kind stays as it is."""
        speed, looping = stored.get("speed"), stored.get("looping")
        if isinstance(speed, int | float) and speed in SPEEDS:
            self.speed = float(speed)
        if isinstance(looping, bool):
            self.looping = looping
        first, last = stored.get("first"), stored.get("last")
        if type(first) is int and type(last) is int:
            self.set_range(first, last)
        self._anchor()
        self.state_changed.emit()

    def frame_at(self, seconds: float) -> int:
        """Return the frame on the screen after ``seconds`` of playing from the loop's start."""
        begin, end = self._times[self.first], self._times[self.last + 1]
        due = begin + seconds
        if self.looping:
            due = begin + seconds % (end - begin)
        index = int(np.searchsorted(self._times, due + 1e-9, side="right")) - 1
        return max(self.first, min(index, self.last))

    def _anchor(self) -> None:
        frame = max(self.first, min(self._session.frame, self.last))
        self._offset = float(self._times[frame] - self._times[self.first])
        self._start = time.perf_counter()

    def _tick(self) -> None:
        elapsed = self._offset + (time.perf_counter() - self._start) * self.speed
        frame = self.frame_at(elapsed)
        self._session.set_frame(frame)
        if not self.looping and frame == self.last:
            self.pause()

    def _on_loop(self) -> None:
        loop = self._session.loop
        self._timer.stop()
        self._times = np.zeros(2) if loop is None else display_times(loop.cine)
        self.first, self.last = 0, len(self._times) - 2
        self._anchor()
        self.state_changed.emit()
