"""The maps by which material moves, and the simple ones: none, rigid, shear, sinusoid, jet.

Points are ``(N, 2)`` float64, (x, y), px, y down. ``forward`` maps a point's place at frame 0
to its place at a frame; ``inverse`` maps back; ``step_back`` leads from frame k+1 to frame k and
so is the pull-back from which every displacement is taken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Motion(Protocol):
    """A motion of the plane through the frames of a loop."""

    def forward(self, points: Points, frame: int) -> Points:
        """Return where material of frame 0 is at a frame."""

    def inverse(self, points: Points, frame: int) -> Points:
        """Return where material of a frame was at frame 0."""

    def step(self, points: Points, frame: int) -> Points:
        """Return where material of ``frame`` is at ``frame + 1``."""

    def step_back(self, points: Points, frame: int) -> Points:
        """Return where material of ``frame + 1`` was at ``frame``."""


class DirectMotion(ABC):
    """Steps of a motion whose map from frame 0 is known for every frame."""

    @abstractmethod
    def forward(self, points: Points, frame: int) -> Points:
        """Return where material of frame 0 is at a frame."""

    @abstractmethod
    def inverse(self, points: Points, frame: int) -> Points:
        """Return where material of a frame was at frame 0."""

    def step(self, points: Points, frame: int) -> Points:
        """Return where material of ``frame`` is at ``frame + 1``."""
        return self.forward(self.inverse(points, frame), frame + 1)

    def step_back(self, points: Points, frame: int) -> Points:
        """Return where material of ``frame + 1`` was at ``frame``."""
        return self.forward(self.inverse(points, frame + 1), frame)


class NoMotion(DirectMotion):
    """Nothing moves."""

    def forward(self, points: Points, frame: int) -> Points:
        """Return the points."""
        return points.copy()

    def inverse(self, points: Points, frame: int) -> Points:
        """Return the points."""
        return points.copy()


@dataclass(frozen=True)
class RigidMotion(DirectMotion):
    """A shift and a rotation that swing once a cycle; a rotation in mm, so shapes are kept.

    Attributes:
        centre_px: Centre of rotation at frame 0, (x, y).
        spacing_mm: (x, y), mm.
        shift_px: Largest shift (x, y), px.
        angle: Largest rotation, rad, counter-clockwise on the screen.
        cycle: Frames a cycle.
    """

    centre_px: tuple[float, float]
    spacing_mm: tuple[float, float]
    shift_px: tuple[float, float]
    angle: float
    cycle: int

    def forward(self, points: Points, frame: int) -> Points:
        """Turn about the centre, then shift."""
        matrix, shift = self._pose(frame)
        moved: Points = (points - self.centre_px) @ matrix.T + self.centre_px + shift
        return moved

    def inverse(self, points: Points, frame: int) -> Points:
        """Undo the shift, then the rotation."""
        matrix, shift = self._pose(frame)
        back: Points = (points - self.centre_px - shift) @ np.linalg.inv(matrix).T
        return back + self.centre_px

    def _pose(self, frame: int) -> tuple[Points, Points]:
        phase = 2 * np.pi * frame / self.cycle
        turn = self.angle * np.sin(phase)
        cosine, sine = np.cos(turn), np.sin(turn)
        ratio = self.spacing_mm[1] / self.spacing_mm[0]
        # y points down, so a positive turn (counter-clockwise seen) has this sign pattern.
        matrix = np.array([[cosine, sine * ratio], [-sine / ratio, cosine]])
        # The two components swing a quarter cycle apart: the speed never falls to zero.
        swing = np.array([np.sin(phase), 1 - np.cos(phase)])
        return matrix, swing * self.shift_px


@dataclass(frozen=True)
class ShearDrift(DirectMotion):
    """A steady drift whose step grows across the view, from ``low`` to ``high`` px a frame.

    Attributes:
        size: (H, W), px: the steps at its two far corners are ``low`` and ``high``.
        low: Smallest step, px a frame.
        high: Largest step, px a frame.
        angle: Direction of the drift, rad from x towards y (down).
    """

    size: tuple[int, int]
    low: float
    high: float
    angle: float

    def forward(self, points: Points, frame: int) -> Points:
        """Drift along one direction; the step depends on the place across it alone."""
        return points + frame * self._step(points)

    def inverse(self, points: Points, frame: int) -> Points:
        """Drift back: the place across the direction has not changed."""
        return points - frame * self._step(points)

    def _step(self, points: Points) -> Points:
        along = np.array([np.cos(self.angle), np.sin(self.angle)])
        across = np.array([-along[1], along[0]])
        height, width = self.size
        corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
        ends = corners @ across
        part = (points @ across - ends.min()) / (ends.max() - ends.min())
        steps: Points = (self.low + (self.high - self.low) * part)[:, None] * along
        return steps


@dataclass(frozen=True)
class SinusoidMotion(DirectMotion):
    """A standing transverse wave: a pure shear that swings, so the area is kept.

    Attributes:
        wavelength_px: Of the wave, px.
        amplitude_px: Largest displacement from the rest position, px.
        angle: Direction of the wave vector, rad from x towards y (down).
        period: Frames a swing.
    """

    wavelength_px: float
    amplitude_px: float
    angle: float
    period: int

    def forward(self, points: Points, frame: int) -> Points:
        """Displace across the wave vector."""
        return points + self._shift(points, frame)

    def inverse(self, points: Points, frame: int) -> Points:
        """Displace back: the place along the wave vector has not changed."""
        return points - self._shift(points, frame)

    def _shift(self, points: Points, frame: int) -> Points:
        along = np.array([np.cos(self.angle), np.sin(self.angle)])
        across = np.array([-along[1], along[0]])
        height = self.amplitude_px * np.sin(2 * np.pi * frame / self.period)
        wave = height * np.sin(2 * np.pi * (points @ along) / self.wavelength_px)
        shift: Points = wave[:, None] * across
        return shift
