"""Simulated pairs of frames with their exact motion.

Scatterers sit at random places ``x`` of the fixed frame and at ``x + u(x)`` of the moving one, so
the pull-back displacement ``u`` is known without inverting anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform
from engine.training.motion import (
    MotionConfig,
    random_displacement,
    smooth_noise,
)
from engine.training.textures import noise_texture_pair, particle_pair, sample_at
from engine.training.tissue import random_clutter, random_echogenicity, random_regions
from engine.training.ultrasound import (
    Scanner,
    echo,
    random_display,
    random_scanner,
    receiver_noise,
    scan_convert,
)

Array = NDArray[np.float32]
Generator = np.random.Generator

SIMULATOR_VERSION = "4"
"""Written into the weights' provenance; raise it with every change of what is drawn."""

_MARGIN = 40
_MOST_SCATTERERS = 110_000


@dataclass(frozen=True)
class SimulationConfig:
    """What pairs are drawn.

    Attributes:
        size: Height and width of the images, px.
        particle_fraction: Fraction of particle images.
        texture_fraction: Fraction of plain smoothed-noise textures.
        motion: How displacements are drawn.
    """

    size: int = 256
    particle_fraction: float = 0.08
    texture_fraction: float = 0.06
    motion: MotionConfig = field(default_factory=MotionConfig)


@dataclass(frozen=True, eq=False)
class SimulatedPair:
    """Two frames and the motion between them.

    Attributes:
        fixed: ``(size, size)`` uint8.
        moving: ``(size, size)`` uint8.
        displacement: Pull-back ``(2, size, size)`` float32, components (x, y), px.
        weight: How much each pixel says about the motion, ``(size, size)`` float32 in 0..1; 0
            outside the sector.
    """

    fixed: NDArray[np.uint8]
    moving: NDArray[np.uint8]
    displacement: Array
    weight: Array


def simulate_pair(random: Generator, config: SimulationConfig | None = None) -> SimulatedPair:
    """Draw a pair.

    Args:
        random: Source of randomness; the same state gives the same pair.
        config: What to draw; None for the default.

    Returns:
        The pair with its exact displacement.
    """
    config = config or SimulationConfig()
    outer = config.size + 2 * _MARGIN
    regions = random_regions(random, outer)
    displacement = random_displacement(random, outer, config.motion, regions)
    kind = random.random()
    inner = slice(_MARGIN, -_MARGIN)
    if kind < config.particle_fraction:
        fixed, moving = particle_pair(random, displacement, _MARGIN)
        weight = np.ones_like(fixed)
    elif kind < config.particle_fraction + config.texture_fraction:
        fixed, moving = noise_texture_pair(random, displacement, _MARGIN)
        weight = np.ones_like(fixed)
    else:
        fixed, moving, weight = _scan(random, config.size, regions, displacement)
    first, second = _record(random, fixed, moving)
    return SimulatedPair(first, second, np.ascontiguousarray(displacement[:, inner, inner]), weight)


@dataclass(frozen=True, eq=False)
class _Scatterers:
    """Scatterers of the tissue: positions (px), complex echoes and their strength, ``(n,)``."""

    x: Array
    y: Array
    value: NDArray[np.complex64]
    strength: Array


def _scan(
    random: Generator, size: int, regions: Array, displacement: Array
) -> tuple[Array, Array, Array]:
    """Image scatterers before and after the motion; return fixed, moving and the weight."""
    outer = displacement.shape[1]
    scanner = random_scanner(random, size)
    middle = float(np.hypot(size / 2 - scanner.apex[0], size / 2 - scanner.apex[1]))
    cell = (2.355 * scanner.pulse) * (2.355 * scanner.beam * middle)
    sparse = random.random() < 0.15
    density = log_uniform(random, 0.15, 1.5) if sparse else random.uniform(3, 7)
    count = int(np.clip(outer * outer * density / cell, 200, _MOST_SCATTERERS))
    x = random.uniform(0, outer - 1, count).astype(np.float32)
    y = random.uniform(0, outer - 1, count).astype(np.float32)
    strength = random_echogenicity(random, regions)
    material = sample_at(strength[None], x, y)[0]
    scatter = _complex_normal(random, count) * material
    tissue = _Scatterers(x, y, scatter, material)
    renewed = _decorrelated(random, tissue, outer, sparse)
    moved = sample_at(displacement, x, y)
    still_x, still_y, still = _static_clutter(random, outer, count)
    frames = []
    for shift_x, shift_y, value in ((0.0, 0.0, scatter), (moved[0], moved[1], renewed)):
        frames.append(
            echo(
                scanner,
                np.concatenate([x + shift_x, still_x]) - np.float32(_MARGIN),
                np.concatenate([y + shift_y, still_y]) - np.float32(_MARGIN),
                np.concatenate([value, still]),
            )
        )
    power = float(np.sqrt(np.mean(frames[0] ** 2) * 2)) + 1e-9
    noise = power * 10 ** (random.uniform(-45, -8) / 20)
    frames = [part + np.float32(noise) * receiver_noise(random, scanner) for part in frames]
    display = random_display(random, scanner, power)
    fixed, moving = (scan_convert(scanner, part, display, size) for part in frames)
    weight = _tissue_weight(scanner, strength, size, noise / power)
    return fixed, moving, weight


