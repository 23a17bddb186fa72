"""Phantoms whose wall is wiped out in places, for some of the time: hard cases for trust.

The picture is taken back to amplitudes, weakened, and given new noise. That is exact: circular
noise does not care for the phase of what it is added to. An echo that rests may be added, too, as
ribs and lungs leave it; it pins whoever follows the picture alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.phantom import Phantom
from engine.phantom.imaging import HEADROOM_DB

PLACES: Final = 3
LOSS: Final = 0.98
GRAIN_PX: Final = 0.7
STATIC_GRAIN_PX: Final = 2.0

Map = NDArray[np.float32]


def wiped(phantom: Phantom, noise: float, seed: int, *, static: float = 0.0) -> Phantom:
    """Return a wall phantom with three places of its wall wiped out.

    Args:
        phantom: With a middle of the wall.
        noise: Amplitude of the noise over that of the wall's speckle.
        seed: Of places, times and noise.
        static: Amplitude of the echo that rests, likewise.
    """
    rng = np.random.default_rng(seed)
    frames = phantom.cine.frames
    decibels = (frames.astype(np.float32) / 255 - 1) * phantom.config.dynamic_range_db
    amplitude = 10 ** ((decibels + HEADROOM_DB) / 20) * _gain(phantom, rng)
    still = static * _speckle(frames.shape[1:], STATIC_GRAIN_PX, rng)
    grey = np.empty(frames.shape, dtype=np.uint8)
    for frame, echo in enumerate(amplitude):
        added = still + noise * _speckle(echo.shape, GRAIN_PX, rng)
        level = 20 * np.log10(np.abs(echo + added) + 1e-5) - HEADROOM_DB
        seen = np.clip(1 + level / phantom.config.dynamic_range_db, 0, 1) * 255
        grey[frame] = np.where(frames[frame] > 0, np.rint(seen), 0)
    return replace(phantom, cine=replace(phantom.cine, frames=grey))


def _gain(phantom: Phantom, rng: np.random.Generator) -> Map:
    """Return the gain of every frame, ``(T, H, W)``: round places that fade out and in again."""
    if phantom.midwall is None:
        raise ValueError("wiped: the phantom must have a wall.")
    count, height, width = phantom.cine.frames.shape
    rows, columns = np.mgrid[:height, :width]
    gain = np.ones((count, height, width), dtype=np.float32)
    time = np.arange(count)
    for _ in range(PLACES):
        x, y = phantom.midwall[0][rng.integers(len(phantom.midwall[0]))]
        radius = rng.uniform(0.12, 0.28) * height
        place = np.clip(1.75 - 1.25 * np.hypot(columns - x, rows - y) / radius, 0, 1)
        length = max(2, round(rng.uniform(0.4, 1.0) * count))
        start = rng.integers(0, count - length + 1)
        lost = np.clip((np.minimum(time - start, start + length - 1 - time) + 1.5) / 2, 0, 1)
        gain *= (1 - LOSS * lost[:, None, None] * place).astype(np.float32)
    return gain


def _speckle(
    shape: tuple[int, ...], grain_px: float, rng: np.random.Generator
) -> NDArray[np.complex64]:
    """Return circular Gaussian speckle of unit power, ``shape``."""
    white = rng.standard_normal((*shape, 2), dtype=np.float32)
    smooth = np.asarray(cv2.GaussianBlur(white, (0, 0), grain_px, borderType=cv2.BORDER_REFLECT))
    # Two parts of unit variance have a power of two.
    scaled = (smooth / (np.float32(np.sqrt(2)) * smooth.std())).astype(np.float32)
    return scaled.view(np.complex64)[..., 0]
