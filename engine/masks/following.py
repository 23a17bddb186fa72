"""Places followed through a loop by dense optical flow, at the search's size.

A few points that a person gave at one frame tell where they are in the others: the flow (dense
inverse search, Kroeger et al., ECCV 2016, as OpenCV has it) is smoothed over some pixels, so a
place moves with the tissue around it, not with single speckles.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SMOOTHING: Final = 2.5
"""Standard deviation of the flow's smoothing, working px."""


def follow(frames: NDArray[np.float32], places: Array, first: int) -> Array:
    """Return where places of one frame are in all, ``(T, K, 2)``.

    Args:
        frames: ``(T, h, w)`` float32, grey values, smoothed.
        places: ``(K, 2)`` (x, y) in the frame ``first``, px.
        first: Frame that the places are of.
    """
    images = np.clip(np.rint(frames), 0, 255).astype(np.uint8)
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    flow.setFinestScale(0)
    found = np.repeat(np.asarray(places, np.float64)[None], len(frames), axis=0)
    for order in (range(first, len(frames) - 1), range(first, 0, -1)):
        for k in order:
            after = k + order.step
            motion = cv2.GaussianBlur(flow.calc(images[k], images[after], None), (0, 0), SMOOTHING)
            x, y = found[k].astype(np.float32).T
            move = cv2.remap(motion, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            found[after] = found[k] + move.reshape(-1, 2)
    return found