def _decorrelated(
    random: Generator, tissue: _Scatterers, outer: int, sparse: bool
) -> NDArray[np.complex64]:
    """Replace part of the scatterers' echoes, as motion out of the plane does."""
    count = len(tissue.x)
    # Up to a third between neighbouring frames, more between frames that lie further apart.
    lost = random.uniform(0.02, 0.3) if random.random() < 0.75 else random.uniform(0.3, 0.8)
    local = np.exp(np.float32(random.uniform(0, 0.8)) * smooth_noise(random, outer, 50))
    local_at = sample_at(local[None], tissue.x, tissue.y)[0]
    share = np.clip(lost * local_at, 0, 0.9).astype(np.float32)
    fresh = _complex_normal(random, count) * tissue.strength
    if sparse or random.random() < 0.3:
        gone = random.random(count) < share
        return np.where(gone, fresh, tissue.value).astype(np.complex64)
    return np.asarray(np.sqrt(1 - share) * tissue.value + np.sqrt(share) * fresh, np.complex64)


def _static_clutter(
    random: Generator, outer: int, count: int
) -> tuple[Array, Array, NDArray[np.complex64]]:
    """Draw scatterers that stay where they are: haze and reverberation."""
    strength = random_clutter(random, outer)
    if not strength.any():
        none = np.zeros(0, np.float32)
        return none, none, np.zeros(0, np.complex64)
    count //= 2
    x = random.uniform(0, outer - 1, count).astype(np.float32)
    y = random.uniform(0, outer - 1, count).astype(np.float32)
    factor = np.float32(np.sqrt(2)) * sample_at(strength[None], x, y)[0]
    return x, y, np.asarray(_complex_normal(random, count) * factor, np.complex64)


def _complex_normal(random: Generator, count: int) -> NDArray[np.complex64]:
    """Draw complex Gaussian numbers of unit power."""
    parts = random.standard_normal((count, 2), np.float32) * np.float32(np.sqrt(0.5))
    return parts.view(np.complex64)[:, 0]


def _tissue_weight(scanner: Scanner, strength: Array, size: int, noise: float) -> Array:
    """Weigh pixels: 0 outside the sector, least where the noise drowns the echoes."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    sample, line, _ = scanner.indices(columns, rows)
    inside = (sample > 0) & (sample < scanner.shape[0] - 1)
    inside &= (line > 0) & (line < scanner.shape[1] - 1)
    signal = strength[_MARGIN : _MARGIN + size, _MARGIN : _MARGIN + size]
    visible = signal**2 / (signal**2 + np.float32(4 * noise**2) + np.float32(1e-4))
    return np.asarray(inside * (0.2 + 0.8 * visible), np.float32)


def _record(
    random: Generator, fixed: Array, moving: Array
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Resample, add noise, and store with eight bits, sometimes compressed."""
    blur = random.uniform(0.3, 1.3) if random.random() < 0.35 else 0.0
    sharpen = random.uniform(0.2, 0.8) if random.random() < 0.15 else 0.0
    gain = log_uniform(random, 0.5, 1.2)
    drift = log_uniform(random, 0.93, 1.07)
    noise = log_uniform(random, 0.002, 0.08) if random.random() < 0.5 else 0.0
    quality = int(random.integers(35, 95)) if random.random() < 0.4 else 0
    stored = []
    for frame, factor in ((fixed, gain), (moving, gain * drift)):
        image = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
        if sharpen:
            image = image + np.float32(sharpen) * (image - cv2.GaussianBlur(image, (0, 0), 1.5))
        image = image * np.float32(factor)
        if noise:
            image = image + np.float32(noise) * random.standard_normal(image.shape, np.float32)
        grey = np.clip(255 * image + 0.5, 0, 255).astype(np.uint8)
        if quality:
            code = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            grey = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
        stored.append(np.asarray(grey, np.uint8))
    return stored[0], stored[1]
