"""Where things lie in the view: px and mm, the fan of the sector scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phantom.config import REFERENCE_DEPTH_MM, PhantomConfig
from engine.phantom.motion import Points


@dataclass(frozen=True)
class Layout:
    """Coordinates of a view.

    Attributes:
        size: (H, W), px.
        spacing_mm: (x, y), mm.
    """

    size: tuple[int, int]
    spacing_mm: tuple[float, float]

    @classmethod
    def of(cls, config: PhantomConfig) -> Layout:
        """Return the layout of a phantom."""
        return cls(config.size, config.spacing)

    @property
    def depth_mm(self) -> float:
        """Depth of the fan, mm."""
        height, width = self.size
        return min(height * self.spacing_mm[1], 0.75 * width * self.spacing_mm[0])

    @property
    def scale(self) -> float:
        """Size of this view over the reference view."""
        return self.depth_mm / REFERENCE_DEPTH_MM

    @property
    def probe_mm(self) -> tuple[float, float]:
        """Tip of the fan (x, y), mm from the centre of the top-left pixel."""
        height, width = self.size
        top = (height * self.spacing_mm[1] - self.depth_mm) / 2
        return (width - 1) / 2 * self.spacing_mm[0], top - 0.01 * self.depth_mm

    @property
    def half_angle(self) -> float:
        """Half the opening of the fan, rad."""
        return float(np.deg2rad(40.0))

    def grid(self) -> Points:
        """Return the centres of all pixels, ``(H * W, 2)``, px."""
        rows, columns = np.mgrid[: self.size[0], : self.size[1]]
        return np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)

    def to_mm(self, points: Points) -> Points:
        """Return points given in px in reference mm, from the fan's tip, y down."""
        placed: Points = (points * self.spacing_mm - self.probe_mm) / self.scale
        return placed

    def to_px(self, points: Points) -> Points:
        """Undo ``to_mm``."""
        placed: Points = (points * self.scale + self.probe_mm) / self.spacing_mm
        return placed

    def polar(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return depth (reference mm) and beam angle (rad, right positive) of points in px."""
        placed = self.to_mm(points)
        return np.hypot(placed[:, 0], placed[:, 1]), np.arctan2(placed[:, 0], placed[:, 1])

    def fan(self) -> NDArray[np.bool_]:
        """Return the pixels inside the fan, ``(H, W)``."""
        depth, angle = self.polar(self.grid())
        inside = (np.abs(angle) <= self.half_angle) & (depth <= REFERENCE_DEPTH_MM * 0.995)
        return (inside & (depth >= 3.0)).reshape(self.size)
