"""A cine loop: grey frames with their times and spacing, and where each fact comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.arrays import frozen_array


@dataclass(frozen=True)
class Provenance:
    """Where a cine comes from.

    Attributes:
        name: File or folder name, without its path.
        sha256: Of the file's bytes (a folder: of its files' bytes in order).
        format: Reader's name: ``DICOM``, ``video``, ``image sequence``, ``TIFF``, ``NIfTI``,
            ``NPZ``, ``phantom``.
        transfer_syntax: DICOM transfer syntax name, or codec of a video; None elsewhere.
        times_origin: Where the frame times come from, or why there are none.
        spacing_origin: Where the spacing comes from, or why there is none or was refused.
        warnings: Sentences for the user.
        view_hint: View as the source words it, or None; a hint, never a confirmed view.
    """

    name: str
    sha256: str
    format: str
    transfer_syntax: str | None = None
    times_origin: str = "not stated by the source"
    spacing_origin: str = "not stated by the source"
    warnings: tuple[str, ...] = ()
    view_hint: str | None = None


@dataclass(frozen=True, eq=False)
class Cine:
    """Frames of one loop.

    Attributes:
        frames: Grey values, ``(T, H, W)`` uint8, read-only; the first channel of colour loops.
        frame_times_s: Acquisition times, ``(T,)`` float64, s; None if unknown. A video's rate is
            playback and never stands here.
        spacing_mm: Pixel spacing (x, y), mm; None if unknown.
        provenance: Where the loop and its facts come from.
        first_frame: Number of ``frames[0]`` in the source; outputs count in source frames.
        r_times_s: Times of R waves on the clock of ``frame_times_s``, s; empty if unknown.
        heart_rate_bpm: As stated by the source, 1/min; None if unknown.
        playback_fps: Rate at which a player should show the loop, 1/s; None if unknown.
        region: Ultrasound region (x0, y0, x1, y1), px, half-open, within the image; None if
            unknown.
    """

    frames: NDArray[np.uint8]
    provenance: Provenance
    frame_times_s: NDArray[np.float64] | None = None
    spacing_mm: tuple[float, float] | None = None
    first_frame: int = 0
    r_times_s: tuple[float, ...] = ()
    heart_rate_bpm: float | None = None
    playback_fps: float | None = None
    region: tuple[int, int, int, int] | None = None
    shape: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        frames = frozen_array(self.frames, "frames", np.uint8, (None, None, None))
        if 0 in frames.shape:
            raise InputError(f"The loop is empty: its frames have the shape {frames.shape}.")
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "shape", frames.shape)
        if self.frame_times_s is not None:
            times = frozen_array(self.frame_times_s, "frame_times_s", np.float64, (len(frames),))
            if not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
                raise InputError("Frame times must be finite and increase from frame to frame.")
            object.__setattr__(self, "frame_times_s", times)
        if self.spacing_mm is not None and not all(
            np.isfinite(value) and value > 0 for value in self.spacing_mm
        ):
            raise InputError(f"Pixel spacing must be positive, in mm, but is {self.spacing_mm}.")

    @property
    def frame_intervals_s(self) -> NDArray[np.float64] | None:
        """Times from frame k to k+1, ``(T-1,)``, s; None if unknown."""
        return None if self.frame_times_s is None else np.diff(self.frame_times_s)

    @property
    def frame_rate_hz(self) -> float | None:
        """Median acquisition rate, 1/s; None if unknown or with one frame."""
        intervals = self.frame_intervals_s
        return None if intervals is None or not len(intervals) else float(1 / np.median(intervals))
