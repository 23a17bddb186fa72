"""Free-form deformation by NiftyReg's ``reg_f3d``, from its package or on the path."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import nibabel
import numpy as np
from numpy.typing import NDArray

from engine.errors import ResourceError
from engine.methods.base import Image, PairwiseMethod, Region

_SPACING_PX: Final = 12
_OPTIONS: Final = ("-sx", str(_SPACING_PX), "--lncc", "8", "-be", "0.01")
"""Distance of knots, px; deviation of the correlation's window, px; weight of bending."""


class NiftyReg(PairwiseMethod):
    """Cubic B-splines and local correlation (Modat et al., 2010)."""

    name = "niftyreg"
    label = "NiftyReg"
    description = f"Cubic B-splines, local correlation (NiftyReg, {_SPACING_PX} px); not trained."

    def missing(self) -> str | None:
        """Return how to install NiftyReg, or None if its programs are on the path."""
        if _program("reg_f3d") and _program("reg_transform"):
            return None
        return (
            "NiftyReg's programs reg_f3d and reg_transform are neither installed nor on the PATH."
            " Run: CMAKE_POLICY_VERSION_MINIMUM=3.5 pip install niftyreg==1.5.70rc1"
            " (it is compiled, which needs a C++ compiler)."
        )

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        with TemporaryDirectory(prefix="myoflux-") as name:
            folder = Path(name)
            for stem, image in (("fixed", fixed), ("moving", moving)):
                # NIfTI counts axes as (x, y).
                volume = nibabel.Nifti1Image(image.T.copy(), np.eye(4))  # type: ignore[no-untyped-call]
                nibabel.save(volume, folder / f"{stem}.nii")
            _execute(
                folder,
                *("reg_f3d", "-ref", "fixed.nii", "-flo", "moving.nii", "-cpp", "grid.nii"),
                *("-res", "warped.nii", *_OPTIONS),
            )
            _execute(folder, "reg_transform", "-ref", "fixed.nii", "-disp", "grid.nii", "disp.nii")
            field = nibabel.Nifti1Image.from_filename(folder / "disp.nii").get_fdata()
        components = np.squeeze(field)[..., :2]
        return np.ascontiguousarray(components.transpose(2, 1, 0), np.float32)


def _program(name: str) -> str | None:
    """Return where a program is: on the PATH, else in the package ``niftyreg``."""
    package = find_spec("niftyreg")
    inside = [] if package is None else list(package.submodule_search_locations or ())
    return shutil.which(name) or next(
        (found for root in inside if (found := shutil.which(name, path=f"{root}/bin"))), None
    )


def _execute(folder: Path, name: str, *arguments: str) -> None:
    """Run a program in a folder.

    Raises:
        ResourceError: With its last words, if it fails.
    """
    command = (_program(name) or name, *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise ResourceError(f"{name} failed: {words[0]}")
