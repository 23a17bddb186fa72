"""The paper's tissue mask: an intensity range, dilated. It is a region to register in, no wall."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masks.sector import pixel_aspect
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
        scales with the image's size and that is round in mm.
    """
    config = config or TissueRegionConfig()
    low = int(np.ceil(config.low * 255))
    high = int(np.floor(config.high * 255))
    disk = _disk(*dilation_radii(cine, config.dilation_px))
    region = np.empty(cine.shape, np.bool_)
    for k, frame in enumerate(cine.frames):
        within = ((frame >= low) & (frame <= high)).astype(np.uint8)
        if sector is not None:
            within &= sector.astype(np.uint8)
        region[k] = cv2.dilate(within, disk) > 0
        if sector is not None:
            region[k] &= sector
    return region


def dilation_radii(cine: Cine, radius_px: float) -> tuple[int, int]:
    """Return how many columns and rows a radius given at 1024x768 spans in a loop, at least 1 each.

    The paper's disk is meant on square pixels: where a pixel is wider than high, it spans fewer
    columns than rows.
    """
    height, width = cine.shape[1:]
    aspect = pixel_aspect(cine)
    area = height * width * aspect / (REFERENCE_SIZE[0] * REFERENCE_SIZE[1])
    rows = radius_px * float(np.sqrt(area))
    return max(1, round(rows / aspect)), max(1, round(rows))


def _disk(columns: int, rows: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[-rows : rows + 1, -columns : columns + 1]
    return np.asarray((x * rows) ** 2 + (y * columns) ** 2 <= (columns * rows) ** 2, np.uint8)
