"""How large a region is looked at: one of few pixels is enlarged first.

The network tells motion every four pixels. A wall of eight pixels, or a vortex of thirty, is then
told by two or seven places; enlarged, it looks as walls and vortices looked in the training
(figures in ``docs/experiments.md``).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.pyramid import scaled_size
from engine.registration.quality import bounding_box, mean_thickness

LEAST_WALL_PX: Final = 112
"""Longer side that a wall's box is enlarged to."""
LEAST_CAVITY_PX: Final = 256
"""The same of a cavity, in which blood turns on short ways."""
LARGEST_FACTOR: Final = 3.0
"""Enlarged by more, pixels are seen instead of speckle."""

_CAVITY_THICKNESS = 0.25
"""Thickness, relative to the box's longer side, from which a mask may be a cavity: walls at
end-diastole have up to a fifth, cavities two fifths and more."""
_CAVITY_FILLS = 0.7
"""Thickness of a cavity, relative to that of its convex hull, at least: a ring whose wall takes up
seven tenths of its radius has half."""


def working_factor(mask: NDArray[np.bool_]) -> float:
    """Return by how much a loop is enlarged before its motion is looked for.

    Args:
        mask: ``(T, H, W)``, at least one pixel inside.

    Returns:
        1 where the region is large enough, at most ``LARGEST_FACTOR``.
    """
    least = LEAST_CAVITY_PX if is_cavity(mask) else LEAST_WALL_PX
    return float(min(max(least / _longer_side(mask), 1.0), LARGEST_FACTOR))


def is_cavity(mask: NDArray[np.bool_]) -> bool:
    """Return whether a region is thick and fills its hull: a wall is a strip, or goes around.

    Args:
        mask: ``(T, H, W)``, at least one pixel inside.
    """
    fullest = np.asarray(mask[int(mask.sum(axis=(1, 2)).argmax())])
    thickness = mean_thickness(fullest)
    if thickness <= _CAVITY_THICKNESS * _longer_side(mask):
        return False
    return thickness > _CAVITY_FILLS * mean_thickness(_hull(fullest))


def _hull(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the convex hull of a mask ``(H, W)``."""
    rows, columns = np.nonzero(mask)
    corners = cv2.convexHull(np.stack([columns, rows], axis=1).astype(np.int32))
    return cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), corners, 1).astype(np.bool_)


def _longer_side(mask: NDArray[np.bool_]) -> int:
    """Return the longer side of the box that holds a region in all frames, px."""
    box = bounding_box(np.asarray(mask.any(axis=0)), 0)
    return max(int(part.stop - part.start) for part in box)


def enlarged(images: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Return images ``(T, H, W)`` enlarged by cubic interpolation; the same at a factor of 1."""
    return _resized(images, factor, cv2.INTER_CUBIC)


def enlarged_mask(mask: NDArray[np.bool_], factor: float) -> NDArray[np.bool_]:
    """Return masks ``(T, H, W)`` enlarged by the nearest pixel; the same at a factor of 1."""
    return _resized(mask.astype(np.uint8), factor, cv2.INTER_NEAREST).astype(np.bool_)


def _resized(images: NDArray[np.uint8], factor: float, how: int) -> NDArray[np.uint8]:
    """Resize each image; pixel centres follow the half-pixel convention."""
    if factor == 1:
        return images
    height, width = scaled_size(images.shape[1:], factor)
    large = [cv2.resize(image, (width, height), interpolation=how) for image in images]
    return np.stack(large).astype(np.uint8)
