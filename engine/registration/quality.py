"""How well a field fits: MSE, squared local correlation and folding within the mask.

Fit is not accuracy: all three are reported, and no setting is chosen by them alone.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from engine.errors import InputError
from engine.registration.warp import folding_fraction, warp

WINDOW = 21
"""Window of the reported correlation, px: the paper's radius of ten (section III-B)."""

_FLAT = 1e-5


class FieldQuality(NamedTuple):
    """Means over all pairs within the mask of the fixed frame.

    Attributes:
        mse: Mean squared error, intensities in [0, 1].
        nlcc: Squared local correlation, 21x21 window, 0 to 1.
        folding: Cells with a non-positive corner determinant, %.
    """

    mse: float
    nlcc: float
    folding: float


def field_quality(
    frames: NDArray[np.uint8], displacement: NDArray[np.float32], mask: NDArray[np.bool_]
) -> FieldQuality:
    """Measure the fit of a loop's fields.

    Args:
        frames: ``(T, H, W)`` uint8.
        displacement: ``(T-1, 2, H, W)``, pull-back from frame k+1 to k, (x, y), px.
        mask: ``(T, H, W)``; ``mask[k+1]`` counts for pair k.

    Raises:
        InputError: If the shapes do not fit one another.
    """
    count = len(displacement)
    if frames.shape != mask.shape or displacement.shape != (count, 2, *frames.shape[1:]):
        raise InputError(
            f"field_quality: frames {frames.shape}, mask {mask.shape} and displacement"
            f" {displacement.shape} must be (T, H, W) twice and (T-1, 2, H, W)."
        )
    rows = [
        pair_quality(frames[k + 1], frames[k], displacement[k], mask[k + 1])
        for k in range(count)
        if mask[k + 1].any()
    ]
    if not rows:
        return FieldQuality(float("nan"), float("nan"), float("nan"))
    mse, nlcc, folding = np.mean(rows, axis=0)
    return FieldQuality(float(mse), float(nlcc), float(folding))


def pair_quality(
    fixed: NDArray[np.uint8],
    moving: NDArray[np.uint8],
    displacement: NDArray[np.float32],
    mask: NDArray[np.bool_],
) -> FieldQuality:
    """Measure the fit of one pair; arguments as in ``field_quality`` without the frame axis."""
    box = bounding_box(mask, WINDOW // 2 + 1)
    inside = mask[box]
    field = torch.from_numpy(np.array(displacement[(slice(None), *box)], dtype=np.float32))[None]
    # The crop shares the moving image's grid: only its origin is moved.
    field[:, 0] += box[1].start
    field[:, 1] += box[0].start
    image = torch.from_numpy(np.array(moving, dtype=np.float32) / 255)[None, None]
    warped = warp(image, field)[0, 0].numpy()
    target = np.asarray(fixed[box], np.float32) / np.float32(255)
    field[:, 0] -= box[1].start
    field[:, 1] -= box[0].start
    weights = torch.from_numpy(inside.astype(np.float32))[None, None]
    folds = float(folding_fraction(field, weights)) if min(inside.shape) > 1 else 0.0
    error = float(np.mean((warped - target)[inside] ** 2))
    nlcc = float(local_correlation(target, warped)[inside].mean())
    return FieldQuality(error, nlcc, 100 * folds)


def local_correlation(
    fixed: NDArray[np.float32], warped: NDArray[np.float32], window: int = WINDOW
) -> NDArray[np.float32]:
    """Return the squared local correlation of two images (paper, Eq. 2) at every pixel.

    Args:
        fixed: ``(H, W)``, intensities in [0, 1].
        warped: ``(H, W)``, likewise.
        window: Odd window size, px; cut at the border.

    Returns:
        ``(H, W)`` in [0, 1]; 0 where either image is flat.
    """
    fixed = fixed - fixed.mean()
    warped = warped - warped.mean()
    count = _box_sum(np.ones_like(fixed), window)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return _box_sum(values, window) / count

    mean_fixed, mean_warped = mean(fixed), mean(warped)
    variance_fixed = np.maximum(mean(fixed * fixed) - mean_fixed**2, 0)
    variance_warped = np.maximum(mean(warped * warped) - mean_warped**2, 0)
    covariance = mean(fixed * warped) - mean_fixed * mean_warped
    guarded = (variance_fixed + _FLAT) * (variance_warped + _FLAT)
    result: NDArray[np.float32] = np.minimum(covariance**2 / guarded, 1)
    return result


def bounding_box(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Return rows and columns of a mask's bounding box with a margin, within the image.

    Args:
        mask: ``(H, W)`` with at least one pixel inside.
        margin: Border kept around it, px.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, height)),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, width)),
    )


def mean_thickness(mask: NDArray[np.bool_]) -> float:
    """Return the thickness of a mask taken for a strip, px: it lies t / 4 from its edge on average.

    Args:
        mask: ``(H, W)`` with at least one pixel inside.
    """
    return 4 * float(ndimage.distance_transform_edt(mask)[mask].mean())


def _box_sum(values: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Sum over a window; zero outside."""
    summed = cv2.boxFilter(
        values, cv2.CV_32F, (window, window), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(summed, np.float32)
