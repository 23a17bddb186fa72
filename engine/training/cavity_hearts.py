"""Simulated hearts in apical and short-axis views: echo strength and the cavity's true outline.

They look like a heart only as far as a network must know: dark chambers between brighter walls,
valves that open and close, papillary muscles that belong to the cavity, pericardium, lung, and
everything in random size, place and brightness. Numbers are in units of the image's height.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.masks.shape import bullets, normals
from engine.masks.shape_model import ApicalModel
from engine.masks.wall import offset_contours
from engine.registration.known_motion import log_uniform
from engine.training.cavity_canvas import Array, Canvas, Image, ellipse, wobble

_POINTS: Final = 101
_KINDS: Final = ("four-chamber", "two-chamber", "long-axis")
_HANDLES: Final = (0.15, 0.5, 0.85)
"""Places along the contour that have a thickness and a brightness of their own."""


class Heart(Protocol):
    """A heart that can be painted at any phase.

    Attributes:
        short_axis: Whether it is seen in short axis.
    """

    short_axis: bool

    def painted(
        self, height: int, width: int, systole: float, opening: float
    ) -> tuple[Image, Image]:
        """Return echo strength and cavity (0 to 1), ``(height, width)`` each.

        Args:
            height: px.
            width: px.
            systole: 0 at end-diastole, 1 at end-systole.
            opening: Of the mitral valve, 0 to 1.
        """


class Strengths:
    """Echo strengths of one heart, drawn at random."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.background = log_uniform(rng, 0.01, 0.3)
        self.cavity = rng.uniform(0.003, 0.06)
        self.chamber = rng.uniform(0.003, 0.07)
        self.wall = [float(value) for value in rng.uniform(0.12, 0.9, 3)]
        self.thin_wall = log_uniform(rng, 0.05, 1.2)
        self.valve = log_uniform(rng, 0.08, 1.5)
        self.pericardium = rng.uniform(0.3, 1.8)


