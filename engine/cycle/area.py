"""End-diastole, end-systole and beats told by the size of the cavity: its curve over a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from engine.cycle.origins import GIVEN, SMALLEST_AREA, UNKNOWN
from engine.errors import InputError

#: Systole ends within this part of a beat; ES is looked for there only.
_SYSTOLE_PART: Final = 0.65
#: A systole makes the cavity fall by at least this part of its range over the loop.
_SYSTOLE_FALL: Final = 0.4
#: A peak of the area counts as another end-diastole if it reaches this part of the range.
_PEAK_PART: Final = 0.6
#: The same for the loop's first and last frame, where the top itself may lie outside.
_EDGE_PART: Final = 0.9
#: The same for the first frame of a loop that shows no other end-diastole before its systole.
_FIRST_PART: Final = 0.75
#: Slope over the steepest there is, below which the first or last frame is at a top of its own.
_FLAT: Final = 0.35
#: Part of a beat within which one systole's smallest cavity is looked for around the usual one.
_NEAR: Final = 0.1


def smoothed(area: NDArray[np.floating] | None) -> NDArray[np.float64] | None:
    """Return the smoothed curve of the cavity's size, or None if there is none to be had.

    Args:
        area: ``(T,)``, px^2, or None.

    Raises:
        InputError: If a value is not finite.
    """
    if area is None:
        return None
    values = np.asarray(area, dtype=np.float64)
    if not np.all(np.isfinite(values)):
        raise InputError("The cavity area must be a finite number for every frame.")
    if len(values) < 3 or np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return None
    smooth: NDArray[np.float64] = gaussian_filter1d(values, 1.0, mode="nearest")
    return smooth


def maxima(curve: NDArray[np.float64] | None, least: float) -> list[int]:
    """Return frames of the curve's high peaks, its ends included, at least a beat apart.

    A loop of one beat runs from end-diastole to the next: where no systole follows any other peak,
    the first frame counts although the cavity is somewhat larger at the last.

    Args:
        curve: ``(T,)``, as ``smoothed`` returns it.
        least: Shortest beat, frames.
    """
    if curve is None:
        return []
    low, high = float(curve.min()), float(curve.max())
    padded = np.concatenate([[low - 1], curve, [low - 1]])
    peaks, _ = find_peaks(
        padded,
        height=low + _PEAK_PART * (high - low),
        prominence=0.3 * (high - low),
        distance=max(1.0, least),
    )
    frames = [int(peak) - 1 for peak in peaks]
    # A loop that begins or ends within a beat is high there without being at its largest.
    edge = low + _EDGE_PART * (high - low)
    slope = np.abs(np.diff(curve))
    flat = {0: slope[0], len(curve) - 1: slope[-1]}
    kept = [
        item
        for item in frames
        if item not in flat or curve[item] >= edge or flat[item] < _FLAT * slope.max()
    ]
    if 0 in kept or 0 not in frames or next(_followed(kept, curve), None) is not None:
        return kept
    return [0, *kept] if curve[0] >= low + _FIRST_PART * (high - low) else kept


def _systole(ed: int, starts: list[int], curve: NDArray[np.float64]) -> tuple[int, int]:
    """Return the half-open range of frames after end-diastole in which systole ends."""
    gaps = np.diff(starts)
    last = next((start for start in starts if start > ed + 1), len(curve))
    if len(gaps):
        last = min(last, ed + 1 + max(1, round(_SYSTOLE_PART * float(np.median(gaps)))))
    return min(ed + 1, len(curve)), min(last, len(curve))


def _holds_systole(curve: NDArray[np.float64], first: int, last: int) -> bool:
    """Return whether the curve falls by much of its range in these frames, and falls no more."""
    if last - first < 1 or first < 1:
        return False
    lowest = first + int(np.argmin(curve[first:last]))
    falls = curve[first - 1] - curve[lowest] >= _SYSTOLE_FALL * float(np.ptp(curve))
    return bool(falls and lowest < len(curve) - 1)


def _followed(starts: list[int], curve: NDArray[np.float64]) -> Iterator[int]:
    """Yield the frames that a systole follows, out of those at which beats begin."""
    for frame in starts:
        if _holds_systole(curve, *_systole(frame, starts, curve)):
            yield frame


def end_diastole(
    given: int | None,
    starts: list[int],
    origin: str,
    curve: NDArray[np.float64] | None,
) -> tuple[int | None, str]:
    """Return the end-diastolic frame and its origin: the first one that a systole follows.

    Args:
        given: Frame that the user gave, or None.
        starts: Frames at which beats begin.
        origin: Where ``starts`` come from.
        curve: ``(T,)``, as ``smoothed`` returns it.
    """
    if given is not None:
        return given, GIVEN
    if not starts:
        return None, UNKNOWN
    if curve is None:
        return starts[0], origin
    return next(_followed(starts, curve), starts[0]), origin


def end_systole(
    given: int | None,
    ed: int | None,
    starts: list[int],
    curve: NDArray[np.float64] | None,
) -> tuple[int | None, str]:
    """Return the end-systolic frame and its origin: the smallest cavity after end-diastole.

    Where the loop ends before that systole does, the smallest cavity before end-diastole stands in.

    Args:
        given: Frame that the user gave, or None.
        ed: End-diastolic frame, or None.
        starts: Frames at which beats begin.
        curve: ``(T,)``, as ``smoothed`` returns it.
    """
    if given is not None:
        return given, GIVEN
    if curve is None:
        return None, UNKNOWN
    first, last = 0, len(curve)
    if ed is not None:
        first, last = _systole(ed, starts, curve)
        if not _holds_systole(curve, first, last) and (ed > len(curve) // 2 or first >= last):
            first, last = 0, ed
    if first >= last:
        return None, UNKNOWN
    if ed is not None and first > ed:
        first, last = _near_usual(first, last, starts, curve)
    return first + int(np.argmin(curve[first:last])), SMALLEST_AREA


def _near_usual(
    first: int, last: int, starts: list[int], curve: NDArray[np.float64]
) -> tuple[int, int]:
    """Return the range narrowed to where the mean of all systoles, each over its ED, is smallest.

    In one beat the smallest cavity may lie anywhere on a long flat bottom; the beats together tell.
    """
    length = last - first
    whole = [start for start in starts if start + 1 + length <= len(curve)]
    if len(whole) < 2 or first - 1 not in whole:
        return first, last
    systoles = [curve[start + 1 : start + 1 + length] - curve[start] for start in whole]
    usual = first + int(np.argmin(np.mean(systoles, axis=0)))
    reach = max(1, round(_NEAR * float(np.median(np.diff(starts)))))
    return max(first, usual - reach), min(last, usual + reach + 1)
