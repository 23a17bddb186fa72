"""SyN and B-spline SyN by ANTs (antspyx)."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.methods.base import Image, PairwiseMethod, Region, load_package, missing_package

_INSTALL: Final = "pip install antspyx"


class Syn(PairwiseMethod):
    """Symmetric normalisation with local correlation (Avants et al., 2008)."""

    name = "ants"
    label = "ANTs SyN"
    description = "Symmetric normalisation, local correlation of radius 4 px (ANTs); not trained."
    transform: ClassVar[str] = "antsRegistrationSyN[so]"

    def missing(self) -> str | None:
        """Return how to install ANTs, or None if it is there."""
        return missing_package("ants", _INSTALL, self.label)

    def prepare(self, config: TrackingConfig) -> None:
        """Load ANTs."""
        super().prepare(config)
        self._ants = load_package("ants", _INSTALL, self.label)
        self._seed = config.seed + 1

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        # ANTs counts axes as (x, y), so the arrays go in and come out transposed.
        still, other = (self._ants.from_numpy(image.T.copy()) for image in (fixed, moving))
        with TemporaryDirectory(prefix="myoflux-") as folder:
            found = self._ants.registration(
                still,
                other,
                type_of_transform=self.transform,
                outprefix=str(Path(folder) / "pair"),
                random_seed=self._seed,
            )
            warps = [name for name in found["fwdtransforms"] if name.endswith(".nii.gz")]
            field = self._ants.image_read(warps[0]).numpy()
        return np.ascontiguousarray(field.transpose(2, 1, 0), np.float32)


class BSplineSyn(Syn):
    """SyN whose updates are B-splines (Tustison and Avants, 2013)."""

    name = "ants-bspline"
    label = "ANTs B-spline SyN"
    description = "B-spline SyN, local correlation of radius 4 px (ANTs); not trained."
    transform = "antsRegistrationSyN[bo]"
