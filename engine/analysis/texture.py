"""How well the picture holds a vector: the texture's gradients against what does not match.

Where the wall's echo drops out the picture is dark, its texture is weak, and what there is does
not come again in the next frame. A least-squares step has a variance there that is large along
at least one direction (Cramer-Rao bound), whatever the field looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

_WINDOW_SIGMA: Final = 8.0
_GRADIENT_SIGMA: Final = 0.8
_BRIGHTNESS_SIGMA: Final = 4.0
_FLOOR_VARIANCE: Final = 4.0
_LEAST_INFORMATION: Final = 1e-3
_GREY_LEVELS: Final = 50.0
_SIGMA_OF_A_STEP: Final = 10.0

Image = NDArray[np.floating[Any]]


def imprecision(fixed: Image, warped: Image) -> Image:
    """Return the error that the picture allows for at each pixel by itself, ``(H, W)``, px.

    It is the root of the residual's local variance over the smaller eigenvalue of the local
    structure tensor, and ends near 30 px where there is no texture at all.

    Args:
        fixed: ``(H, W)``, grey levels.
        warped: The moving image at the solution, likewise.
    """
    down, right = np.gradient(_mean_blurred(fixed, warped, _GRADIENT_SIGMA))
    products = np.stack([right * right, down * down, right * down])
    xx, yy, xy = (blurred(product, _WINDOW_SIGMA) for product in products)
    smaller = 0.5 * (xx + yy) - np.sqrt(0.25 * (xx - yy) ** 2 + xy * xy)
    residual: Image = np.asarray(fixed - warped)
    variance = blurred(residual * residual, _WINDOW_SIGMA) - blurred(residual, _WINDOW_SIGMA) ** 2
    information = np.maximum(smaller, 0.0) / (np.maximum(variance, 0.0) + _FLOOR_VARIANCE)
    return np.asarray(1.0 / np.sqrt(information + _LEAST_INFORMATION))


def brightness(fixed: Image, warped: Image) -> Image:
    """Return the smoothed brightness of a place in both frames, ``(H, W)``, grey levels.

    Args:
        fixed: ``(H, W)``, grey levels 0 to 255.
        warped: The moving image at the solution, likewise.
    """
    return _mean_blurred(fixed, warped, _BRIGHTNESS_SIGMA)


def darkness(seen: Image, inside: NDArray[np.bool_]) -> Image:
    """Return how much darker than the mask's median a place is, in 50 grey levels.

    Args:
        seen: Brightness, of any shape, grey levels.
        inside: Of the same shape: the mask.
    """
    median = float(np.median(seen[inside])) if inside.any() else 0.0
    return np.asarray((median - seen) / _GREY_LEVELS)


def blurred(image: Image, sigma: float) -> Image:
    """Return a Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)


def mean_within(weight: Image, sigma: float) -> Callable[[Image], Image]:
    """Return a function that averages an image over the surroundings within a mask.

    Wide surroundings are summed on a coarser grid: they vary slowly.

    Args:
        weight: ``(H, W)`` float32, 0 to 1: the mask.
        sigma: Of the Gaussian surroundings, px.
    """
    height, width = weight.shape
    step = max(1, int(sigma / _SIGMA_OF_A_STEP))
    coarse = (max(1, round(width / step)), max(1, round(height / step)))

    def spread(image: Image) -> Image:
        part = np.asarray(image, dtype=np.float32)
        if step == 1:
            return blurred(part, sigma)
        small = np.asarray(cv2.resize(part, coarse, interpolation=cv2.INTER_AREA), np.float32)
        smooth = blurred(small, sigma / step)
        return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR))

    share = np.maximum(spread(weight), 1e-3)

    def mean(image: Image) -> Image:
        return np.asarray(spread(np.asarray(image * weight)) / share)

    return mean


def _mean_blurred(first: Image, second: Image, sigma: float) -> Image:
    return blurred(np.asarray(0.5 * (first + second)), sigma)
