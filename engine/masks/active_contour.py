"""The paper's active contour: points on a circle, drawn to the boundary of a cavity's mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import active_contour

from engine.errors import InputError
from engine.masks.settings import BloodPoolConfig

Array = NDArray[np.float64]
WORKING_SIZE = 128


def circle_around(mask: NDArray[np.bool_], points: int) -> Array:
    """Return points on the circle of a mask's centre and equal area, ``(points, 2)``, px.

    Raises:
        InputError: If the mask is empty.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        raise InputError("The keyframe's mask is empty: draw the cavity at this frame.")
    angle = 2 * np.pi * np.arange(points) / points
    radius = np.sqrt(len(rows) / np.pi)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray([columns.mean(), rows.mean()] + radius * ring, np.float64)


def fit_active_contour(mask: NDArray[np.bool_], start: Array, config: BloodPoolConfig) -> Array:
    """Return the start contour drawn to the boundary of a mask, ``(N, 2)``, px.

    The contour descends in the distance to the boundary (scikit-image's line term), which pulls
    from far away, where an edge image pulls only nearby.

    Args:
        mask: ``(H, W)`` bool, the cavity of a keyframe.
        start: ``(N, 2)``, closed, px.
        config: Tension, stiffness, blur and steps.
    """
    rows, columns = np.nonzero(mask)
    margin = 0.25 * max(np.ptp(rows), np.ptp(columns)) + 4
    low = np.array([columns.min(), rows.min()]) - margin
    high = np.array([columns.max(), rows.max()]) + margin
    factor = min(1.0, WORKING_SIZE / float((high - low).max()))
    size = np.ceil((high - low) * factor).astype(int) + 1
    matrix = np.array([[factor, 0, -low[0] * factor], [0, factor, -low[1] * factor]])
    small = cv2.warpAffine(
        mask.astype(np.float32), matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR
    )
    inside = (small > 0.5).astype(np.uint8)
    distance = np.maximum(
        cv2.distanceTransform(inside, cv2.DIST_L2, 5),
        cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) - 1,
    )
    valley = cv2.GaussianBlur(distance, (0, 0), config.edge_sigma_px / 2)
    local = (np.asarray(start, np.float64) - low) * factor
    snake = active_contour(  # type: ignore[no-untyped-call]
        valley,
        local[:, ::-1],
        alpha=config.alpha,
        beta=config.beta,
        w_line=-0.5,
        w_edge=0.0,
        gamma=0.02,
        max_px_move=1.0,
        max_num_iter=config.iterations,
        boundary_condition="periodic",
    )
    return np.asarray(snake[:, ::-1] / factor + low, np.float64)
