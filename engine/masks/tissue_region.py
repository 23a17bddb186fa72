"""The paper's tissue mask: an intensity range, dilated. It is a region to register in, no wall."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masks.settings import TissueRegionConfig
from engine.model import Cine

REFERENCE_SIZE: Final = (768, 1024)


def tissue_region(
    cine: Cine,
    sector: NDArray[np.bool_] | None = None,
    config: TissueRegionConfig | None = None,
) -> NDArray[np.bool_]:
    """Return the paper's tissue region of every frame.

    Args:
        cine: The loop, ``(T, H, W)`` uint8.
        sector: ``(H, W)`` bool; pixels outside it never count. None takes the whole image.
        config: Range and dilation; None takes the paper's.

    Returns:
        ``(T, H, W)`` bool: intensity / 255 within [low, high], dilated by a disk whose radius
        scales with the image's size.
    """
    config = config or TissueRegionConfig()
    low = int(np.ceil(config.low * 255))
    high = int(np.floor(config.high * 255))
    disk = _disk(scaled_radius(cine.shape[1:], config.dilation_px))
    region = np.empty(cine.shape, np.bool_)
    for k, frame in enumerate(cine.frames):
        within = ((frame >= low) & (frame <= high)).astype(np.uint8)
        if sector is not None:
            within &= sector.astype(np.uint8)
        region[k] = cv2.dilate(within, disk) > 0
        if sector is not None:
            region[k] &= sector
    return region


def scaled_radius(shape: tuple[int, ...], radius_px: float) -> int:
    """Return a radius given at 1024x768 in the pixels of an ``(H, W)`` image, at least 1."""
    area = float(shape[0] * shape[1]) / (REFERENCE_SIZE[0] * REFERENCE_SIZE[1])
    return max(1, round(radius_px * float(np.sqrt(area))))


def _disk(radius: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius, np.uint8)
