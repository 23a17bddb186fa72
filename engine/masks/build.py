"""The verb: a cine and a choice go in, a mask comes out.

What a mask does: the similarity and the smoothness of the registration are means over the mask's
pixels; outside it the image is still there to be warped from, only not counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.config import MaskConfig, MaskMethod
from engine.errors import InputError
from engine.masks.blood_pool import dark_region
from engine.masks.sector import find_sector
from engine.masks.tissue_region import tissue_region
from engine.model import Cine, Mask, MaskKind, Target
from engine.progress import Progress, Step


def build_mask(cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
    """Make the mask of a loop.

    Args:
        cine: The loop.
        config: Target and method.
        progress: Told of every step; may cancel.

    Raises:
        InputError: If the settings do not fit the loop.
    """
    target = _target(config.target)
    if config.method is MaskMethod.FILE:
        return _from_file(cine, config)
    progress.report(Step("sector", 0, 2))
    sector = find_sector(cine)
    progress.check()
    progress.report(Step("mask", 1, 2))
    if target is Target.BLOOD and config.method is not MaskMethod.PAPER:
        return Mask(dark_region(cine, sector), MaskKind.BLOOD_POOL)
    return _paper_region(cine, sector)


def _target(name: str) -> Target:
    try:
        return Target(name)
    except ValueError as error:
        raise InputError(f"The target must be tissue or blood, but is {name}.") from error


def _paper_region(cine: Cine, sector: NDArray[np.bool_]) -> Mask:
    note = (
        "The paper's tissue region keeps nearly the whole sector: a region to register in, "
        "not a wall. Strain needs a wall."
    )
    return Mask(tissue_region(cine, sector), MaskKind.TISSUE_REGION, notes=(note,))


def _from_file(cine: Cine, config: MaskConfig) -> Mask:
    if config.file is None:
        raise InputError("The mask method file needs a mask file: give one with --mask.")
    from engine.io.mask_file import read_mask_file  # noqa: PLC0415

    data = read_mask_file(config.file, cine.shape, cine.first_frame)
    return Mask(data, MaskKind.FILE, notes=(f"Mask read from {config.file.name}.",))
