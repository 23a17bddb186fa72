"""Pairs that are no scan: particle images, and plain smoothed noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform
from engine.training.motion import smooth_noise

Array = NDArray[np.float32]
Generator = np.random.Generator


def particle_pair(random: Generator, displacement: Array, margin: int) -> tuple[Array, Array]:
    """Draw bright particles on a dark ground, before and after the motion.

    Args:
        random: Source of randomness.
        displacement: Pull-back ``(2, S, S)``, px, on the patch with its margin.
        margin: Width of the margin, px.

    Returns:
        Fixed and moving image ``(S - 2 margin,) * 2`` in about 0..1.
    """
    outer = displacement.shape[1]
    spread = log_uniform(random, 0.7, 3.0)
    density = log_uniform(random, 0.01, 0.15) / spread**1.3
    count = int(outer * outer * density)
    x = random.uniform(0, outer - 1, count).astype(np.float32)
    y = random.uniform(0, outer - 1, count).astype(np.float32)
    bright = random.uniform(0.2, 1.0, count).astype(np.float32)
    lost = random.uniform(0.02, 0.3)
    moved = sample_at(displacement, x, y)
    images = []
    for positions, stay in (
        ((x, y), random.random(count) > lost),
        ((x + moved[0], y + moved[1]), random.random(count) > lost),
    ):
        image = _splat(positions[0], positions[1], bright * stay, outer)
        image = cv2.GaussianBlur(image, (0, 0), spread) * np.float32(2 * np.pi * spread**2)
        images.append(image[margin:-margin, margin:-margin] * np.float32(0.7))
    return images[0], images[1]


def noise_texture_pair(random: Generator, displacement: Array, margin: int) -> tuple[Array, Array]:
    """Draw a smooth random texture and the same pulled back through the motion.

    Args:
        random: Source of randomness.
        displacement: Pull-back ``(2, S, S)``, px, on the patch with its margin.
        margin: Width of the margin, px.

    Returns:
        Fixed and moving image ``(S - 2 margin,) * 2`` in about 0..1.
    """
    outer = displacement.shape[1]
    texture = np.zeros((outer, outer), np.float32)
    for _ in range(int(random.integers(1, 3))):
        length = log_uniform(random, 2.0, 12.0)
        noise = random.standard_normal((outer, outer), np.float32)
        layer = cv2.GaussianBlur(noise, (0, 0), length / 2)
        texture += layer / layer.std() * np.float32(random.uniform(0.3, 1))
    texture += np.float32(random.uniform(0, 2)) * smooth_noise(
        random, outer, log_uniform(random, 20, 120)
    )
    rows, columns = np.mgrid[:outer, :outer].astype(np.float32)
    fixed = cv2.remap(
        texture, columns + displacement[0], rows + displacement[1], cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    inner = slice(margin, -margin)
    low, high = np.percentile(texture[::4, ::4], (2, 98))
    gain = np.float32(1 / (high - low))
    return (fixed[inner, inner] - low) * gain, (texture[inner, inner] - low) * gain


def sample_at(displacement: Array, x: Array, y: Array) -> Array:
    """Return a displacement ``(2, S, S)`` at positions, ``(2, n)``, by linear interpolation."""
    count = len(x)
    width = 4096
    pad = -count % width
    map_x = np.pad(x, (0, pad)).reshape(-1, width)
    map_y = np.pad(y, (0, pad)).reshape(-1, width)
    return np.stack(
        [
            cv2.remap(
                component, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ).ravel()[:count]
            for component in displacement
        ]
    )


def _splat(x: Array, y: Array, value: Array, size: int) -> Array:
    """Add values to the four pixels about each position."""
    column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    inside = (row >= 0) & (row < size - 1) & (column >= 0) & (column < size - 1)
    column, row, value = column[inside], row[inside], value[inside]
    right, down = x[inside] - column, y[inside] - row
    total = np.zeros(size * size)
    for offset, weight in (
        (0, (1 - down) * (1 - right)),
        (1, (1 - down) * right),
        (size, down * (1 - right)),
        (size + 1, down * right),
    ):
        total += np.bincount(row * size + column + offset, value * weight, minlength=size * size)
    return total.reshape(size, size).astype(np.float32)
