"""A canvas that the simulated hearts are painted on, and what every heart needs to be painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masks.filters import smooth_along

Array = NDArray[np.float64]
Image = NDArray[np.float32]
OVERSAMPLING: Final = 2
_SHIFT: Final = 4


class Canvas:
    """Echo strength, painted in units of the image's height.

    Coordinates: x from the middle, y from the top, the probe at the top.

    Attributes:
        image: Painted so far, twice as fine as the result.
    """

    def __init__(self, height: int, width: int, value: float = 0.0) -> None:
        """Begin with one value everywhere; height and width in px of the result."""
        self._size = (width, height)
        shape = (height * OVERSAMPLING, width * OVERSAMPLING)
        self.image: Image = np.full(shape, value, np.float32)

    def places(self, points: NDArray[np.floating]) -> Array:
        """Return points ``(..., 2)`` in px of the finer grid."""
        scaled = np.asarray(points, np.float64) * self._size[1]
        scaled[..., 0] += self._size[0] / 2
        return np.asarray((scaled + 0.5) * OVERSAMPLING - 0.5, np.float64)

    def fill(self, polygon: NDArray[np.floating], value: float) -> None:
        """Paint the inside of a polygon ``(N, 2)``."""
        cv2.fillPoly(self.image, [self._fixed(polygon)], value, cv2.LINE_8, _SHIFT)

    def stroke(
        self, line: NDArray[np.floating], value: float, width: float, *, closed: bool = False
    ) -> None:
        """Paint a line ``(N, 2)`` of a width in units of the height."""
        pixels = max(1, round(width * self._size[1] * OVERSAMPLING))
        cv2.polylines(self.image, [self._fixed(line)], closed, value, pixels, cv2.LINE_8, _SHIFT)

    def inside(self, polygon: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return the pixels of the finer grid inside a polygon ``(N, 2)``."""
        drawn = np.zeros(self.image.shape, np.uint8)
        cv2.fillPoly(drawn, [self._fixed(polygon)], 1, cv2.LINE_8, _SHIFT)
        return drawn > 0

    def texture(self, field: NDArray[np.floating]) -> None:
        """Multiply by a coarse random field, enlarged smoothly."""
        size = self.image.shape[::-1]
        large = cv2.resize(np.asarray(field, np.float32), size, interpolation=cv2.INTER_CUBIC)
        self.image *= np.clip(large, 0.05, 4)

    def reduced(self, image: NDArray[np.floating | np.bool_] | None = None) -> Image:
        """Return the painting (or another image of its size) in px of the result."""
        source = self.image if image is None else np.asarray(image, np.float32)
        return np.asarray(cv2.resize(source, self._size, interpolation=cv2.INTER_AREA), np.float32)

    def _fixed(self, points: NDArray[np.floating]) -> NDArray[np.int32]:
        fixed: NDArray[np.int32] = np.rint(self.places(points) * 2**_SHIFT).astype(np.int32)
        return fixed


def ellipse(centre: Sequence[float] | Array, radii: tuple[float, float], angle: float) -> Array:
    """Return an ellipse of 60 points, ``(60, 2)``; ``angle`` turns its first radius (rad)."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = radii[0] * np.cos(turn), radii[1] * np.sin(turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    around = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1)
    return np.asarray(around + np.asarray(centre), np.float64)


def wobble(rng: np.random.Generator, points: int, amount: float) -> Array:
    """Return a smooth random curve ``(points,)`` of a standard deviation, zero at its ends."""
    values = smooth_along(rng.normal(size=points), 7.0, 0)
    values *= amount / (float(values.std()) + 1e-9)
    ramp = np.clip(np.minimum(np.arange(points), np.arange(points)[::-1]) / 8, 0, 1)
    return np.asarray(values * ramp, np.float64)
