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

from engine.cycle.area import end_diastole, end_systole, maxima, smoothed
from engine.cycle.origins import GIVEN, LARGEST_AREA, R_WAVE, UNKNOWN, surrogate_note
from engine.errors import InputError

NO_ORDER: Final = "End-systole does not follow end-diastole"
#: Deviation from the median RR interval above which beats are called irregular.
_IRREGULAR: Final = 0.12
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
    curve = smoothed(area_px)
    least = 3 if frame_times_s is None else _MIN_BEAT_S / max(_interval(frame_times_s), 1e-6)
    starts = waves if waves else maxima(curve, least)
    beats = tuple(itertools.pairwise(starts))
    ed_frame, ed_origin = end_diastole(ed, starts, R_WAVE if waves else LARGEST_AREA, curve)
    es_frame, es_origin = end_systole(es, ed_frame, starts, curve)
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
