"""Where the mitral annulus is: the end of each side, where leaflet and wall give way to the atrium.

Along each side, extended downwards, the bright wall outside and the leaflet's hinge inside both
end at the annulus. The fall of their brightness, pooled over neighbouring frames, moves the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates

from engine.masks.settings import AnnulusConfig
from engine.masks.shape import normals, resample
from engine.masks.wall import cavity_length

Array = NDArray[np.float64]


def refine_annulus(
    frames: NDArray[np.float32], contours: Array, config: AnnulusConfig | None = None
) -> Array:
    """Return apical contours whose ends lie on the annulus, ``(T, N, 2)``.

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        contours: ``(T, N, 2)``, open, px of those frames.
        config: Reach and weights.
    """
    config = config or AnnulusConfig()
    length = float(np.mean([cavity_length(curve, closed=False) for curve in contours]))
    moved = _slide_end(frames, contours, length, config)
    # The other side is the same contour run the other way round.
    moved = _slide_end(frames, moved[:, ::-1], length, config)[:, ::-1]
    return resample(moved, contours.shape[1], closed=False)


def _slide_end(
    frames: NDArray[np.float32], contours: Array, length: float, config: AnnulusConfig
) -> Array:
    """Slide the first point of every contour along its side."""
    points = contours.shape[1]
    stem = max(2, round(0.15 * points))
    down = contours[:, 0] - contours[:, stem]
    down /= np.linalg.norm(down, axis=1, keepdims=True) + 1e-12
    outward = normals(contours, closed=False)[:, :stem].mean(1)
    outward -= (outward * down).sum(1, keepdims=True) * down
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-12
    count = int(config.reach * length / 0.5)
    slide = 0.5 * np.arange(-count, count + 1)
    thickness = 0.11 * length
    wall = np.linspace(0.25, 0.9, 5) * thickness
    leaflet = -np.linspace(0.15, 0.8, 5) * thickness
    score = config.wall * _fall(frames, contours[:, 0], down, outward, slide, wall, length)
    score += config.leaflet * _fall(frames, contours[:, 0], down, outward, slide, leaflet, length)
    score += config.valve * _closed_valve(frames, contours, down, slide)
    if len(frames) > 1:
        score = gaussian_filter1d(score, 2.0, axis=0, mode="nearest") + score.mean(0)
    score -= config.stay * (slide / (config.reach * length)) ** 2
    shift = slide[score.argmax(1)]
    if len(frames) > 1:
        shift = gaussian_filter1d(shift, 2.0, mode="nearest")
    weight = np.clip(1 - np.arange(points) / (0.35 * points), 0, 1)
    return np.asarray(
        contours + shift[:, None, None] * weight[None, :, None] * down[:, None], np.float64
    )


def _fall(
    frames: NDArray[np.float32],
    ends: Array,
    down: Array,
    outward: Array,
    slide: Array,
    across: Array,
    length: float,
) -> Array:
    """Relative fall of a band's brightness at every slide, ``(T, S)``."""
    window = max(2, round(0.06 * length / 0.5))
    step = slide[1] - slide[0]
    wide = np.concatenate(
        [
            slide[0] + step * np.arange(-window, 0),
            slide,
            slide[-1] + step * np.arange(1, window + 1),
        ]
    )
    places = (
        ends[:, None, None]
        + wide[None, :, None, None] * down[:, None, None]
        + across[None, None, :, None] * outward[:, None, None]
    )
    band = np.stack(
        [
            map_coordinates(frame, place.reshape(-1, 2).T[::-1], order=1, mode="nearest")
            for frame, place in zip(frames, places, strict=True)
        ]
    ).reshape(places.shape[:3])
    profile = np.asarray(band.mean(2), np.float64)
    total = np.concatenate([np.zeros((len(profile), 1)), np.cumsum(profile, axis=1)], axis=1)
    middle = window + np.arange(len(slide))
    above = (total[:, middle] - total[:, middle - window]) / window
    below = (total[:, middle + window] - total[:, middle]) / window
    level = profile.mean(1, keepdims=True) + 1e-3
    return np.tanh((above - below) / level)


def _closed_valve(frames: NDArray[np.float32], contours: Array, down: Array, slide: Array) -> Array:
    """Brightness of lines parallel to the base where they are bright from end to end, ``(T, S)``.

    A low quantile along the line ignores open leaflets, which leave the middle dark.
    """
    part = np.linspace(0.1, 0.9, 11)[None, :, None]
    line = contours[:, :1] * (1 - part) + contours[:, -1:] * part
    places = line[:, None] + slide[None, :, None, None] * down[:, None, None]
    values = np.stack(
        [
            map_coordinates(frame, place.reshape(-1, 2).T[::-1], order=1, mode="nearest")
            for frame, place in zip(frames, places, strict=True)
        ]
    ).reshape(places.shape[:3])
    bright = np.quantile(values, 0.25, axis=2)
    level = values.mean((1, 2), keepdims=True)[..., 0] + 1e-3
    return np.asarray(np.tanh(bright / level - 1), np.float64)
