"""B-spline registration by elastix (itk-elastix)."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.methods.base import Image, PairwiseMethod, Region, load_package, missing_package
from engine.methods.simple_itk import components_first

_INSTALL: Final = "pip install itk-elastix"
_GREY_LEVELS: Final = 255.0


class Elastix(PairwiseMethod):
    """Cubic B-splines and normalised correlation (Klein et al., IEEE TMI 2010)."""

    name = "elastix"
    label = "elastix B-spline"
    description = "Cubic B-splines, normalised correlation (elastix, 24 px grid); not trained."
    grid_px = 24
    iterations = 300
    levels = 3

    def missing(self) -> str | None:
        """Return how to install itk-elastix, or None if it is there."""
        return missing_package("itk", _INSTALL, self.label)

    def prepare(self, config: TrackingConfig) -> None:
        """Load ITK and write down the settings."""
        super().prepare(config)
        self._itk = load_package("itk", _INSTALL, self.label)
        settings = self._itk.ParameterObject.New()
        entries = settings.GetDefaultParameterMap("bspline", self.levels, float(self.grid_px))
        entries.update(
            {
                "Metric": ("AdvancedNormalizedCorrelation",),
                "Registration": ("MultiResolutionRegistration",),
                "MaximumNumberOfIterations": (str(self.iterations),),
                "NumberOfSpatialSamples": ("4096",),
                "NewSamplesEveryIteration": ("true",),
                "AutomaticTransformInitialization": ("false",),
                "WriteResultImage": ("false",),
                "RandomSeed": (str(config.seed + 1),),
            }
        )
        entries.pop("Metric0Weight", None)
        entries.pop("Metric1Weight", None)
        settings.AddParameterMap(entries)
        self._settings = settings

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        itk = self._itk
        still, other = (itk.image_from_array(image * _GREY_LEVELS) for image in (fixed, moving))
        _, found = itk.elastix_registration_method(
            still, other, parameter_object=self._settings, log_to_console=False
        )
        # The filter always writes its field to a file as well: that goes where nobody looks.
        with TemporaryDirectory(prefix="myoflux-") as folder:
            field = itk.transformix_deformation_field(
                other, found, log_to_console=False, output_directory=folder
            )
        return components_first(itk.array_from_image(field))
