"""Images of scatterers as a sector scanner makes them: on beams, then scan converted.

Scatterers are summed as complex echoes on a polar grid (range, angle), blurred by the pulse and
the beam, detected, compressed and brought to the Cartesian grid. The beam is constant in angle,
so speckle widens with depth and its long axis turns with the beam.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform
from engine.training.motion import smooth_noise

Array = NDArray[np.float32]
Generator = np.random.Generator


@dataclass(frozen=True, eq=False)
class Scanner:
    """One random scanner looking at one patch.

    Attributes:
        apex: Position (x, y) of the beams' origin, px of the patch.
        tilt: Angle of the middle beam from straight down, rad.
        near: Range of the first sample, px.
        first: Angle of the first beam from the middle, rad.
        step_range: Distance of range samples, px.
        step_angle: Distance of beams, rad.
        shape: Number of range samples and of beams.
        pulse: Deviation of the pulse along range, px.
        beam: Deviation of the beam across, rad.
        wavelength: Of the echo's phase along range, px.
    """

    apex: tuple[float, float]
    tilt: float
    near: float
    first: float
    step_range: float
    step_angle: float
    shape: tuple[int, int]
    pulse: float
    beam: float
    wavelength: float

    def polar(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return range (px) and angle (rad from the middle beam) of positions in the patch."""
        across, along = x - self.apex[0], y - self.apex[1]
        angle = np.arctan2(across, along) - self.tilt
        angle = (angle + np.pi) % (2 * np.pi) - np.pi
        return np.hypot(across, along).astype(np.float32), angle.astype(np.float32)

    def indices(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """Return sample and beam indices (fractional) and the range of positions."""
        distance, angle = self.polar(x, y)
        sample = (distance - self.near) / np.float32(self.step_range)
        line = (angle - np.float32(self.first)) / np.float32(self.step_angle)
        return sample.astype(np.float32), line.astype(np.float32), distance


def random_scanner(random: Generator, size: int) -> Scanner:
    """Draw a scanner whose sector holds a patch of ``size`` px or its edge.

    Args:
        random: Source of randomness.
        size: Height and width of the patch, px.

    Returns:
        The scanner.
    """
    distance = log_uniform(random, 0.15 * size, 3.5 * size)
    tilt = random.normal(0, 0.35)
    middle = size / 2
    to_middle = distance + middle
    aim = tilt + random.normal(0, 0.25)
    apex = (middle - to_middle * np.sin(aim), middle - to_middle * np.cos(aim))
    corners = np.array([[0, 0], [0, size], [size, 0], [size, size]], np.float32)
    across, along = corners[:, 0] - apex[0], corners[:, 1] - apex[1]
    angles = (np.arctan2(across, along) - tilt + np.pi) % (2 * np.pi) - np.pi
    half = min(float(np.abs(angles).max()) + 0.02, random.choice([0.65, 0.75, 0.9]))
    ranges = np.hypot(across, along)
    far = float(ranges.max()) + 4
    if random.random() < 0.1:
        far = to_middle + random.uniform(0.1, 0.4) * size
    near = max(2.0, float(to_middle - 0.75 * size))
    pulse = log_uniform(random, 1.3, 13.0) / 2.355
    across_px = float(np.clip(2.355 * pulse * log_uniform(random, 0.8, 3.0), 1.5, 26.0)) / 2.355
    beam = across_px / to_middle
    step_range = max(0.55 * pulse, 0.33)
    step_angle = max(0.55 * beam, 0.33 / far)
    first = max(-half, float(angles.min()) - 4 * beam)
    last = min(half, float(angles.max()) + 4 * beam)
    shape = (int((far - near) / step_range) + 2, max(int((last - first) / step_angle) + 2, 8))
    return Scanner(
        apex, tilt, near, first, step_range, step_angle, (min(shape[0], 1400), min(shape[1], 1400)),
        pulse, beam, pulse * 2.355 * random.uniform(0.5, 1.1),
    )  # fmt: skip


def echo(scanner: Scanner, x: Array, y: Array, amplitude: NDArray[np.complex64]) -> Array:
    """Sum scatterers into complex echoes, blurred by pulse and beam.

    Args:
        scanner: The scanner.
        x: Positions, px, ``(n,)``.
        y: Positions, px, ``(n,)``.
        amplitude: Complex strengths ``(n,)``.

    Returns:
        Real and imaginary part ``(samples, beams, 2)``, float32.
    """
    sample, line, distance = scanner.indices(x, y)
    phase = np.float32(4 * np.pi / scanner.wavelength) * distance
    value = amplitude * (np.cos(phase) - 1j * np.sin(phase))
    rows, columns = scanner.shape
    row, column = np.floor(sample).astype(np.int32), np.floor(line).astype(np.int32)
    inside = (row >= 0) & (row < rows - 1) & (column >= 0) & (column < columns - 1)
    row, column, value = row[inside], column[inside], value[inside]
    down, right = sample[inside] - row, line[inside] - column
    place = row * columns + column
    total = np.zeros((rows * columns, 2), np.float32)
    parts = (
        (0, (1 - down) * (1 - right)),
        (1, (1 - down) * right),
        (columns, down * (1 - right)),
        (columns + 1, down * right),
    )
    places = np.concatenate([place + offset for offset, _ in parts])
    for channel, component in enumerate((value.real, value.imag)):
        weights = np.concatenate([component * weight for _, weight in parts])
        total[:, channel] = np.bincount(places, weights, minlength=rows * columns)
    return _blur(total.reshape(rows, columns, 2), scanner)


def receiver_noise(random: Generator, scanner: Scanner) -> Array:
    """Draw the receiver's complex noise of unit power, limited to the pulse's band.

    Args:
        random: Source of randomness.
        scanner: The scanner.

    Returns:
        Real and imaginary part ``(samples, beams, 2)``, float32.
    """
    rows, columns = scanner.shape
    white = random.standard_normal((rows, columns, 2), np.float32)
    sigma = scanner.pulse / scanner.step_range * 0.7
    width = scanner.beam / scanner.step_angle * random.uniform(0.2, 0.7)
    noise = cv2.GaussianBlur(white, (0, 0), sigmaX=max(width, 0.1), sigmaY=max(sigma, 0.1))
    power = float(noise.std()) * np.sqrt(2) + 1e-9
    depth = np.linspace(-1, 1, rows, dtype=np.float32)[:, None, None]
    rise = np.exp(np.float32(random.uniform(-0.3, 1.2)) * depth)
    return np.asarray(noise * rise / np.float32(power), np.float32)


@dataclass(frozen=True)
class Display:
    """How detected echoes become grey values.

    Attributes:
        dynamic_range: Of the compression, dB; 0 means a power law.
        power: Exponent of the power law.
        reference: Echo amplitude shown as white.
        gamma: Of the grey values.
        smoothing: Deviations of the smoothing before scan conversion (samples, beams), px.
        stride: Only every stride-th beam is kept, as a coarse scan does.
        tgc: Gain along range ``(samples, 1)``.
    """

    dynamic_range: float
    power: float
    reference: float
    gamma: float
    smoothing: tuple[float, float]
    stride: int
    tgc: Array


def random_display(random: Generator, scanner: Scanner, level: float) -> Display:
    """Draw display settings for echoes of a typical amplitude ``level``."""
    rows = scanner.shape[0]
    tgc = np.exp(0.35 * smooth_noise(random, rows, rows / 3)[:, :1]).astype(np.float32)
    coarse = scanner.beam / scanner.step_angle
    return Display(
        dynamic_range=0.0 if random.random() < 0.15 else random.uniform(35, 75),
        power=random.uniform(0.25, 0.6),
        reference=level * 10 ** (random.uniform(5, 28) / 20),
        gamma=log_uniform(random, 0.6, 1.7),
        smoothing=(
            random.uniform(0, 1.0) * scanner.pulse / scanner.step_range * (random.random() < 0.5),
            random.uniform(0, 1.0) * coarse * (random.random() < 0.5),
        ),
        stride=int(np.clip(round(coarse * random.uniform(0.3, 1.4)), 1, 4)),
        tgc=tgc,
    )


def scan_convert(scanner: Scanner, echoes: Array, display: Display, size: int) -> Array:
    """Detect, compress and bring echoes to the Cartesian patch.

    Args:
        scanner: The scanner.
        echoes: Real and imaginary part ``(samples, beams, 2)``.
        display: Display settings.
        size: Height and width of the patch, px.

    Returns:
        Image ``(size, size)`` in 0..1; zero outside the sector.
    """
    envelope = cv2.magnitude(echoes[..., 0], echoes[..., 1]) * display.tgc
    ratio = envelope / np.float32(display.reference) + np.float32(1e-6)
    if display.dynamic_range > 0:
        grey = 1 + np.float32(20 / display.dynamic_range) * np.log10(ratio)
    else:
        grey = np.power(ratio, np.float32(display.power))
    grey = np.clip(grey, 0, 1).astype(np.float32)
    vertical, horizontal = display.smoothing
    if vertical > 0.1 or horizontal > 0.1:
        grey = cv2.GaussianBlur(
            grey, (0, 0), sigmaX=max(horizontal, 0.1), sigmaY=max(vertical, 0.1)
        )
    if display.gamma != 1:
        grey = np.power(grey, np.float32(display.gamma))
    grey = grey[:, :: display.stride]
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    sample, line, _ = scanner.indices(columns, rows)
    image = cv2.remap(
        np.ascontiguousarray(grey),
        line / np.float32(display.stride),
        sample,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(image, np.float32)


def _blur(echoes: Array, scanner: Scanner) -> Array:
    """Blur complex echoes by the pulse and the beam."""
    vertical = scanner.pulse / scanner.step_range
    horizontal = scanner.beam / scanner.step_angle
    blurred = cv2.GaussianBlur(echoes, (0, 0), sigmaX=horizontal, sigmaY=vertical)
    return np.asarray(blurred, np.float32)
