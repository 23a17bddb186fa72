"""Small results with a motion known by construction, shared by the tests of the exports."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.model import (
    Contours,
    Measurement,
    Measurements,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
)


def drift_result(
    motion: tuple[float, float] = (2.0, 0.0),
    *,
    count: int = 4,
    size: tuple[int, int] = (48, 64),
    **changes: Any,
) -> TrackingResult:
    """Return a result whose tissue moves by ``motion`` (x right, y up), px a frame.

    Calibrated (0.5 mm, 20 ms) with frames, a disk as mask and two scales unless changed.
    """
    height, width = size
    displacement = np.empty((count - 1, 2, height, width), np.float32)
    displacement[:, 0] = -motion[0]
    displacement[:, 1] = motion[1]
    row, column = np.mgrid[:height, :width]
    disk = np.hypot(row - height / 2, column - width / 2) < 0.4 * min(size)
    values: dict[str, Any] = {
        "fields": (
            ScaleField(Scale.HALF, displacement, seconds=0.5, steps=10, mse=2e-3, nlcc=0.4),
            ScaleField(
                Scale.FULL, displacement, seconds=1.5, steps=20, mse=1e-3, nlcc=0.5, folding=0.0
            ),
        ),
        "mask": np.repeat(disk[None], count, axis=0),
        "method": "ssmsr",
        "target": Target.TISSUE,
        "source_sha256": "0123456789abcdef" * 4,
        "software_version": "0.1.0",
        "source_name": "loop.dcm",
        "frames": np.full((count, height, width), 40, np.uint8),
        "frame_times_s": 0.1 + 0.02 * np.arange(count),
        "spacing_mm": (0.5, 0.5),
        "first_frame": 5,
        "ed_frame": 5,
        "es_frame": 7,
    }
    return TrackingResult(**(values | changes))


def uncalibrated(**changes: Any) -> TrackingResult:
    """Return a drift without times and spacing."""
    return drift_result(**({"frame_times_s": None, "spacing_mm": None} | changes))


def ring_contours(frames: int, size: tuple[int, int]) -> Contours:
    """Return two closed circles in the middle of the image."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    middle = (size[1] / 2, size[0] / 2)
    inner = np.repeat((middle + 0.25 * min(size) * circle)[None], frames, axis=0)
    outer = np.repeat((middle + 0.4 * min(size) * circle)[None], frames, axis=0)
    return Contours(inner.astype(np.float32), outer.astype(np.float32), closed=True)


def some_measurements() -> Measurements:
    """Return a few rows: per frame, for the whole loop, with and without trust."""
    return Measurements(
        rows=(
            Measurement("speed_mean", "mean over the mask", "mask", 5.0, "cm/s", 6, 0.12, 0.75),
            Measurement("speed_mean", "mean over the mask", "mask", 1 / 3, "cm/s", 7, 0.14, 1.0),
            Measurement("ls_a4c", "end-systolic, midwall, Lagrangian", "global", -18.25, "%"),
        ),
        warnings=("ES from the smallest cavity area: a surrogate.",),
        omitted=(("vortex", "The tissue was tracked, not the blood."),),
    )
