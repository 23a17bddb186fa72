"""What a DICOM file says of its loop besides pixels: frame times, R waves, view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from engine.model import View

_POINTERS: Final = {0x00181063: "FrameTime", 0x00181065: "FrameTimeVector"}
_RATES: Final = {
    "CineRate": "Cine Rate (0018,0040)",
    "RecommendedDisplayFrameRate": "Recommended Display Frame Rate (0008,2144)",
}
#: Acquisition rates that echocardiography reaches, 1/s.
_RATE_RANGE_HZ: Final = (1.0, 20000.0)


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """Acquisition times of all frames of a file.

    Attributes:
        times_s: ``(T,)``, s; None if unknown.
        origin: Where they come from, or why there are none.
        warnings: Sentences for the user.
    """

    times_s: NDArray[np.float64] | None
    origin: str
    warnings: tuple[str, ...] = ()


def frame_times(dataset: Dataset, count: int) -> FrameTimes:
    """Return the frame times (DICOM PS3.3 C.7.6.5 and C.7.6.6).

    The attribute that Frame Increment Pointer names is believed first, then the other of Frame
    Time and Frame Time Vector, then, with a warning, the whole-numbered rates.

    Args:
        dataset: Attributes of the file.
        count: Number of frames.
    """
    warnings: list[str] = []
    for name in _in_order(dataset.get("FrameIncrementPointer")):
        result = _from_attribute(dataset, name, count, warnings)
        if result is not None:
            return FrameTimes(*result, tuple(warnings))
    for name, label in _RATES.items():
        rate = _number(dataset.get(name))
        if rate is not None and _RATE_RANGE_HZ[0] <= rate <= _RATE_RANGE_HZ[1]:
            warnings.append(
                f"Frame times are taken from {label}, {rate:g} frames/s, which is rounded to a "
                "whole number and may be a display rate. Give the true rate (--fps, or Frame rate "
                "in the window)."
            )
            times = np.arange(count, dtype=np.float64) / rate
            return FrameTimes(times, f"{label}, approximate", tuple(warnings))
    if count > 1:
        warnings.append(
            "The file states no frame times, so nothing is given per second. Give the "
            "acquisition rate (--fps, or Frame rate in the window)."
        )
    return FrameTimes(None, "not stated by the file", tuple(warnings))


def r_times(dataset: Dataset) -> tuple[float, ...]:
    """Return R Wave Time Vector (0018,6060) in s from the first frame, increasing."""
    values = [_number(value) for value in _as_list(dataset.get("RWaveTimeVector"))]
    return tuple(sorted({value / 1000 for value in values if value is not None}))


def heart_rate(dataset: Dataset) -> float | None:
    """Return Heart Rate (0018,1088), 1/min; None where missing or zero, as unknown is stored."""
    rate = _number(dataset.get("HeartRate"))
    return rate if rate is not None and 0 < rate < 1000 else None


def playback_fps(dataset: Dataset, times: FrameTimes) -> float | None:
    """Return the rate at which a player should show the loop, 1/s."""
    for name in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = _number(dataset.get(name))
        if rate is not None and 0 < rate < 1000:
            return rate
    if times.times_s is None or len(times.times_s) < 2:
        return None
    return float(1 / np.median(np.diff(times.times_s)))


def view_hint(dataset: Dataset) -> str | None:
    """Return the view as the file words it; one of ours where its SNOMED CT code says so."""
    for item in dataset.get("ViewCodeSequence") or ():
        code, meaning = str(item.get("CodeValue", "")), str(item.get("CodeMeaning", ""))
        for view in View:
            if view.snomed == code:
                return view.value
        if meaning or code:
            return meaning or code
    stated = str(dataset.get("ViewName") or "").strip()
    return stated or None


def _in_order(pointer: Any) -> list[str]:
    """Return the attributes of time, the one that the pointer names first."""
    named = [_POINTERS[int(tag)] for tag in _as_list(pointer) if int(tag) in _POINTERS]
    return [*named, *(name for name in ("FrameTimeVector", "FrameTime") if name not in named)]


def _from_attribute(
    dataset: Dataset, name: str, count: int, warnings: list[str]
) -> tuple[NDArray[np.float64], str] | None:
    """Return times and their origin from one attribute, or None; adds why it was refused."""
    if name not in dataset:
        return None
    if name == "FrameTime":
        step = _number(dataset.get(name))
        if step is None or not _plausible(np.array([step])):
            warnings.append(f"Frame Time (0018,1063) is {dataset.get(name)} ms and is not used.")
            return None
        return np.arange(count, dtype=np.float64) * (step / 1000), "Frame Time (0018,1063)"
    values = [_number(value) for value in _as_list(dataset.get(name))]
    known = [value for value in values if value is not None]
    if len(known) == len(values) == count - 1:
        known = [0.0, *known]  # some writers leave out the first increment, which is zero
    steps = np.array(known[1:])
    if len(known) != count or len(values) > count or not _plausible(steps):
        warnings.append("Frame Time Vector (0018,1065) does not fit the frames and is not used.")
        return None
    times = np.concatenate([[0.0], np.cumsum(steps) / 1000])
    return times, "Frame Time Vector (0018,1065)"


def _plausible(steps_ms: NDArray[np.float64]) -> bool:
    """Return whether intervals are those of a loop."""
    low, high = 1000 / _RATE_RANGE_HZ[1], 1000 / _RATE_RANGE_HZ[0]
    return bool(np.all((steps_ms >= low) & (steps_ms <= high)))


def _as_list(value: Any) -> list[Any]:
    """Return a value of any multiplicity as a list."""
    if value is None or value == "":
        return []
    if isinstance(value, str | bytes | int | float) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
