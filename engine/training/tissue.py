"""Random anatomy: how strongly each place scatters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform
from engine.training.motion import smooth_noise

Array = NDArray[np.float32]
Generator = np.random.Generator


def random_regions(random: Generator, size: int) -> Array:
    """Draw a smooth field whose level lines serve as borders of walls and cavities.

    Args:
        random: Source of randomness.
        size: Height and width, px.

    Returns:
        Field ``(size, size)``, about unit variance, float32.
    """
    field = smooth_noise(random, size, log_uniform(random, 60, size))
    field += np.float32(0.3) * smooth_noise(random, size, log_uniform(random, 15, 60))
    return field + np.float32(random.normal(0, 0.4))


def random_echogenicity(random: Generator, regions: Array) -> Array:
    """Draw the scattering strength of a region of tissue.

    Args:
        random: Source of randomness.
        regions: Field from ``random_regions``.

    Returns:
        Amplitude factor ``(size, size)``, float32, about 1 in ordinary tissue.
    """
    size = regions.shape[0]
    level = np.zeros((size, size), np.float32)
    level += np.float32(random.uniform(0, 7)) * smooth_noise(
        random, size, log_uniform(random, 10, size)
    )
    if random.random() < 0.7:
        # A cavity, or a wall within darkness.
        edge = log_uniform(random, 0.01, 0.2)
        contrast = random.uniform(4, 32)
        side = regions if random.random() < 0.6 else random.uniform(0.3, 1.0) - np.abs(regions)
        level -= np.float32(contrast) / (1 + np.exp(np.clip(side / edge, -30, 30)))
    for _ in range(int(random.integers(0, 4))):
        # Specular lines: borders, chords, valves.
        lines = smooth_noise(random, size, log_uniform(random, 30, size))
        width = random.uniform(0.01, 0.08)
        line = np.exp(-((lines / width) ** 2)) * _patches(random, size, 40, 0.5)
        level += np.float32(random.uniform(3, 16)) * line
    if random.random() < 0.3:
        # Drop-out and shadow.
        level -= np.float32(random.uniform(5, 25)) * _patches(random, size, 80, 1.0)
    return np.asarray(10 ** (level / 20), np.float32)


def random_clutter(random: Generator, size: int) -> Array:
    """Draw the strength of static clutter: haze, near-field reverberation, bands.

    Args:
        random: Source of randomness.
        size: Height and width, px.

    Returns:
        Amplitude factor relative to tissue ``(size, size)``, float32; mostly zero.
    """
    strength = np.zeros((size, size), np.float32)
    if random.random() < 0.5:
        level = 10 ** (random.uniform(-26, -4) / 20)
        strength += np.float32(level) * _patches(random, size, 60, 0.7)
    if random.random() < 0.2:
        rows = np.arange(size, dtype=np.float32)[:, None]
        for _ in range(int(random.integers(1, 4))):
            centre, width = random.uniform(0, size), random.uniform(3, 20)
            level = 10 ** (random.uniform(-20, 2) / 20)
            band = np.exp(-(((rows - centre) / width) ** 2)).astype(np.float32)
            strength += np.float32(level) * band * _patches(random, size, 100, 0.3)
    return strength


def _patches(random: Generator, size: int, length: float, offset: float) -> Array:
    """Draw soft patches in 0..1; a greater offset leaves fewer of them."""
    noise = smooth_noise(random, size, length * random.uniform(0.6, 1.6))
    return np.asarray(1 / (1 + np.exp(-(noise - offset) / 0.25)), np.float32)
