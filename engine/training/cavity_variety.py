"""More variety than one scanner has: loops turned, stretched, re-toned, compressed and shaded.

What a network learns from one generator alone it takes for granted. Loops that differ in ways that
no heart and no scanner of the simulation has keep it to what matters: a dark cavity within walls.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.cavity_canvas import Image

Sector = NDArray[np.bool_]


def varied(
    frames: Image, cavities: Image, sector: Sector, rng: np.random.Generator
) -> tuple[Image, Image, Sector]:
    """Return a loop as another machine, setting or file might show it.

    Args:
        frames: ``(F, H, W)`` float32, grey values.
        cavities: ``(F, H, W)`` float32, 0 to 1.
        sector: ``(H, W)`` bool.
        rng: Decides what is done, and how much.
    """
    if rng.random() < 0.7:
        frames, cavities, sector = _turned(frames, cavities, sector, rng)
    frames = _toned(frames, rng)
    if rng.random() < 0.5:
        frames = _compressed(frames, int(rng.uniform(25, 90)))
    return _shaded(frames, sector, rng).astype(np.float32), cavities.astype(np.float32), sector


def _turned(
    frames: Image, cavities: Image, sector: Sector, rng: np.random.Generator
) -> tuple[Image, Image, Sector]:
    """Turn, scale, stretch and move heart and sector, or the heart within its sector."""
    height, width = sector.shape
    degrees = np.degrees(rng.normal(0, 0.10))
    scale, stretch = np.exp(rng.normal(0, 0.10)), np.exp(rng.normal(0, 0.10))
    turn = cv2.getRotationMatrix2D((width / 2, height * 0.3), degrees, scale)
    widen = np.array([[stretch, 0, width / 2 * (1 - stretch)], [0, 1, 0], [0, 0, 1]])
    matrix = np.vstack([turn, [0, 0, 1]]) @ widen
    matrix[0, 2] += rng.normal(0, 0.03) * height
    matrix[1, 2] += rng.normal(0, 0.03) * height

    def moved(image: NDArray[np.floating | np.bool_]) -> Image:
        source = np.asarray(image, np.float32)
        return np.asarray(cv2.warpAffine(source, matrix[:2], (width, height)), np.float32)

    frames = np.stack([moved(frame) for frame in frames])
    cavities = np.stack([moved(frame) for frame in cavities])
    if rng.random() < 0.5:
        return frames * sector, cavities * sector, sector
    return frames, cavities, moved(sector) > 0.5


def _toned(frames: Image, rng: np.random.Generator) -> Image:
    """Change gamma, cut off the darkest grey values, raise the gain."""
    if rng.random() < 0.6:
        gamma = np.exp(rng.normal(0, 0.3))
        frames = np.asarray(255 * np.clip(frames / 255, 0, 1) ** gamma, np.float32)
    if rng.random() < 0.3:
        frames = np.clip(frames - rng.uniform(0, 40), 0, None)
    if rng.random() < 0.3:
        frames = np.clip(frames * rng.uniform(1, 2.2), 0, 255)
    return frames


def _compressed(frames: Image, quality: int) -> Image:
    """Return frames as JPEG of a quality leaves them."""

    def once(frame: Image) -> Image:
        grey = np.clip(frame, 0, 255).astype(np.uint8)
        packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32)

    return np.stack([once(frame) for frame in frames])


def _shaded(frames: Image, sector: Sector, rng: np.random.Generator) -> NDArray[np.floating]:
    """Lay a shadow along a beam, and a veil over a part of the sector."""
    height, width = sector.shape
    y, x = np.mgrid[:height, :width]
    shown: NDArray[np.floating] = frames
    if rng.random() < 0.25:
        beam = np.arctan2(x - width / 2, y + 3)
        centre = rng.uniform(-0.7, 0.7)
        lost = rng.uniform(0.5, 1)
        shown = shown * (1 - lost * np.exp(-(((beam - centre) / rng.uniform(0.05, 0.2)) ** 2)))
    if rng.random() < 0.25:
        down, right = rng.uniform(0.05, 0.8), rng.uniform(0.2, 1.0)
        strength = rng.uniform(10, 70)
        away = ((y / height - down) / rng.uniform(0.05, 0.25)) ** 2
        away = away + ((x / height - right) / rng.uniform(0.05, 0.3)) ** 2
        shown = np.clip(shown + strength * np.exp(-away) * sector, 0, 255)
    return shown
