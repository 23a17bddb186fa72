"""Dense strain of the wall: deformation gradient and Green-Lagrange strain at every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.gradients import gradient


@dataclass(frozen=True, eq=False)
class Deformation:
    """Deformation from the reference to one frame, at the pixels of that frame; x right, y up.

    Attributes:
        gradient: ``F``, ``(H, W, 2, 2)`` float64; the identity outside the mask.
    """

    gradient: NDArray[np.float64]

    @property
    def determinant(self) -> NDArray[np.float64]:
        """``det F``, ``(H, W)``: local area over its reference; zero or less is folding."""
        values: NDArray[np.float64] = np.linalg.det(self.gradient)
        return values

    @property
    def green_lagrange(self) -> NDArray[np.float64]:
        """``E = (F^T F - I) / 2``, ``(H, W, 2, 2)``."""
        stretch = np.swapaxes(self.gradient, -1, -2) @ self.gradient
        return 0.5 * (stretch - np.eye(2))

    def strain_along(self, direction: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return ``sqrt(n^T F^T F n) - 1``, ``(H, W)``: relative change of length along n.

        Args:
            direction: n at the reference, ``(2,)`` or ``(H, W, 2)``, (x right, y up), any length.
        """
        unit = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
        stretched = np.einsum("...ij,...j->...i", self.gradient, unit)
        length: NDArray[np.float64] = np.linalg.norm(stretched, axis=-1)
        return length - 1.0


def deformation(
    pull_back: NDArray[np.floating],
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    half_width: int = 3,
) -> Deformation:
    """Return ``F = (I + grad U)^-1`` of a composed pull-back, with gradients in mm.

    Where ``I + grad U`` is singular (a fold) the identity stands and ``det F`` is 1; folding is
    counted on the displacement itself, not here.

    Args:
        pull_back: U, ``(2, H, W)``, components (x right, y down), px, to the reference frame.
        mask: ``(H, W)`` of the present frame.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels.
        half_width: Half the length of the derivative's stencil, px.
    """
    pixel = (1.0, 1.0) if spacing_mm is None else spacing_mm
    to_x = gradient(pull_back[0] * pixel[0], mask, pixel, half_width)
    to_y = gradient(-pull_back[1] * pixel[1], mask, pixel, half_width)
    inverse = np.eye(2) + np.moveaxis(np.stack([to_x, to_y]), (0, 1), (-2, -1))
    singular = np.abs(np.linalg.det(inverse)) < 1e-6
    inverse[singular] = np.eye(2)
    return Deformation(np.asarray(np.linalg.inv(inverse), dtype=np.float64))
