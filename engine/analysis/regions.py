"""Small helpers on masks."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_RIM_PX: Final = 5
_LEAST_CAVITY: Final = 0.1


def bounding_box(mask: NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns that hold a mask ``(H, W)``, with a margin in px.

    The mask must hold at least one pixel.
    """
    spans = []
    for axis in (1, 0):
        used = np.flatnonzero(mask.any(axis=axis))
        low = max(0, int(used[0]) - margin)
        high = min(mask.shape[1 - axis], int(used[-1]) + 1 + margin)
        spans.append(slice(low, high))
    return spans[0], spans[1]


def towards_cavity(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return where a place lies across a wall, ``(H, W)``: 1 beside the cavity, -1 outside.

    The cavity is what a wall leaves of its convex hull. It is 0 everywhere for a mask that bends
    around nothing.

    Args:
        mask: ``(H, W)``: the wall, a ring or an arch; at least one pixel.
    """
    wall = np.pad(mask, 1).astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(wall))
    filled = np.zeros_like(wall)
    cv2.fillConvexPoly(filled, hull, 1)
    # What a straight hull leaves along a jagged border is no cavity.
    cavity = cv2.erode(filled - (filled & wall), np.ones((_RIM_PX, _RIM_PX), np.uint8))
    if cavity.sum() < _LEAST_CAVITY * mask.sum():
        return np.zeros(mask.shape, dtype=np.float32)
    inwards, outwards = (
        cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_5) for part in (1 - cavity, filled)
    )
    place = (outwards - inwards) / np.maximum(outwards + inwards, 1.0)
    return np.asarray(place[1:-1, 1:-1], dtype=np.float32)
