"""End-diastole, end-systole, beats and heart rate: from R waves, given frames, or the image.

End-diastole is the R wave; end-systole is the closure of the aortic valve, which no single loop
shows. Where the image must do, the largest and smallest cavity area stand in for them and are
called surrogates, in line with the EACVI/ASE/Industry task force (Voigt et al., Eur Heart J
Cardiovasc Imaging 2015;16:1-11).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from engine.errors import InputError

R_WAVE: Final = "R wave"
GIVEN: Final = "given"
_SURROGATE: Final = ": a surrogate"
_TAKEN: Final = ("is taken from the image", "are taken from the image")
LARGEST_AREA: Final = "largest cavity area: a surrogate"
SMALLEST_AREA: Final = "smallest cavity area: a surrogate"
#: Origins of a beat's marks, each with what stands in its place once a person chose that beat.
_CHOSEN: Final = {
    R_WAVE: "R wave of the chosen beat",
    LARGEST_AREA: "largest cavity area of the chosen beat: a surrogate",
    SMALLEST_AREA: "smallest cavity area of the chosen beat: a surrogate",
}
_CHOSEN_ORIGINS: Final = frozenset(_CHOSEN.values())
UNKNOWN: Final = "unknown"
NO_ORDER: Final = "End-systole does not follow end-diastole"

#: Deviation from the median RR interval above which beats are called irregular.
_IRREGULAR: Final = 0.12
#: Systole ends within this part of a beat; ES is looked for there only.
_SYSTOLE_PART: Final = 0.65
#: A systole makes the cavity fall by at least this part of its range over the loop.
_SYSTOLE_FALL: Final = 0.4
#: A peak of the area counts as another end-diastole if it reaches this part of the range.
_PEAK_PART: Final = 0.6
#: The same for the loop's first and last frame, where the top itself may lie outside.
_EDGE_PART: Final = 0.9
#: Slope over the steepest there is, below which the first or last frame is at a top of its own.
_FLAT: Final = 0.35
#: Part of a beat within which one systole's smallest cavity is looked for around the usual one.
_NEAR: Final = 0.1
#: Shortest beat: 250 a minute, s.
_MIN_BEAT_S: Final = 0.24


@dataclass(frozen=True)
class Cycle:
    """Where the heart cycle stands in a loop; all frames count from the loop's first, 0.

    Attributes:
        ed_frame: End-diastolic frame; None if unknown.
        es_frame: End-systolic frame; None if unknown.
        beats: Complete beats as half-open frame ranges, ED to the next ED.
        heart_rate_bpm: 1/min; None if unknown.
        ed_origin: Where the end-diastolic frame comes from.
        es_origin: Where the end-systolic frame comes from.
        warnings: Sentences for the user.
        r_frames: Frames nearest to the R waves within the loop.
        heart_rate_origin: Where the heart rate comes from.
    """

    ed_frame: int | None
    es_frame: int | None
    beats: tuple[tuple[int, int], ...]
    heart_rate_bpm: float | None
    ed_origin: str
    es_origin: str
    warnings: tuple[str, ...] = ()
    r_frames: tuple[int, ...] = ()
    heart_rate_origin: str = UNKNOWN

    @property
    def mark_origins(self) -> tuple[str, str]:
        """Origins of ED and ES as masks and results keep them: empty where a person gave one."""
        early, late = (
            "" if origin == GIVEN else origin for origin in (self.ed_origin, self.es_origin)
        )
        return early, late


def find_cycle(
    frame_times_s: NDArray[np.float64] | None,
    r_times_s: tuple[float, ...] = (),
    area_px: NDArray[np.floating] | None = None,
    ed: int | None = None,
    es: int | None = None,
    *,
    heart_rate_bpm: float | None = None,
    first_frame: int = 0,
) -> Cycle:
    """Find end-diastole, end-systole and beats of a loop.

    A given frame is believed before an R wave, and an R wave before the cavity's area.

    Args:
        frame_times_s: ``(T,)``, s; None if unknown.
        r_times_s: R waves on the same clock, s.
        area_px: Cavity area of every frame, ``(T,)``, px^2, or None.
        ed: End-diastolic frame given by the user, from 0 in the loop.
        es: End-systolic frame given by the user, from 0 in the loop.
        heart_rate_bpm: As stated by the source, 1/min; used where no beat is measured.
        first_frame: Number of the loop's first frame in its source, as the user knows frames.

    Raises:
        InputError: If a given frame lies outside the loop, or ED and ES are one frame.
    """
    count = _count(frame_times_s, area_px)
    _check_given(ed, es, count, first_frame)
    warnings: list[str] = []
    waves = _r_frames(frame_times_s, r_times_s, warnings)
    curve = _curve(area_px)
    least = 3 if frame_times_s is None else _MIN_BEAT_S / max(_interval(frame_times_s), 1e-6)
    starts = waves if waves else _maxima(curve, least)
    beats = tuple(itertools.pairwise(starts))
    ed_frame, ed_origin = _end_diastole(ed, starts, R_WAVE if waves else LARGEST_AREA, curve)
    es_frame, es_origin = _end_systole(es, ed_frame, starts, curve)
    rate, rate_origin = _heart_rate(frame_times_s, r_times_s, waves, beats, heart_rate_bpm)
    warnings += _surrogates(ed_frame, es_frame, ed_origin, es_origin)
    warnings += _irregular(frame_times_s, r_times_s, beats)
    if ed_frame is not None and es_frame is not None and es_frame < ed_frame:
        warnings.append(
            f"{NO_ORDER}: the loop holds no whole systole after it. Mark another beat, or read "
            "more frames."
        )
    return Cycle(
        ed_frame=ed_frame,
        es_frame=es_frame,
        beats=beats,
        heart_rate_bpm=rate,
        ed_origin=ed_origin,
        es_origin=es_origin,
        warnings=tuple(warnings),
        r_frames=tuple(waves),
        heart_rate_origin=rate_origin,
    )


def _count(
    times: NDArray[np.float64] | None,
    area: NDArray[np.floating] | None,
) -> int | None:
    """Return the number of frames, on which all inputs must agree."""
    counts = {len(item) for item in (times, area) if item is not None}
    if len(counts) > 1:
        raise InputError(f"Times and areas differ in number: {sorted(counts)}.")
    return counts.pop() if counts else None


def _check_given(ed: int | None, es: int | None, count: int | None, first: int) -> None:
    """Check frames that the user gave."""
    for name, frame in (("end-diastolic", ed), ("end-systolic", es)):
        if frame is not None and (frame < 0 or (count is not None and frame >= count)):
            last = "the last" if count is None else first + count - 1
            raise InputError(
                f"The {name} frame {first + frame} is not in the loop, whose frames are {first} to "
                f"{last}. Choose one of them."
            )
    if ed is not None and ed == es:
        raise InputError("End-diastole and end-systole cannot be one frame. Choose two.")


def _interval(times: NDArray[np.float64]) -> float:
    """Return the median interval between frames, s."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def _r_frames(
    times: NDArray[np.float64] | None, waves: tuple[float, ...], warnings: list[str]
) -> list[int]:
    """Return the frames nearest to the R waves that fall within the loop."""
    if not waves:
        return []
    if times is None:
        warnings.append("R waves are known but frame times are not, so no frame can be given one.")
        return []
    slack = _interval(times) / 2
    within = [wave for wave in waves if times[0] - slack <= wave <= times[-1] + slack]
    if not within:
        warnings.append("No R wave falls within these frames.")
    return sorted({int(np.argmin(np.abs(times - wave))) for wave in within})


