"""What stands between the echo and the picture: artefacts, clutter, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.phantom.config import REFERENCE_DEPTH_MM, PhantomConfig
from engine.phantom.layout import Layout
from engine.phantom.speckle import Echo, Imager, random_weights
from engine.phantom.timing import smooth_step

HEADROOM_DB = 25.0
"""Level of white over the wall's mean power, dB."""

Map = NDArray[np.float32]
Values = NDArray[np.float64]


class Receiver:
    """Turns the echo of each frame into grey values.

    Args:
        config: Of the phantom.
        layout: Of the view.
        imager: Forms the static clutter's speckle, so that it looks like the rest.
        rng: Source of all randomness of the receiver.
    """

    def __init__(
        self, config: PhantomConfig, layout: Layout, imager: Imager, rng: np.random.Generator
    ) -> None:
        self._config = config
        self._rng = rng
        self._fan = layout.fan()
        depth, angle = (value.reshape(layout.size) for value in layout.polar(layout.grid()))
        self._gain = _gain(config, depth, angle, layout.half_angle)
        self._noise = (config.noise * (0.4 + 1.2 * depth / REFERENCE_DEPTH_MM)).astype(np.float32)
        self._static = _static_echo(config, layout, imager, depth, rng)

    def grey(self, echo: Echo) -> NDArray[np.uint8]:
        """Return the picture, ``(H, W)`` uint8; 0 outside the fan."""
        total = echo * self._gain + self._static
        if self._config.noise:
            total = total + self._noise * self._fresh_noise()
        power = total.real**2 + total.imag**2
        level = 10 * np.log10(power + np.float32(1e-10)) - HEADROOM_DB
        grey = np.clip(1 + level / self._config.dynamic_range_db, 0, 1) * 255
        grey[~self._fan] = 0
        return np.rint(grey).astype(np.uint8)

    def _fresh_noise(self) -> Echo:
        height, width = self._fan.shape
        white = self._rng.standard_normal((height, width, 2), dtype=np.float32)
        # Scan conversion interpolates the beams, so noise is never quite white in the picture.
        sigma = 0.7
        smooth = cv2.GaussianBlur(white, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        noise: Echo = smooth.view(np.complex64)[..., 0] * np.float32(sigma * np.sqrt(2 * np.pi))
        return noise


def _gain(config: PhantomConfig, depth: Values, angle: Values, half_angle: float) -> Map:
    """Return the loss by drop-out (one flank) and by a shadow behind a near obstacle."""
    flank = smooth_step(1 - np.abs(angle - 0.52 * half_angle) / (0.28 * half_angle))
    flank = flank * smooth_step((depth - 25) / 20)
    behind = smooth_step(1.6 - np.abs(angle + 0.35 * half_angle) / (0.09 * half_angle))
    behind = behind * smooth_step((depth - 38) / 6)
    gain = (1 - 0.97 * config.drop_out * flank) * (1 - 0.97 * config.shadow * behind)
    return gain.astype(np.float32)


def _static_echo(
    config: PhantomConfig, layout: Layout, imager: Imager, depth: Values, rng: np.random.Generator
) -> Echo | np.float32:
    """Return all that rests: clutter, reverberation bands and near-field haze."""
    level = config.clutter * np.exp(-depth / 80) * 1.5
    for band in (30.0, 58.0):
        level = level + config.reverberation * np.exp(-0.5 * ((depth - band) / 1.6) ** 2)
    level = level + config.haze * np.exp(-((depth / 24) ** 2))
    if not level.any():
        return np.float32(0)
    height, width = layout.size
    count = round(imager.density * height * width)
    points = rng.uniform((0, 0), (width, height), (count, 2))
    static: Echo = imager.echo(points, random_weights(count, rng)) * level.astype(np.float32)
    return static
