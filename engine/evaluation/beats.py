"""What whole beats tell of a method on a real loop: tissue comes back, and beats are alike.

No truth is needed, and fitting noise is punished instead of rewarded: errors add up over a beat.
A method that finds no motion is perfect here ('identity'), so read both beside the motion found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.cycle import find_cycle
from engine.evaluation.metrics import carry_points, segment_strains
from engine.masks.contour import areas
from engine.model import Contours

SEGMENTS: Final = 6
"""Equal parts of the wall, as a view has segments."""

_PHASES: Final = 24


@dataclass(frozen=True, eq=False)
class WallBeats:
    """The middle of a wall through a loop, and its whole beats.

    Attributes:
        midline: ``(T, N, 2)``, (x, y), px.
        closed: Whether it is closed (short axis).
        beats: End-diastolic frame and that of the next beat.
    """

    midline: NDArray[np.float64]
    closed: bool
    beats: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls, contours: Contours, times_s: NDArray[np.float64] | None, frames: int
    ) -> WallBeats | None:
        """Find the beats of a wall by its cavity's area; None where there is no wall or no beat.

        Args:
            contours: Of the loop.
            times_s: Frame times ``(T,)``, s; None if unknown.
            frames: Only beats within the first of so many frames count.
        """
        if contours.epicardial is None:
            return None
        inner = np.asarray(contours.endocardial, np.float64)
        found = find_cycle(times_s, area_px=areas(inner)).beats
        beats = tuple(beat for beat in found if beat[1] < frames)
        middle = (inner + contours.epicardial) / 2
        return cls(middle, contours.closed, beats) if beats else None

    def scores(self, displacement: NDArray[np.float32]) -> dict[str, float]:
        """Return how far segments are from their length when a beat is over, and between beats.

        Args:
            displacement: ``(T-1, 2, H, W)``, px.

        Returns:
            ``beat drift``: root mean square over beats and segments of the strain left at the end
            of a beat, points. ``beat spread``, from two beats on: root mean square, over phases
            and segments, of the standard deviation between beats once that drift is taken off
            linearly, points.
        """
        curves = [self._strains(displacement, *beat) for beat in self.beats]
        left = np.array([curve[-1] for curve in curves])
        values = {"beat drift": float(np.sqrt((left**2).mean()))}
        if len(curves) > 1:
            closed = np.array([_without_drift(curve) for curve in curves])
            values["beat spread"] = float(np.sqrt(closed.var(axis=0, ddof=1).mean()))
        return values

    def _strains(
        self, displacement: NDArray[np.float32], first: int, last: int
    ) -> NDArray[np.float64]:
        """Return the strains of the segments since the beat began, ``(frames, SEGMENTS)``, %."""
        paths = carry_points(displacement[first:last], self.midline[first])
        return np.array(
            [segment_strains(paths[0], place, SEGMENTS, closed=self.closed) for place in paths]
        )


def _without_drift(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a beat's strains ``(frames, SEGMENTS)`` at equal phases, made to end where they began.

    Returns:
        ``(_PHASES, SEGMENTS)``.
    """
    phase, own = np.linspace(0, 1, _PHASES), np.linspace(0, 1, len(curve))
    even = np.stack([np.interp(phase, own, part) for part in curve.T], axis=1)
    return np.asarray(even - phase[:, None] * curve[-1], np.float64)
