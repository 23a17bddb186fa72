"""What a left ventricle may look like: priors over the shapes' numbers, per family of views.

Coordinates are normalised to the working image: x from its middle and y from its top, both in
units of its height, the probe at the top. The priors are symmetric, so a mirrored loop is found
just as well.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.masks.shape import bullets, ellipses, ordered_points

Array = NDArray[np.float64]


class ShapeModel(Protocol):
    """A family of shapes with a prior; parameters are ``(K, P)`` arrays."""

    closed: bool
    starts: tuple[float, ...]
    spread: Array

    def through_points(self, points: Array) -> Array:
        """Return the parameters ``(P,)`` of a usual shape through normalised given points."""

    def draw(self, rng: np.random.Generator, count: int, scale: float) -> Array:
        """Draw shapes of about a size."""

    def log_prior(self, parameters: Array) -> Array:
        """Return the logarithm of the prior, up to a constant, ``(K,)``."""

    def length(self, parameters: Array) -> Array:
        """Return the size that is rewarded, ``(K,)``; about 0.4 for a usual ventricle."""

    def limited(self, parameters: Array) -> Array:
        """Return the parameters within their hard limits."""

    def contours(self, parameters: Array, shape: tuple[int, int], points: int) -> Array:
        """Return contours ``(K, points, 2)`` in px of a working image of a shape."""


class ApicalModel:
    """Bullets: annulus, annulus, apex (x, y each), two bulges, bluntness, bend."""

    closed = False
    starts: tuple[float, ...] = (0.38, 0.48, 0.6)
    spread = np.array([0.04, 0.06, 0.04, 0.06, 0.03, 0.04, 0.03, 0.03, 0.3, 0.03])

    def through_points(self, points: Array) -> Array:
        """Return a bullet on two annulus points and an apex, given in any order, ``(3, 2)``."""
        first, second, apex = ordered_points(points)
        if first[0] > second[0]:
            first, second = second, first
        if np.linalg.norm(second - first) < 0.02:
            raise InputError("Two of the points are at one place: click three places apart.")
        return np.concatenate([first, second, apex, [0.06, 0.06, 2.6, 0.0]])

    def draw(self, rng: np.random.Generator, count: int, scale: float) -> Array:
        """Draw bullets whose length is about ``scale``."""
        length = scale * np.exp(0.12 * rng.normal(size=count))
        tilt = 0.3 * rng.normal(size=count)
        width = length * np.clip(0.5 + 0.12 * rng.normal(size=count), 0.25, 0.9)
        skew = tilt + 0.2 * rng.normal(size=count)
        apex = np.stack(
            [
                0.07 * rng.normal(size=count),
                np.clip(0.19 + 0.08 * rng.normal(size=count), 0.03, 0.5),
            ],
            axis=1,
        )
        middle = apex + length[:, None] * np.stack([-np.sin(tilt), np.cos(tilt)], axis=1)
        half = np.stack([np.cos(skew), np.sin(skew)], axis=1) * width[:, None] / 2
        bulges = 0.06 + 0.05 * rng.normal(size=(count, 2))
        blunt = 2.6 + 0.5 * rng.normal(size=count)
        bend = 0.04 * rng.normal(size=count)
        return self.limited(
            np.column_stack([middle - half, middle + half, apex, bulges, blunt, bend])
        )

    def log_prior(self, parameters: Array) -> Array:
        """Return the log prior of size, proportions, tilt, place and roundness."""
        first, second, apex = parameters[:, 0:2], parameters[:, 2:4], parameters[:, 4:6]
        middle, base = (first + second) / 2, second - first
        axis = apex - middle
        length = np.linalg.norm(axis, axis=1) + 1e-6
        width = np.linalg.norm(base, axis=1) + 1e-6
        tilt = np.arctan2(axis[:, 0], -axis[:, 1])
        skew = (base * axis).sum(1) / length / width
        misfit = (
            ((width / length - 0.5) / 0.14) ** 2
            + ((length - 0.49) / 0.12) ** 2
            + (skew / 0.22) ** 2
            + (tilt / 0.35) ** 2
            + (middle[:, 0] / 0.15) ** 2
            + ((apex[:, 1] - 0.19) / 0.1) ** 2
            + (((parameters[:, 6:8] - 0.06) / 0.05) ** 2).sum(1)
            + ((parameters[:, 8] - 2.6) / 0.5) ** 2
            + (parameters[:, 9] / 0.04) ** 2
        )
        # Sides that swap and a base below the image are no ventricle at all.
        misfit += np.where(base[:, 0] < 0.05, 1000.0, 0.0)
        misfit += np.where(middle[:, 1] > 0.97, 50.0, 0.0)
        misfit += 200 * np.maximum(0, 0.03 - apex[:, 1])
        return np.asarray(-0.5 * misfit, np.float64)

    def length(self, parameters: Array) -> Array:
        """Return the distance from the annulus' middle to the apex."""
        middle = (parameters[:, 0:2] + parameters[:, 2:4]) / 2
        return np.asarray(np.linalg.norm(parameters[:, 4:6] - middle, axis=1), np.float64)

    def limited(self, parameters: Array) -> Array:
        """Return bulge and bluntness within their limits."""
        result = parameters.copy()
        result[:, 6:8] = np.clip(result[:, 6:8], -0.05, 0.25)
        result[:, 8] = np.clip(result[:, 8], 1.9, 4.2)
        return result

    def contours(self, parameters: Array, shape: tuple[int, int], points: int) -> Array:
        """Return open contours in px."""
        scaled = parameters.copy()
        scaled[:, [0, 2, 4]] = shape[1] / 2 + parameters[:, [0, 2, 4]] * shape[0]
        scaled[:, [1, 3, 5]] = parameters[:, [1, 3, 5]] * shape[0]
        return bullets(scaled, points)