def _curve(area: NDArray[np.floating] | None) -> NDArray[np.float64] | None:
    """Return the smoothed curve of the cavity's size, or None if there is none to be had."""
    if area is None:
        return None
    values = np.asarray(area, dtype=np.float64)
    if not np.all(np.isfinite(values)):
        raise InputError("The cavity area must be a finite number for every frame.")
    if len(values) < 3 or np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return None
    smooth: NDArray[np.float64] = gaussian_filter1d(values, 1.0, mode="nearest")
    return smooth


def _maxima(curve: NDArray[np.float64] | None, least: float) -> list[int]:
    """Return frames of the curve's high peaks, its ends included, at least a beat apart."""
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
    return [
        item
        for item in frames
        if item not in flat or curve[item] >= edge or flat[item] < _FLAT * slope.max()
    ]


def _end_diastole(
    given: int | None,
    starts: list[int],
    origin: str,
    curve: NDArray[np.float64] | None,
) -> tuple[int | None, str]:
    """Return the end-diastolic frame and its origin: the first one that a systole follows."""
    if given is not None:
        return given, GIVEN
    if not starts:
        return None, UNKNOWN
    if curve is None:
        return starts[0], origin
    followed = (frame for frame in starts if _holds_systole(curve, *_systole(frame, starts, curve)))
    return next(followed, starts[0]), origin


