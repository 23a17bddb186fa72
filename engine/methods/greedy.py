"""Greedy diffeomorphic registration by the PICSL greedy tool."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.methods.base import Image, PairwiseMethod, Region, load_package, missing_package
from engine.methods.simple_itk import components_first

_INSTALL: Final = "pip install picsl-greedy SimpleITK"


class Greedy(PairwiseMethod):
    """Greedy diffeomorphic registration with local correlation (Yushkevich et al., 2016)."""

    name = "greedy"
    label = "greedy"
    description = "Greedy diffeomorphic registration, local correlation (greedy); not trained."
    radius_px = 8
    smoothing = "6vox 2vox"

    def missing(self) -> str | None:
        """Return how to install greedy, or None if it is there."""
        return missing_package("picsl_greedy", _INSTALL, self.label) or missing_package(
            "SimpleITK", _INSTALL, self.label
        )

    def prepare(self, config: TrackingConfig) -> None:
        """Load greedy and SimpleITK."""
        super().prepare(config)
        self._greedy = load_package("picsl_greedy", _INSTALL, self.label)
        self._sitk = load_package("SimpleITK", _INSTALL, self.label)

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        images = {
            name: self._sitk.GetImageFromArray(image)
            for name, image in (("still", fixed), ("other", moving))
        }
        tool = self._greedy.Greedy2D()
        tool.execute(
            f"-i still other -o field -m NCC {self.radius_px}x{self.radius_px}"
            f" -s {self.smoothing} -n 60x40x20 -V 0",
            field=None,
            **images,
        )
        return components_first(self._sitk.GetArrayFromImage(tool["field"]))
