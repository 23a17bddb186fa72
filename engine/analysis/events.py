"""The beat that is measured: end-diastole, end-systole and the frame that closes the cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.cycle import GIVEN, UNKNOWN, Cycle, find_cycle
from engine.masks.contour import areas
from engine.model import TrackingResult

_MOVING: Final = 0.02
LOOP_START: Final = "the loop's first frame"
STRAIN_NADIR: Final = "largest shortening of the whole contour: a surrogate"


@dataclass(frozen=True)
class HeartCycle:
    """The beat that is measured; frames count from the loop's first, 0.

    Attributes:
        start: End-diastole.
        start_origin: Where it comes from.
        end_systole: End-systole, or None where nothing tells.
        end_systole_origin: Where it comes from.
        end: Next end-diastole, which closes the cycle, or None where the loop does not hold it.
        end_origin: Where it comes from.
        later_ends: Frames in which the beats after it end, in order; they close its successors.
        heart_rate_bpm: 1/min; None if unknown.
        heart_rate_origin: Where it comes from.
        warnings: Sentences for the user.
    """

    start: int
    start_origin: str
    end_systole: int | None
    end_systole_origin: str
    end: int | None
    end_origin: str
    heart_rate_bpm: float | None
    heart_rate_origin: str
    warnings: tuple[str, ...] = ()
    later_ends: tuple[int, ...] = ()

    @property
    def ends(self) -> tuple[int, ...]:
        """Every frame that closes a beat, from the measured one's on; none if it has no end."""
        return () if self.end is None else (self.end, *self.later_ends)

    def last(self, frames: int) -> int:
        """Return the last frame of the beat in a loop of so many frames."""
        return frames - 1 if self.end is None else self.end

    def with_nadir(self, strain: NDArray[np.float64]) -> HeartCycle:
        """Return the cycle with end-systole at the largest shortening where it was unknown.

        A loop that ends while the wall still shortens does not hold end-systole.
        """
        if self.end_systole is not None:
            return self
        last = self.last(len(strain))
        nadir = self.start + int(np.argmin(strain[self.start : last + 1]))
        if nadir in (self.start, last):
            return self
        return replace(self, end_systole=nadir, end_systole_origin=STRAIN_NADIR)


def heart_cycle(result: TrackingResult) -> HeartCycle:
    """Find the beat to measure.

    Given frames are believed before R waves, R waves before the area within the moving contour.

    Args:
        result: With frames, times and R waves where they are known.

    Raises:
        InputError: If a marked frame lies outside the loop.
    """
    marked = [
        None if frame is None else frame - result.first_frame
        for frame in (result.ed_frame, result.es_frame)
    ]
    cycle = find_cycle(
        result.frame_times_s,
        result.r_times_s,
        contour_areas(result),
        *marked,
        heart_rate_bpm=_stated_rate(result),
        first_frame=result.first_frame,
    )
    start = 0 if cycle.ed_frame is None else cycle.ed_frame
    origin = LOOP_START
    if cycle.ed_frame is not None:
        origin = _true_origin(cycle.ed_origin, result.mark_origins[0])
    systole = cycle.es_frame
    systole_origin = _true_origin(cycle.es_origin, result.mark_origins[1])
    if systole is not None and systole <= start:
        systole, systole_origin = None, UNKNOWN
    ends, end_origin = _closing_frames(result, cycle, start)
    timed = result.frame_times_s is not None
    return HeartCycle(
        start=start,
        start_origin=origin,
        end_systole=systole,
        end_systole_origin=systole_origin,
        end=ends[0] if ends else None,
        end_origin=end_origin,
        later_ends=ends[1:],
        heart_rate_bpm=cycle.heart_rate_bpm if timed else None,
        heart_rate_origin=cycle.heart_rate_origin,
        warnings=cycle.warnings,
    )


def _stated_rate(result: TrackingResult) -> float | None:
    """Return the heart rate that the source states, 1/min, or None."""
    source = result.config.get("source")
    rate = source.get("heart_rate_bpm") if isinstance(source, Mapping) else None
    return float(rate) if isinstance(rate, int | float) and rate > 0 else None


def contour_areas(result: TrackingResult) -> NDArray[np.float64] | None:
    """Return the area within the contour of every frame, ``(T,)``, px2; None if it rests."""
    if result.contours is None:
        return None
    found = areas(result.contours.endocardial.astype(np.float64))
    moves = found.max() > 0 and np.ptp(found) > _MOVING * found.max()
    return found if moves else None


def _closing_frames(
    result: TrackingResult, cycle: Cycle, start: int
) -> tuple[tuple[int, ...], str]:
    """Return the frames in which the beat from ``start`` and its successors end, and their origin.

    There is none where the loop does not hold the whole beat.
    """
    times = result.frame_times_s
    r_times = np.sort(np.asarray(result.r_times_s, dtype=np.float64))
    ends: list[int] = []
    origin = "one R-R interval after end-diastole"
    if times is not None and len(r_times) > 1:
        beat = int(np.argmin(np.abs(r_times[:-1] - times[start])))
        half = 0.5 * float(np.median(np.diff(times)))
        for moment in times[start] + r_times[beat + 1 :] - r_times[beat]:
            closing = int(np.argmin(np.abs(times - moment)))
            if moment > times[-1] + half or closing <= (ends[-1] if ends else start) + 1:
                break
            ends.append(closing)
    else:
        origin = cycle.ed_origin if "surrogate" in cycle.ed_origin else "next beat"
        for first, last in cycle.beats:
            before = ends[-1] if ends else start
            if abs(first - before) <= 0.1 * (last - first) and last > before + 1:
                ends.append(last)
    return tuple(ends), origin if ends else UNKNOWN


def _true_origin(origin: str, stored: str) -> str:
    """Return where a frame comes from: the result's own frame may have been found by its mask."""
    return stored or origin if origin == GIVEN else origin
