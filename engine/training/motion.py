"""Random smooth displacement fields with bounded gradients."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform

Array = NDArray[np.float32]
Generator = np.random.Generator


@dataclass(frozen=True)
class MotionConfig:
    """How displacements are drawn.

    Attributes:
        smallest: Least amplitude (root mean square), px.
        largest: Greatest amplitude, px.
        shortest: Shortest correlation length, px.
        steepest: Greatest gradient, px per px.
        swirl_fraction: Fraction with incompressible motion, as blood has.
        swirl_steepest: Greatest gradient of incompressible motion, px per px.
        zero_fraction: Fraction of pairs that do not move at all.
        piecewise_fraction: Fraction with two regions that move differently.
        regional_fraction: Fraction with large motion that changes over short distances, as a
            wall's fast phases have it.
        wall_fraction: Fraction in which a wall along the regions' border thickens and slides:
            motion along and across the border that peaks there and falls off on both sides.
    """

    smallest: float = 0.05
    largest: float = 15.0
    shortest: float = 12.0
    steepest: float = 0.3
    swirl_fraction: float = 0.5
    swirl_steepest: float = 0.6
    zero_fraction: float = 0.05
    piecewise_fraction: float = 0.3
    regional_fraction: float = 0.15
    wall_fraction: float = 0.25


def random_displacement(
    random: Generator, size: int, config: MotionConfig, regions: Array
) -> Array:
    """Draw a pull-back displacement.

    Args:
        random: Source of randomness.
        size: Height and width, px.
        config: Bounds and fractions.
        regions: Smooth random field ``(size, size)`` whose zero line parts the two regions of
            piecewise motion (so that motion and anatomy share their borders).

    Returns:
        Displacement ``(2, size, size)`` float32, components (x, y), px.
    """
    if random.random() < config.zero_fraction:
        return np.zeros((2, size, size), np.float32)
    if random.random() < config.wall_fraction:
        return _wall_motion(random, size, config, regions)
    if random.random() < config.regional_fraction:
        return _regional_motion(random, size, config)
    if random.random() < 0.65:
        amplitude = log_uniform(random, config.smallest, config.largest)
    else:
        amplitude = random.uniform(0.03, 1.0) * config.largest
    if random.random() < config.swirl_fraction:
        return _swirl(random, size, amplitude, config)
    field = _smooth_motion(random, size, amplitude, config)
    if random.random() >= config.piecewise_fraction:
        return field
    if random.random() < 0.4:
        other = np.zeros_like(field)
    else:
        other = _smooth_motion(random, size, amplitude * random.uniform(0.2, 1.2), config)
    # The transition is wide enough for the map to stay one to one.
    jump = float(np.abs(field - other).max())
    width = max(random.uniform(1.5, 25.0), 2.2 * jump)
    slope = float(np.abs(np.gradient(regions)).mean()) + 1e-6
    weight = 1 / (1 + np.exp(np.clip(-4 * regions / (slope * width), -30, 30)))
    joined = weight * field + (1 - weight) * other
    middle = joined.mean(axis=(1, 2), keepdims=True)
    shrink = min(1.0, 2 * config.steepest / (_steepness(joined) + 1e-6))
    return np.asarray(middle + shrink * (joined - middle), np.float32)


def smooth_noise(random: Generator, size: int, length: float) -> Array:
    """Draw a smooth Gaussian field of unit variance.

    Args:
        random: Source of randomness.
        size: Height and width, px.
        length: Correlation length, px.

    Returns:
        Field ``(size, size)`` float32.
    """
    knots = max(int(np.ceil(size / length)), 1) + 4
    coarse = random.standard_normal((knots, knots)).astype(np.float32)
    # A random origin hides the knots' lattice; cubic interpolation loses some variance.
    start = random.uniform(1, 2, 2)
    step = 1 / length
    ramp = np.arange(size, dtype=np.float32) * step
    map_x, map_y = np.meshgrid(ramp + start[0], ramp + start[1])
    field = cv2.remap(
        coarse,
        map_x.astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    if length > 8:
        # Smooth what the remap's kernel leaves at the knots.
        field = cv2.GaussianBlur(field, (0, 0), min(length / 4, 24.0))
    return np.asarray(field * np.float32(1.25), np.float32)


def _smooth_motion(random: Generator, size: int, amplitude: float, config: MotionConfig) -> Array:
    """Draw translation + affine + random octaves of a given amplitude and bounded gradient."""
    steepest = config.steepest * random.uniform(0.15, 1.0)
    moving = np.zeros((2, size, size), np.float32)
    for _ in range(int(random.integers(1, 4))):
        length = log_uniform(random, config.shortest, size)
        weight = random.uniform(0.2, 1.0)
        for component in range(2):
            moving[component] += np.float32(weight) * smooth_noise(random, size, length)
    if random.random() < 0.5:
        moving += np.float32(random.uniform(0.3, 2.0)) * _affine(random, size)
    moving *= np.float32(1 / (moving.std() + 1e-6))
    share = random.choice([0.0, random.uniform(0, 1), 1.0], p=[0.3, 0.5, 0.2])
    limit = steepest / (_steepness(moving) + 1e-6)
    moving *= np.float32(min(amplitude * np.sqrt(1 - 0.98 * share) / 1.4, limit))
    angle = random.uniform(0, 2 * np.pi)
    shift = amplitude * np.sqrt(share) * np.array([np.cos(angle), np.sin(angle)])
    return np.asarray(moving + shift[:, None, None], np.float32)


def _swirl(random: Generator, size: int, amplitude: float, config: MotionConfig) -> Array:
    """Draw incompressible motion: the turned gradient of a random stream function, and a drift.

    Rotation keeps areas, so such fields may be much steeper than others without folding.
    """
    stream = np.zeros((size, size), np.float32)
    for _ in range(int(random.integers(1, 4))):
        length = log_uniform(random, 2 * config.shortest, size / 2)
        stream += np.float32(random.uniform(0.2, 1.0)) * smooth_noise(random, size, length)
    down, right = np.gradient(cv2.GaussianBlur(stream, (0, 0), 3))
    turning = np.stack([down, -right]).astype(np.float32)
    turning *= np.float32(1 / (turning.std() + 1e-6))
    steepest = config.swirl_steepest * random.uniform(0.15, 1.0)
    limit = steepest / (_steepness(turning) + 1e-6)
    turning *= np.float32(min(amplitude, limit))
    drift = random.normal(0, 0.5 * min(amplitude, 6.0), 2)
    return np.asarray(turning + drift[:, None, None], np.float32)


def _regional_motion(random: Generator, size: int, config: MotionConfig) -> Array:
    """Draw motion that is large for its correlation length: as steep as is allowed."""
    length = log_uniform(random, 40, 160)
    field = np.stack([smooth_noise(random, size, length) for _ in range(2)])
    if random.random() < 0.5:
        # Mostly along one direction, as along a wall.
        angle = random.uniform(0, 2 * np.pi)
        along = np.array([np.cos(angle), np.sin(angle)], np.float32)[:, None, None]
        field = along * field[0] + np.float32(0.2) * field
    field -= np.float32(random.random()) * field.mean(axis=(1, 2), keepdims=True)
    steepest = config.steepest * random.uniform(0.5, 1.1) / (_steepness(field) + 1e-6)
    largest = config.largest / (float(np.abs(field).max()) + 1e-6)
    return np.asarray(field * np.float32(min(steepest, largest)), np.float32)


def _wall_motion(random: Generator, size: int, config: MotionConfig, regions: Array) -> Array:
    """Draw the motion of a wall whose thickness changes, beside what rests or is dragged along.

    A heart's wall moves most at its inner edge, less at its outer one, and the cavity's content
    next to it need not move at all; the profile across the wall is the same along much of it.
    """
    smooth = cv2.GaussianBlur(regions, (0, 0), random.uniform(8, 24))
    down, right = np.gradient(smooth)
    steep = np.sqrt(down**2 + right**2)
    typical = np.median(steep)
    # Where the level is flat no direction is defined; there the motion fades.
    soft = np.sqrt(steep**2 + (0.7 * typical) ** 2) + 1e-6
    across = np.stack([right / soft, down / soft]).astype(np.float32)
    # Levels turned into a depth in px, 0 at the border where the brightness changes.
    level = 0.0 if random.random() < 0.7 else random.uniform(-0.8, 0.8)
    depth = (smooth - np.float32(level)) / np.float32(typical + 1e-6)
    thickness = log_uniform(random, 15, 90)
    reach = log_uniform(random, 6, 200)
    outer = random.uniform(-0.2, 0.8)
    profile = np.interp(
        depth, [-reach, 0.0, thickness, 3 * thickness], [0.0, 1.0, outer, outer / 2]
    ).astype(np.float32)
    if random.random() < 0.7:
        profile = cv2.GaussianBlur(profile, (0, 0), random.uniform(0.7, 6))
    along = np.stack([-across[1], across[0]])
    strength = [1 + random.uniform(0, 1) * smooth_noise(random, size, 120) for _ in range(2)]
    turn = random.normal(0, 1.0 if random.random() < 0.5 else 0.2)
    field = profile * (across * strength[0] + np.float32(turn) * along * strength[1])
    low = min(4 * config.smallest, config.largest)
    amplitude = log_uniform(random, low, config.largest)
    steepest = config.steepest * random.uniform(0.3, 1.1) / (_steepness(field) + 1e-6)
    field = field * np.float32(min(amplitude / (float(np.abs(field).max()) + 1e-6), steepest))
    share = random.choice([0.0, 0.3, 1.0])
    whole = _smooth_motion(random, size, share * amplitude + 1e-3, config)
    return np.asarray(field + whole, np.float32)


def _affine(random: Generator, size: int) -> Array:
    """Draw a linear field of unit deviation about a random centre."""
    centre = random.uniform(0, size, 2)
    rows, columns = np.mgrid[:size, :size]
    matrix = random.standard_normal((2, 2))
    x, y = columns - centre[0], rows - centre[1]
    field = np.stack([matrix[0, 0] * x + matrix[0, 1] * y, matrix[1, 0] * x + matrix[1, 1] * y])
    return np.asarray(field / (field.std() + 1e-6), np.float32)


def _steepness(field: Array) -> float:
    """Return nearly the greatest gradient of any component, px per px."""
    coarse = field[:, ::2, ::2]
    across = np.abs(np.diff(coarse, axis=1)).max(), np.abs(np.diff(coarse, axis=2)).max()
    return float(max(across)) / 2
