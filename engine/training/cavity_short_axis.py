"""Simulated hearts in short axis: a ring around a dark cavity, papillary muscles within it."""

from __future__ import annotations

import numpy as np

from engine.training.cavity_canvas import Array, Canvas, Image, ellipse
from engine.training.cavity_hearts import Strengths


class ShortAxisHeart:
    """A ring with what surrounds it.

    Attributes:
        short_axis: True.
    """

    short_axis = True

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw a heart."""
        self._echo = Strengths(rng)
        self._radius = rng.uniform(0.09, 0.27)
        self._centre = np.array(
            [0.08 * rng.normal(), np.clip(0.5 + 0.1 * rng.normal(), 0.25, 0.75)]
        )
        self._drift = 0.02 * rng.normal(size=2)
        self._ratio = float(np.exp(0.1 * rng.normal()))
        self._turn = rng.uniform(0, np.pi)
        self._shrink = rng.uniform(0.05, 0.45)
        self._thickness = rng.uniform(0.2, 0.6)
        self._waves = 0.03 * rng.normal(size=(2, 4))
        self._muscles = [
            (rng.uniform(0.3, 1.2) + np.pi * index, rng.uniform(0.12, 0.3))
            for index in range(int(rng.choice([0, 1, 2, 2])))
        ]
        self._side = 1.0 if rng.random() < 0.2 else -1.0
        self._seed = int(rng.integers(1 << 31))

    def painted(
        self, height: int, width: int, systole: float, opening: float
    ) -> tuple[Image, Image]:
        """Return echo strength and cavity; the valve is not seen."""
        rng = np.random.default_rng(self._seed)
        echo = self._echo
        canvas = Canvas(height, width, echo.background)
        canvas.texture(rng.lognormal(0, 1.0, (9, 11)))
        inner, outer = self._ring(systole, 0.0), self._ring(systole, self._thickness)
        if rng.random() < 0.8:
            self._right_heart(canvas, rng)
        wall = canvas.inside(outer)
        canvas.image[wall] = self._brightness(canvas, rng)[wall]
        if rng.random() < 0.5:
            arc = outer[int(rng.integers(0, 50)) :][:45]
            canvas.stroke(arc, echo.pericardium * rng.uniform(0.3, 1), 0.015)
        cavity = canvas.inside(inner)
        canvas.image[cavity] = echo.cavity
        radius = self._radius * (1 - self._shrink * systole)
        for angle, size in self._muscles:
            away = 0.72 * radius * np.array([np.cos(angle), np.sin(angle)])
            spot = (self._radius * size, self._radius * size)
            muscle = canvas.inside(ellipse(self._centre + systole * self._drift + away, spot, 0.0))
            canvas.image[muscle & cavity] = 0.8 * float(np.mean(echo.wall))
        return canvas.reduced(), canvas.reduced(cavity)

    def _ring(self, systole: float, thickness: float) -> Array:
        """Return the inner outline, or one farther out by a share of the radius."""
        turn = np.linspace(0, 2 * np.pi, 100, endpoint=False)
        radius = self._radius * (1 - self._shrink * systole)
        wave = 1 + sum(
            self._waves[0, k] * np.cos((k + 2) * turn) + self._waves[1, k] * np.sin((k + 2) * turn)
            for k in range(4)
        )
        x, y = (
            radius * wave * self._ratio * np.cos(turn),
            radius * wave / self._ratio * np.sin(turn),
        )
        away = np.hypot(x, y)
        grown = 1 + self._radius * thickness * (1 + 0.8 * systole * self._shrink) / away
        x, y = x * grown, y * grown
        cosine, sine = np.cos(self._turn), np.sin(self._turn)
        rotated = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1)
        return np.asarray(self._centre + systole * self._drift + rotated, np.float64)

    def _right_heart(self, canvas: Canvas, rng: np.random.Generator) -> None:
        size = self._radius * (1 + self._thickness)
        beside = np.array([self._side * rng.uniform(0.6, 0.9), -rng.uniform(0, 0.5)])
        radii = (size * rng.uniform(0.5, 0.9), size * rng.uniform(0.8, 1.2))
        outline = ellipse(self._centre + size * beside, radii, rng.uniform(-0.5, 0.5))
        canvas.stroke(outline, self._echo.thin_wall, 0.03 * rng.uniform(0.6, 2), closed=True)
        canvas.fill(outline, self._echo.chamber)

    def _brightness(self, canvas: Canvas, rng: np.random.Generator) -> Image:
        """Return a brightness for every direction from the centre, over the canvas."""
        around = np.linspace(0, 2 * np.pi, 9)
        bright = float(np.mean(self._echo.wall)) * np.clip(1 + 0.4 * rng.normal(size=8), 0.15, 2.5)
        y, x = np.mgrid[: canvas.image.shape[0], : canvas.image.shape[1]]
        centre = canvas.places(self._centre)
        angle = np.arctan2(y - centre[1], x - centre[0]) % (2 * np.pi)
        return np.asarray(np.interp(angle, around, np.append(bright, bright[0])), np.float32)
