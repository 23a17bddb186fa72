"""What was read of a loop, as plain values for JSON: the answer of ``info``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.config import ReadConfig
from engine.io.reader import read_cine
from engine.model import Cine
from engine.progress import Progress

#: Intervals that differ by less than this share are called even.
_EVEN = 0.01


def describe(path: Path, config: ReadConfig, progress: Progress) -> dict[str, Any]:
    """Read a loop and return what it says of itself, ready for JSON.

    Args:
        path: Any source that ``read_cine`` takes.
        config: Range of frames, and the user's own facts.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If it cannot be read.
    """
    return describe_cine(read_cine(path, config, progress))


def describe_cine(cine: Cine) -> dict[str, Any]:
    """Return the facts of a loop with plain keys and values.

    Unknown facts are None; the keys that end in ``_origin`` say where a fact comes from, or why
    there is none. Lengths are in mm, times in s, sizes in px.
    """
    frames, height, width = cine.shape
    source = cine.provenance
    return {
        "name": source.name,
        "format": source.format,
        "transfer_syntax": source.transfer_syntax,
        "sha256": source.sha256,
        "frames": frames,
        "first_frame": cine.first_frame,
        "width": width,
        "height": height,
        **_times(cine),
        "spacing_mm": None if cine.spacing_mm is None else list(cine.spacing_mm),
        "spacing_origin": source.spacing_origin,
        "region": None if cine.region is None else list(cine.region),
        "r_times_s": list(cine.r_times_s),
        "heart_rate_bpm": cine.heart_rate_bpm,
        "playback_fps": cine.playback_fps,
        "view_hint": source.view_hint,
        "warnings": list(source.warnings),
    }


def _times(cine: Cine) -> dict[str, Any]:
    """Return the frame times: all of them, their ends, interval and rate."""
    times, intervals = cine.frame_times_s, cine.frame_intervals_s
    even = (
        None
        if intervals is None or not len(intervals)
        else bool(np.ptp(intervals) <= _EVEN * np.median(intervals))
    )
    interval = None if even is None or intervals is None else float(np.median(intervals))
    return {
        "frame_times_origin": cine.provenance.times_origin,
        "first_time_s": None if times is None else float(times[0]),
        "last_time_s": None if times is None else float(times[-1]),
        "frame_interval_s": interval,
        "frame_rate_hz": cine.frame_rate_hz,
        "frame_intervals_even": even,
        "frame_times_s": None if times is None else [round(float(time), 9) for time in times],
    }
