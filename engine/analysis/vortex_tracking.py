"""Vortices through time: who is who from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.analysis.vortex import Vortex

_GATE_IN_RADII: Final = 1.5
_LONGEST_GAP: Final = 2
_SHORTEST_LIFE: Final = 3
_WEAKEST_SHARE: Final = 0.1


@dataclass(frozen=True, eq=False)
class VortexTrack:
    """One vortex through its life.

    Attributes:
        frames: Frames of the loop in which it was found, ascending.
        states: Its state in each.
    """

    frames: tuple[int, ...]
    states: tuple[Vortex, ...]

    @property
    def strength(self) -> float:
        """Sum of |circulation| over its life; ranks the vortices of a loop."""
        return float(sum(abs(state.circulation) for state in self.states))


def track_vortices(found: Sequence[Sequence[Vortex]], first_frame: int = 1) -> list[VortexTrack]:
    """Link the vortices of neighbouring frames.

    A vortex keeps its identity while one of the same sense lies within 1.5 radii of where it is
    heading, over gaps of two frames at most. What lives less than three frames (in loops that
    long), or is weaker than a tenth of the strongest, is taken for noise.

    Args:
        found: Vortices by frame.
        first_frame: Frame of ``found[0]``.

    Returns:
        The vortices, the strongest over its life first: ``vortex-1``, ``vortex-2``...
    """
    open_lives: list[list[tuple[int, Vortex]]] = []
    ended: list[list[tuple[int, Vortex]]] = []
    for step, vortices in enumerate(found):
        frame = first_frame + step
        recent = [life for life in open_lives if frame - life[-1][0] <= _LONGEST_GAP + 1]
        ended += [life for life in open_lives if frame - life[-1][0] > _LONGEST_GAP + 1]
        open_lives = recent
        candidates = sorted(
            (_distance(life, frame, vortex), i, j)
            for i, life in enumerate(open_lives)
            for j, vortex in enumerate(vortices)
            if np.sign(life[-1][1].circulation) == np.sign(vortex.circulation)
        )
        taken: set[int] = set()
        continued: set[int] = set()
        for distance, i, j in candidates:
            if distance <= _GATE_IN_RADII and i not in continued and j not in taken:
                open_lives[i].append((frame, vortices[j]))
                continued.add(i)
                taken.add(j)
        open_lives += [[(frame, vortex)] for j, vortex in enumerate(vortices) if j not in taken]
    return _ranked(ended + open_lives, len(found))


def _ranked(lives: Sequence[Sequence[tuple[int, Vortex]]], frames: int) -> list[VortexTrack]:
    """Drop noise and sort by strength."""
    shortest = min(_SHORTEST_LIFE, frames)
    tracks = [
        VortexTrack(tuple(frame for frame, _ in life), tuple(state for _, state in life))
        for life in lives
        if len(life) >= shortest
    ]
    tracks.sort(key=lambda track: (-track.strength, track.frames[0]))
    strongest = max((_mean_strength(track) for track in tracks), default=0.0)
    return [track for track in tracks if _mean_strength(track) >= _WEAKEST_SHARE * strongest]


def _mean_strength(track: VortexTrack) -> float:
    return track.strength / len(track.states)


def _distance(life: Sequence[tuple[int, Vortex]], frame: int, vortex: Vortex) -> float:
    """Return the distance from where a life is heading, in radii of its last region."""
    last_frame, last = life[-1]
    heading = np.asarray(last.centre)
    if len(life) > 1:
        earlier_frame, earlier = life[-2]
        speed = (heading - earlier.centre) / (last_frame - earlier_frame)
        heading = heading + speed * (frame - last_frame)
    radius = np.sqrt(max(last.area_px, vortex.area_px) / np.pi)
    return float(np.hypot(*(heading - vortex.centre)) / radius)
