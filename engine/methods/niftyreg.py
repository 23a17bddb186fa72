"""Free-form deformation by NiftyReg's ``reg_f3d``, if it is on the path."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import nibabel
import numpy as np
from numpy.typing import NDArray

from engine.errors import ResourceError
from engine.methods.base import Image, PairwiseMethod, Region

_SPACING_PX: Final = 24


class NiftyReg(PairwiseMethod):
    """Cubic B-splines and local correlation (Modat et al., 2010)."""

    name = "niftyreg"
    label = "NiftyReg"
    description = f"Cubic B-splines, local correlation (NiftyReg, {_SPACING_PX} px); not trained."

    def missing(self) -> str | None:
        """Return how to install NiftyReg, or None if its programs are on the path."""
        if shutil.which("reg_f3d") and shutil.which("reg_transform"):
            return None
        return (
            "NiftyReg's programs reg_f3d and reg_transform are not on the PATH."
            " Run: conda install -c conda-forge niftyreg"
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
                *("-res", "warped.nii", "-sx", str(_SPACING_PX), "--lncc", "5", "-be", "0.001"),
            )
            _execute(folder, "reg_transform", "-ref", "fixed.nii", "-disp", "grid.nii", "disp.nii")
            field = nibabel.Nifti1Image.from_filename(folder / "disp.nii").get_fdata()
        components = np.squeeze(field)[..., :2]
        return np.ascontiguousarray(components.transpose(2, 1, 0), np.float32)


def _execute(folder: Path, *command: str) -> None:
    """Run a program in a folder.

    Raises:
        ResourceError: With its last words, if it fails.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise ResourceError(f"{command[0]} failed: {words[0]}")
