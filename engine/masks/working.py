"""The loop at a reduced, fixed size: the sector fills it and the probe is at the top."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masks.sector import Sector, pixel_aspect
from engine.model import Cine

COARSE_HEIGHT: Final = 112
"""Rows at which the left ventricle is searched, px."""
SMOOTHING: Final = 1.2
"""Standard deviation of the smoothing of frames at their working size, px."""


@dataclass(frozen=True, eq=False)
class WorkingLoop:
    """Smoothed frames on a small grid with the way back to the source's pixels.

    Attributes:
        frames: ``(T, h, w)`` float32, grey values, smoothed over some pixels.
        sector: ``(h, w)`` bool.
        origin_px: Source coordinates (x, y) of the crop's corner, px.
        factor: Working pixels per source pixel (x, y); they differ where the source's pixels are
            not square.
        flipped: Whether rows run from bottom to top of the source (probe at the bottom).
        source_height: Rows of the crop, source px.
    """

    frames: NDArray[np.float32]
    sector: NDArray[np.bool_]
    origin_px: tuple[float, float]
    factor: tuple[float, float]
    flipped: bool
    source_height: int
    size: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.sector.shape)

    def to_working(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return source points ``(..., 2)`` (x, y) on the working grid."""
        local = np.asarray(points, np.float64) - self.origin_px
        if self.flipped:
            local[..., 1] = self.source_height - 1 - local[..., 1]
        return np.asarray((local + 0.5) * self.factor - 0.5, np.float64)

    def normalised(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return working points with x from the middle, in units of the height."""
        centre = np.array([self.size[1] / 2, 0.0])
        scaled = (np.asarray(points, np.float64) - centre) / self.size[0]
        return np.asarray(scaled, np.float64)

    def to_source(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return working points ``(..., 2)`` (x, y) on the source's grid."""
        local = (np.asarray(points, np.float64) + 0.5) / self.factor - 0.5
        if self.flipped:
            local[..., 1] = self.source_height - 1 - local[..., 1]
        return local + self.origin_px


def make_working(
    cine: Cine, sector: Sector, height: int, sigma: float, *, flip: bool | None = None
) -> WorkingLoop:
    """Crop the loop to its sector, bring it to a height in square pixels and smooth it.

    Args:
        cine: The loop.
        sector: Its sector.
        height: Rows of the result, px.
        sigma: Standard deviation of the smoothing, working px.
        flip: Whether the probe is at the bottom; None believes the sector's fan.
    """
    rows, columns = np.nonzero(sector.mask.any(1))[0], np.nonzero(sector.mask.any(0))[0]
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    factor = height / (bottom - top)
    across = factor * pixel_aspect(cine)
    size = (max(8, round((right - left) * across)), height)
    method = cv2.INTER_AREA if min(factor, across) < 1 else cv2.INTER_LINEAR
    flipped = flip if flip is not None else sector.fan is not None and sector.fan.apex_down
    frames = np.empty((cine.shape[0], size[1], size[0]), np.float32)
    for k, frame in enumerate(cine.frames):
        small = cv2.resize(frame[top:bottom, left:right], size, interpolation=method)
        if flipped:
            small = small[::-1]
        frames[k] = cv2.GaussianBlur(np.ascontiguousarray(small, np.float32), (0, 0), sigma)
    mask = cv2.resize(
        sector.mask[top:bottom, left:right].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST
    )
    mask = mask[::-1] if flipped else mask
    return WorkingLoop(
        frames, np.ascontiguousarray(mask > 0), (left, top), (across, factor), flipped, bottom - top
    )
