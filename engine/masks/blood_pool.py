"""The blood pool: dark, bounded by brighter wall."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from engine.model import Cine


def dark_region(cine: Cine, sector: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the dark piece nearest the sector's middle in every frame, ``(T, H, W)`` bool."""
    height, width = cine.shape[1:]
    sigma = 0.01 * max(height, width)
    middle = np.array(np.nonzero(sector)).mean(1)
    region = np.zeros(cine.shape, np.bool_)
    brightest = cv2.GaussianBlur(cine.frames.max(0), (0, 0), sigma)
    for k, frame in enumerate(cine.frames):
        smooth = cv2.GaussianBlur(frame, (0, 0), sigma)
        dark = (smooth < threshold_otsu(smooth[sector])) & sector
        dark &= brightest < np.percentile(brightest[sector], 60)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
        if count < 2:
            continue
        distance = np.hypot(centres[1:, 0] - middle[1], centres[1:, 1] - middle[0])
        area = stats[1:, cv2.CC_STAT_AREA] / sector.sum()
        score = np.where(area > 0.005, -distance, -np.inf)
        region[k] = labels == 1 + int(np.argmax(score))
    return region if region.any() else np.broadcast_to(sector, cine.shape).copy()