class ApicalHeart:
    """A left ventricle with what surrounds it in an apical view.

    Attributes:
        short_axis: False.
    """

    short_axis = False

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw a heart."""
        self._echo = Strengths(rng)
        self._diastole, self._length = _drawn_bullet(rng)
        self._systole = _contracted(self._diastole, rng)
        self._wobbles = [wobble(rng, _POINTS, rng.uniform(0, 0.022)) for _ in range(2)]
        self._thickness = rng.uniform(0.07, 0.2, 3)
        self._thickening = rng.uniform(1.05, 1.6)
        self._side = 1.0 if rng.random() < 0.2 else -1.0
        self._kind = str(
            rng.choice(["four-chamber", "two-chamber", "long-axis"], p=[0.6, 0.25, 0.15])
        )
        self._papillary = [
            (rng.uniform(0.2, 0.45) if rng.random() < 0.5 else rng.uniform(0.55, 0.8),
             *rng.uniform((0.03, 0.08, 0.15, 0.1), (0.09, 0.25, 0.8, 0.35)))
            for _ in range(int(rng.integers(0, 4)))
        ]  # fmt: skip
        self._has_valve = rng.random() < 0.85
        self._leaflets = rng.uniform((0.35, 0.3), (0.65, 0.6))
        self._spread = rng.uniform(0, 0.5, 2)
        self._arch = rng.uniform(-0.12, 0.06)
        self._seed = int(rng.integers(1 << 31))

    def painted(
        self, height: int, width: int, systole: float, opening: float
    ) -> tuple[Image, Image]:
        """Return echo strength and cavity."""
        rng = np.random.default_rng(self._seed)
        canvas = Canvas(height, width, self._echo.background)
        canvas.texture(rng.lognormal(0, 1.0, (9, 11)))
        curve = self._curve(systole)
        base = _Base(curve)
        outer = self._outer(curve, systole)
        if self._kind == "four-chamber":
            self._right_heart(canvas, rng, outer, base, systole, opening)
        self._atrium(canvas, rng, base, systole)
        self._wall(canvas, rng, curve, outer)
        if self._kind == "long-axis":
            self._outflow(canvas, base)
        cavity = canvas.inside(curve)
        canvas.image[cavity] = self._echo.cavity
        self._muscles(canvas, curve, base, cavity, systole)
        if self._has_valve:
            self._valve(canvas, rng, base, systole, opening)
        return canvas.reduced(), canvas.reduced(cavity)

    def _curve(self, systole: float) -> Array:
        shape = (1 - systole) * self._diastole + systole * self._systole
        curve = bullets(shape[None], _POINTS)
        shift = (1 - systole) * self._wobbles[0] + systole * self._wobbles[1]
        return np.asarray(
            (curve + self._length * shift[:, None] * normals(curve, closed=False))[0], np.float64
        )

    def _outer(self, curve: Array, systole: float) -> Array:
        along = np.linspace(0, 1, _POINTS)
        thickness = self._length * np.interp(along, _HANDLES, self._thickness)
        thickness *= 1 + (self._thickening - 1) * systole
        thickness[38:63] *= 0.7
        outer = offset_contours(curve[None], thickness[None], closed=False)
        return np.asarray(outer[0], np.float64)

    def _right_heart(
        self,
        canvas: Canvas,
        rng: np.random.Generator,
        outer: Array,
        base: _Base,
        systole: float,
        opening: float,
    ) -> None:
        wide = rng.uniform(0.3, 0.75) * 2 * base.half_width * (1 - 0.2 * systole)
        septum = (outer if self._side < 0 else outer[::-1])[2:40]
        outwards = self._side * base.half / base.half_width
        profile = np.sin(np.linspace(0.5 * np.pi, np.pi, len(septum))) ** 0.8
        free = septum + outwards * (wide * profile)[:, None]
        echo = self._echo
        canvas.stroke(free, 0.6 * echo.thin_wall, 0.07 * rng.uniform(0.5, 1.6))
        canvas.fill(np.concatenate([septum, free[::-1]]), echo.chamber)
        centre = (septum[0] + free[0]) / 2 - base.axis * self._length * rng.uniform(0.2, 0.4)
        radii = (wide * rng.uniform(0.45, 0.65),
                 self._length * rng.uniform(0.2, 0.4) * (1 + 0.15 * systole))  # fmt: skip
        atrium = ellipse(centre, radii, float(np.arctan2(outwards[1], outwards[0])))
        canvas.stroke(atrium, echo.thin_wall, 0.03, closed=True)
        canvas.fill(atrium, echo.chamber)
        if rng.random() < 0.8:
            tip = (septum[0] + free[0]) / 2 + base.axis * (0.2 * self._length * opening - 0.04)
            canvas.stroke(np.stack([septum[0], tip, free[0]]), echo.valve, 0.012)

    def _atrium(
        self, canvas: Canvas, rng: np.random.Generator, base: _Base, systole: float
    ) -> None:
        tall = self._length * rng.uniform(0.2, 0.5) * (1 + 0.2 * systole)
        centre = base.middle - 0.95 * tall * base.axis + base.half * rng.normal() * 0.12
        radii = (base.half_width * rng.uniform(0.85, 1.4), tall)
        outline = ellipse(centre, radii, float(np.arctan2(base.half[1], base.half[0])))
        canvas.stroke(outline, self._echo.thin_wall, 0.03 * rng.uniform(0.6, 2), closed=True)
        canvas.fill(outline, self._echo.chamber)

    def _wall(self, canvas: Canvas, rng: np.random.Generator, curve: Array, outer: Array) -> None:
        ring = canvas.inside(np.concatenate([outer, curve[[-1, 0]]]))
        bright = np.interp(np.linspace(0, 1, 11), _HANDLES, self._echo.wall)
        bright *= np.clip(1 + 0.35 * rng.normal(size=11), 0.15, 2.5)
        canvas.image[ring] = _blended(canvas, curve[::10], bright)[ring]
        away = outer + 0.01 * normals(outer[None], closed=False)[0]
        for part, likely in ((slice(0, 45), 0.5), (slice(56, _POINTS), 0.75)):
            if rng.random() < likely:
                strength = self._echo.pericardium * rng.uniform(0.3, 1)
                canvas.stroke(away[part], strength, 0.015 * rng.uniform(0.6, 2))

    def _outflow(self, canvas: Canvas, base: _Base) -> None:
        end = base.last if self._side < 0 else base.first
        out = -self._side * base.half / base.half_width
        up = base.axis * self._length
        length = self._length
        places = [
            end - 0.02 * out + 0.09 * up,
            end + 0.28 * length * out - 0.12 * up,
            end + 0.16 * length * out - 0.42 * up,
            end - 0.1 * length * out - 0.02 * base.axis,
        ]
        canvas.fill(np.stack(places), self._echo.chamber)

    def _muscles(
        self,
        canvas: Canvas,
        curve: Array,
        base: _Base,
        cavity: NDArray[np.bool_],
        systole: float,
    ) -> None:
        inwards = -normals(curve[None], closed=False)[0]
        turn = float(np.arctan2(base.axis[1], base.axis[0])) - np.pi / 2 + 0.2
        for place, wide, tall, strength, reach in self._papillary:
            index = int(place * (_POINTS - 1))
            tip = inwards[index] * 0.5 * reach * (1 - 0.1 * systole) - 0.3 * tall * base.axis
            centre = curve[index] + 0.5 * self._length * tip
            radii = (wide * self._length * (1 + 0.3 * systole), 0.8 * tall * self._length)
            canvas.image[canvas.inside(ellipse(centre, radii, turn)) & cavity] = 0.7 * strength

    def _valve(
        self,
        canvas: Canvas,
        rng: np.random.Generator,
        base: _Base,
        systole: float,
        opening: float,
    ) -> None:
        thick = 0.011 * rng.uniform(0.6, 2.2)
        if opening < 0.25:
            peak = base.middle + 2 * base.axis * self._arch * self._length * (1 - 0.3 * systole)
            part = np.linspace(0, 1, 15)[:, None]
            leaf = (1 - part) ** 2 * base.first + 2 * part * (1 - part) * peak
            canvas.stroke(leaf + part**2 * base.last, self._echo.valve, thick)
        else:
            hinges = ((base.first, 1.0), (base.last, -1.0))
            for (hinge, side), length, spread in zip(
                hinges, self._leaflets, self._spread, strict=True
            ):
                across = side * base.half / base.half_width
                along = base.axis * opening + across * (1 - opening + 0.6 * spread)
                along /= np.linalg.norm(along)
                end = hinge + 1.6 * length * base.half_width * along
                bend = (hinge + end) / 2 + 0.02 * self._length * base.axis
                canvas.stroke(np.stack([hinge, bend, end]), self._echo.valve, thick)
        for hinge in (base.first, base.last):
            if rng.random() < 0.6:
                dot = ellipse(hinge - 0.01 * base.axis, (0.02, 0.02), 0.0)
                canvas.fill(dot, 0.8 * self._echo.valve)


class _Base:
    """The annulus of an apical contour, and the axis from it to the apex (a unit vector)."""

    def __init__(self, curve: Array) -> None:
        self.first, self.last = curve[0], curve[-1]
        self.middle = (self.first + self.last) / 2
        self.half = (self.last - self.first) / 2
        self.half_width = float(np.linalg.norm(self.half)) + 1e-9
        axis = curve[len(curve) // 2] - self.middle
        self.axis: Array = axis / (np.linalg.norm(axis) + 1e-9)


def _drawn_bullet(rng: np.random.Generator) -> tuple[Array, float]:
    """Draw an end-diastolic bullet within the image, and return it with its length."""
    model = ApicalModel()
    while True:
        shape = model.draw(rng, 1, float(rng.uniform(0.32, 0.66)))[0]
        shape[[0, 2, 4]] += 0.04 * rng.normal()
        middle, base = (shape[0:2] + shape[2:4]) / 2, shape[2:4] - shape[0:2]
        length = float(np.linalg.norm(shape[4:6] - middle))
        ratio = float(np.linalg.norm(base)) / length
        within = middle[1] < 0.93 and shape[5] > 0.05 and abs(middle[0]) < 0.3
        if within and length < 0.78 and 0.3 < ratio < 0.85 and base[0] > 0.1:
            return shape, length


def _contracted(shape: Array, rng: np.random.Generator) -> Array:
    """Return the bullet at end-systole: the base comes up and narrows, the apex rests."""
    axis = shape[4:6] - (shape[0:2] + shape[2:4]) / 2
    up = rng.uniform(0.03, 0.2)
    result = shape.copy()
    for end in (slice(0, 2), slice(2, 4)):
        result[end] += axis * (up + 0.02 * rng.normal())
    middle = (result[0:2] + result[2:4]) / 2
    narrow = rng.uniform(0.78, 1.0)
    for end in (slice(0, 2), slice(2, 4)):
        result[end] = middle + narrow * (result[end] - middle)
    result[4:6] -= axis * rng.uniform(-0.01, 0.05)
    result[6:8] = np.clip(result[6:8] - rng.uniform(0, 0.09, 2), -0.06, 0.25)
    result[8] = max(1.8, result[8] + rng.uniform(-0.5, 0.2))
    return result


def _blended(canvas: Canvas, places: Array, values: Array) -> Image:
    """Return values given at places, blended smoothly over the canvas."""
    rows, columns = (np.arange(0, size, 4) for size in canvas.image.shape)
    spots = canvas.places(places)
    across = (columns[None, None, :] - spots[:, 0, None, None]) ** 2
    square = across + (rows[None, :, None] - spots[:, 1, None, None]) ** 2
    weight = np.exp(-(square - square.min(0)) / (2 * 28.0**2))
    mixed = (weight * values[:, None, None]).sum(0) / weight.sum(0)
    factor = (
        -(-canvas.image.shape[0] // mixed.shape[0]),
        -(-canvas.image.shape[1] // mixed.shape[1]),
    )
    large = mixed.repeat(factor[0], axis=0).repeat(factor[1], axis=1)
    return np.asarray(large[: canvas.image.shape[0], : canvas.image.shape[1]], np.float32)
