"""Symmetric-forces demons by SimpleITK."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.methods.base import Image, PairwiseMethod, Region, load_package, missing_package

_INSTALL: Final = "pip install SimpleITK"
_LEVELS: Final = ((8, 1.0, 30), (4, 1.0, 30), (2, 0.5, 30), (1, 0.5, 30))
"""Shrink factor, smoothing (px of the level) and iterations of every level."""


class Demons(PairwiseMethod):
    """Fast symmetric forces demons (Vercauteren et al., MICCAI 2007), four levels."""

    name = "demons"
    label = "SimpleITK demons"
    description = "Fast symmetric forces demons (SimpleITK, field smoothed by 4 px); not trained."
    smoothing_px = 4.0

    def missing(self) -> str | None:
        """Return how to install SimpleITK, or None if it is there."""
        return missing_package("SimpleITK", _INSTALL, self.label)

    def prepare(self, config: TrackingConfig) -> None:
        """Load SimpleITK."""
        super().prepare(config)
        self._sitk = load_package("SimpleITK", _INSTALL, self.label)

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        sitk = self._sitk
        pair = [sitk.GetImageFromArray(image) for image in (fixed, moving)]
        field: Any = None
        for shrink, sigma, iterations in _LEVELS:
            if min(fixed.shape) // shrink < 16:
                continue
            # Smoothing before the grid is thinned, in px of the full grid.
            still, other = (
                sitk.Shrink(sitk.SmoothingRecursiveGaussian(image, sigma * shrink), [shrink] * 2)
                for image in pair
            )
            demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
            demons.SetNumberOfIterations(iterations)
            demons.SetSmoothDisplacementField(True)
            demons.SetStandardDeviations(self.smoothing_px)
            if field is None:
                field = demons.Execute(still, other)
            else:
                start = sitk.Resample(
                    field, still, sitk.Transform(), sitk.sitkLinear, 0.0, field.GetPixelID(), True
                )
                field = demons.Execute(still, other, start)
        field = sitk.Resample(
            field, pair[0], sitk.Transform(), sitk.sitkLinear, 0.0, field.GetPixelID(), True
        )
        return components_first(sitk.GetArrayFromImage(field))


def components_first(field: NDArray[Any]) -> NDArray[np.float32]:
    """Move the components (x, y) of ``(H, W, 2)`` to the front."""
    return np.ascontiguousarray(np.moveaxis(field, -1, 0), np.float32)