def _systole(ed: int, starts: list[int], curve: NDArray[np.float64]) -> tuple[int, int]:
    """Return the half-open range of frames after end-diastole in which systole ends."""
    gaps = np.diff(starts)
    last = next((start for start in starts if start > ed + 1), len(curve))
    if len(gaps):
        last = min(last, ed + 1 + max(1, round(_SYSTOLE_PART * float(np.median(gaps)))))
    return min(ed + 1, len(curve)), min(last, len(curve))


def _holds_systole(curve: NDArray[np.float64], first: int, last: int) -> bool:
    """Return whether the curve falls by half its range in a range of frames, and falls no more."""
    if last - first < 1 or first < 1:
        return False
    lowest = first + int(np.argmin(curve[first:last]))
    falls = curve[first - 1] - curve[lowest] >= _SYSTOLE_FALL * float(np.ptp(curve))
    return bool(falls and lowest < len(curve) - 1)


def _end_systole(
    given: int | None,
    ed: int | None,
    starts: list[int],
    curve: NDArray[np.float64] | None,
) -> tuple[int | None, str]:
    """Return the end-systolic frame and its origin: the smallest cavity after end-diastole.

    Where the loop ends before that systole does, the smallest cavity before end-diastole stands in.
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


def _heart_rate(
    times: NDArray[np.float64] | None,
    r_times: tuple[float, ...],
    waves: list[int],
    beats: tuple[tuple[int, int], ...],
    stated: float | None,
) -> tuple[float | None, str]:
    """Return the heart rate, 1/min, and its origin."""
    if len(r_times) > 1:
        return 60 / float(np.median(np.diff(sorted(r_times)))), "R waves"
    if stated is not None:
        return stated, "stated by the source"
    if beats and times is not None and not waves:
        lengths = [times[stop] - times[start] for start, stop in beats]
        return 60 / float(np.median(lengths)), "beats found in the image: a surrogate"
    return None, UNKNOWN


def _surrogates(ed: int | None, es: int | None, ed_origin: str, es_origin: str) -> list[str]:
    """Return warnings for frames that come from the image, or are missing."""
    missing = [
        f"{name} is unknown. Give its frame."
        for name, frame in (("End-diastole", ed), ("End-systole", es))
        if frame is None
    ]
    found = surrogate_note(ed_origin, es_origin)
    return [*missing, found] if found else missing


def surrogate_note(ed_origin: str, es_origin: str) -> str:
    """Return the sentence on marks that the image stands in for; empty where it does for none.

    Args:
        ed_origin: Where the end-diastolic frame comes from.
        es_origin: Where the end-systolic frame comes from.
    """
    marks = (("end-diastole", ed_origin), ("end-systole", es_origin))
    found = {name: origin for name, origin in marks if origin.endswith(_SURROGATE)}
    if not found:
        return ""
    names = " and ".join(found).capitalize()
    sources = " and ".join(dict.fromkeys(item.removesuffix(_SURROGATE) for item in found.values()))
    if len(found) == 1:
        return f"{names} {_TAKEN[0]} ({sources}{_SURROGATE}). Check it, or give its frame."
    return f"{names} {_TAKEN[1]} ({sources}: surrogates). Check both, or give their frames."


def is_surrogate_note(sentence: str) -> bool:
    """Whether a sentence is one of ``surrogate_note``."""
    return sentence.startswith("End-") and any(words in sentence for words in _TAKEN)


def origin_words(origin: str) -> str:
    """Return where a mark comes from in words: one without an origin was given by a person."""
    return origin or GIVEN


def of_chosen_beat(origin: str) -> str:
    """Return the origin of a mark whose beat a person has chosen, such as an R wave among several.

    Args:
        origin: Where the beat's own mark comes from; one that no choice changes stays.
    """
    return _CHOSEN.get(origin, origin)


def is_a_persons(origin: str) -> bool:
    """Return whether a mark is a person's word: given, or that of a beat that they chose."""
    return not origin or origin in _CHOSEN_ORIGINS


def _irregular(
    times: NDArray[np.float64] | None,
    r_times: tuple[float, ...],
    beats: tuple[tuple[int, int], ...],
) -> list[str]:
    """Return a warning if the beats differ in length."""
    if len(r_times) > 2:
        lengths = np.diff(sorted(r_times))
    elif len(beats) > 1 and times is not None:
        lengths = np.array([times[stop] - times[start] for start, stop in beats])
    else:
        return []
    middle = float(np.median(lengths))
    spread = float(np.max(np.abs(lengths - middle)) / middle) if middle > 0 else 0.0
    if spread <= _IRREGULAR:
        return []
    return [
        f"The beats are irregular: RR intervals deviate by up to {100 * spread:.0f} % from their "
        "median. Choose a representative beat."
    ]
