"""Smoothing and sampling of arrays, typed once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates

Array = NDArray[np.float64]


def smooth_along(values: Array, sigma: float, axis: int, *, closed: bool = False) -> Array:
    """Return values smoothed by a Gaussian along an axis, which may run around (``closed``)."""
    if sigma <= 0 or values.shape[axis] < 2:
        return values
    if closed:
        return np.asarray(gaussian_filter1d(values, sigma, axis=axis, mode="wrap"), np.float64)
    return np.asarray(gaussian_filter1d(values, sigma, axis=axis, mode="nearest"), np.float64)


def sample_frames(frames: NDArray[np.float32], places: Array) -> Array:
    """Return the brightness at places of every frame, bilinear, ``(T, ...)``.

    Args:
        frames: ``(T, h, w)``.
        places: ``(T, ..., 2)`` (x, y), px; beyond the image its border counts.
    """
    values = [
        map_coordinates(frame, place.reshape(-1, 2).T[::-1], order=1, mode="nearest")
        for frame, place in zip(frames, places, strict=True)
    ]
    return np.stack(values).astype(np.float64).reshape(places.shape[:-1])


def evenly(first: float, last: float, count: int) -> Array:
    """Return evenly spaced numbers, both ends included."""
    return np.asarray(np.linspace(first, last, count), np.float64)
