"""How a sector scan shows a painted heart: speckle along the beams, gain, shadows, haze, noise."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.registration.known_motion import log_uniform
from engine.training.cavity_canvas import Image
from engine.training.cavity_hearts import Heart

_DEPTHS: Final = 150
_BEAMS: Final = 120
_WIDEST: Final = 0.9
_DEEPEST: Final = 1.05
_PROBE: Final = 0.02
"""How far above the image the beams meet, of its height."""


class Scanner:
    """One setting of an imaginary scanner, drawn at random.

    Attributes:
        size: (height, width) of its images, px.
        sector: ``(H, W)`` bool.
    """

    def __init__(self, rng: np.random.Generator, height: int) -> None:
        """Draw a setting for images of a height."""
        self._half = rng.uniform(0.5, 0.85)
        wide = int(np.clip(2 * np.sin(self._half) * height * rng.uniform(0.72, 1.02), 80, 144))
        self.size = (height, height if rng.random() < 0.45 else wide // 8 * 8)
        self._grain = (rng.uniform(0.8, 2.6), rng.uniform(0.5, 1.1))
        self._range_db = rng.uniform(34, 62)
        self._top = log_uniform(rng, 0.7, 5)
        self._gamma = rng.uniform(0.7, 1.4)
        self._level = 255 * rng.uniform(0.45, 1)
        self._haze = (rng.uniform(0, 0.35) if rng.random() < 0.6 else 0.0, rng.uniform(0.08, 0.3))
        self._veil = 8 * rng.uniform(0, 0.06) ** 2
        self._blur = rng.uniform(0, 0.9)
        self._noise = rng.uniform(0, 6)
        self._renewed = rng.uniform(0.2, 1)
        self._geometry()
        self._gain = self._drawn_gain(rng)

    def scan(
        self, heart: Heart, phases: list[tuple[float, float]], rng: np.random.Generator
    ) -> tuple[Image, Image]:
        """Return frames (grey values) and cavities (0 to 1), ``(F, H, W)`` each.

        Args:
            heart: What is seen.
            phases: Systole and opening of every frame, each 0 to 1.
            rng: Of speckle and noise.
        """
        lasting = rng.normal(size=(2, _DEPTHS, _BEAMS))
        frames, cavities = [], []
        for systole, opening in phases:
            echo, cavity = heart.painted(*self.size, systole, opening)
            fresh = rng.normal(size=lasting.shape)
            speckle = fresh * np.sqrt(self._renewed) + lasting * np.sqrt(1 - self._renewed)
            image = self._formed(echo * self._gain + self._fog, speckle)
            noisy = image + rng.normal(0, self._noise, image.shape)
            frames.append(np.where(self.sector, np.clip(np.rint(noisy), 0, 255), 0))
            cavities.append(cavity)
        return np.asarray(frames, np.float32), np.asarray(cavities, np.float32)

    def _geometry(self) -> None:
        height, width = self.size
        y, x = np.mgrid[:height, :width].astype(np.float32)
        x, y = (x - width / 2) / height, y / height + _PROBE
        self._depth, self._angle = np.hypot(x, y), np.arctan2(x, y)
        self.sector: NDArray[np.bool_] = (
            (np.abs(self._angle) < self._half) & (self._depth < 1.02) & (self._depth > 0.03)
        )
        depth, angle = np.meshgrid(
            np.linspace(0, _DEEPEST, _DEPTHS),
            np.linspace(-_WIDEST, _WIDEST, _BEAMS),
            indexing="ij",
        )
        self._to_polar = (
            (depth * np.sin(angle) * height + width / 2).astype(np.float32),
            ((depth * np.cos(angle) - _PROBE) * height).astype(np.float32),
        )
        self._to_image = (
            ((self._angle + _WIDEST) / (2 * _WIDEST) * (_BEAMS - 1)).astype(np.float32),
            (self._depth / _DEEPEST * (_DEPTHS - 1)).astype(np.float32),
        )
        self._fog = self._veil + self._haze[0] * np.exp(-((self._depth / self._haze[1]) ** 2))

    def _drawn_gain(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return how strongly every place is seen: depth, patches, shadows, dim sides."""
        gain = np.exp(2 * rng.uniform(-0.9, 0.9) * (self._depth - 0.5))
        coarse = rng.normal(0, rng.uniform(0.15, 0.9), (4, 5)).astype(np.float32)
        gain *= np.exp(cv2.resize(coarse, self.size[::-1], interpolation=cv2.INTER_CUBIC))
        for _ in range(int(rng.choice([0, 0, 1, 1, 2]))):
            centre, width, left = rng.uniform((-self._half, 0.05, 0.05), (self._half, 0.25, 0.6))
            gain *= 1 - (1 - left) * np.exp(-(((self._angle - centre) / width) ** 2))
        if rng.random() < 0.5:
            side = np.clip((np.abs(self._angle) / self._half - 0.6) / 0.4, 0, 1)
            gain *= 1 - rng.uniform(0, 0.9) * side
        return np.asarray(gain, np.float64)

    def _formed(self, echo: NDArray[np.floating], speckle: NDArray[np.float64]) -> Image:
        """Return the log-compressed image of echo strengths, grey values."""
        strength = cv2.remap(
            echo.astype(np.float32), *self._to_polar, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        across, along = self._grain
        waves = [
            cv2.GaussianBlur(strength * part, (0, 0), sigmaX=across, sigmaY=along)
            for part in speckle
        ]
        envelope = np.hypot(*waves) * np.sqrt(4 * np.pi * across * along)
        decibel = 20 * np.log10(np.maximum(envelope / self._top, 1e-5))
        compressed = np.clip(1 + decibel / self._range_db, 0, 1) ** self._gamma
        image = cv2.remap(compressed.astype(np.float32), *self._to_image, cv2.INTER_LINEAR)
        if self._blur > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), self._blur)
        return np.asarray(self._level * image, np.float32)


def beat(frames: int, first: float = 0.0) -> list[tuple[float, float]]:
    """Return systole and opening of the mitral valve through a beat, 0 to 1 each.

    Args:
        frames: Evenly spaced over the beat.
        first: Phase of the first frame, 0 to 1; 0 is end-diastole.
    """
    phases = []
    for time in (first + np.arange(frames) / frames) % 1:
        if time < 0.35:
            systole = np.sin(np.pi * time / 0.7) ** 2
        else:
            systole = max(0.0, np.cos(np.pi * min((time - 0.35) / 0.35, 1) / 2) ** 2)
        if time < 0.42:
            opening = 0.0
        elif time < 0.6:
            opening = min(1.0, (time - 0.42) / 0.12)
        elif time < 0.93:
            opening = 0.35 + 0.6 * abs(np.sin(9 * (time - 0.6)))
        else:
            opening = max(0.0, 1 - (time - 0.93) / 0.05)
        phases.append((float(systole), float(opening)))
    return phases