class ShortAxisModel:
    """Ellipses: centre (x, y), two radii, angle."""

    closed = True
    starts: tuple[float, ...] = (0.12, 0.18, 0.26)
    spread = np.array([0.03, 0.03, 0.04, 0.04, 0.5])

    def through_points(self, points: Array) -> Array:
        """Return a circle from its centre and a rim point, ``(2, 2)``."""
        radius = float(np.linalg.norm(points[1] - points[0]))
        if radius < 0.01:
            raise InputError("Centre and rim are at one place: click two places apart.")
        return np.array([points[0, 0], points[0, 1], radius, radius, 0.0])

    def draw(self, rng: np.random.Generator, count: int, scale: float) -> Array:
        """Draw ellipses whose mean radius is about ``scale``."""
        radius = scale * np.exp(0.15 * rng.normal(size=count))
        ratio = np.exp(0.1 * rng.normal(size=count))
        return self.limited(
            np.column_stack(
                [
                    0.1 * rng.normal(size=count),
                    0.5 + 0.1 * rng.normal(size=count),
                    radius * ratio,
                    radius / ratio,
                    rng.uniform(-np.pi / 2, np.pi / 2, size=count),
                ]
            )
        )

    def log_prior(self, parameters: Array) -> Array:
        """Return the log prior of place, size and roundness."""
        radius = np.sqrt(parameters[:, 2] * parameters[:, 3])
        ratio = np.log(parameters[:, 2] / parameters[:, 3])
        misfit = (
            (parameters[:, 0] / 0.14) ** 2
            + ((parameters[:, 1] - 0.5) / 0.12) ** 2
            + ((radius - 0.17) / 0.07) ** 2
            + (ratio / 0.1) ** 2
        )
        return np.asarray(-0.5 * misfit, np.float64)

    def length(self, parameters: Array) -> Array:
        """Return the size above a usual diameter, steeply: papillary muscles belong inside.

        An ellipse that stops at the papillary muscles has more contrast than the true one; the
        epicardium has none, so the reward cannot run away.
        """
        radius = np.sqrt(parameters[:, 2] * parameters[:, 3])
        return np.asarray(0.34 + 14 * (radius - 0.17), np.float64)

    def limited(self, parameters: Array) -> Array:
        """Return the radii within their limits."""
        result = parameters.copy()
        result[:, 2:4] = np.clip(result[:, 2:4], 0.03, 0.48)
        return result

    def contours(self, parameters: Array, shape: tuple[int, int], points: int) -> Array:
        """Return closed contours in px."""
        scaled = parameters.copy()
        scaled[:, 0] = shape[1] / 2 + parameters[:, 0] * shape[0]
        scaled[:, 1:4] = parameters[:, 1:4] * shape[0]
        return ellipses(scaled, points)
