"""Masks and contours to and from files, and from curves to pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.config import MaskConfig
from engine.errors import InputError
from engine.io.contours_file import read_contours_file, write_contours
from engine.io.mask_file import Label, read_mask_file, write_mask_file
from engine.masks.rasterise import fill_loop
from engine.masks.sector import pixel_aspect
from engine.masks.wall import wall_mask, with_usual_wall
from engine.model import Cine, Contours, Mask, MaskKind, Target, View

READ_FROM_FILE: Final = "Mask read from a file"
"""How the note begins that tells where a mask comes from: provenance, nothing to beware of."""


def mask_of_contours(
    contours: Contours,
    shape: tuple[int, int],
    target: Target,
    *,
    sector: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return the mask that contours stand for, ``(T, H, W)`` bool.

    Args:
        contours: Curves through the loop.
        shape: ``(H, W)``.
        target: Tissue takes the ring between both curves, blood the cavity.
        sector: ``(H, W)`` bool that the mask is kept within, or None.

    Raises:
        InputError: If tissue is wanted and there is no epicardial contour.
    """
    if target is Target.BLOOD:
        data = fill_loop(contours.endocardial, shape)
    elif contours.epicardial is None:
        raise InputError("A wall needs an epicardial contour: give a wall thickness first.")
    else:
        data = wall_mask(contours.endocardial, contours.epicardial, shape, closed=contours.closed)
    return data if sector is None else data & sector


def mask_from_file(cine: Cine, config: MaskConfig, target: Target) -> Mask:
    """Return the mask of a file: PNG, NIfTI, DICOM SEG or NPZ, or contours in JSON.

    Args:
        cine: The loop.
        config: Holds the file, marked frames and the wall's thickness where the file has no
            epicardial contour.
        target: Tissue takes the ring of contours, or the label of the wall; blood the cavity.

    Raises:
        InputError: If there is no file, or it does not fit the loop.
    """
    if config.file is None:
        raise InputError("The mask method file needs a mask file: give one with --mask.")
    # The name of a file often is a patient's: notes reach the report, so the kind must do.
    note = f"{READ_FROM_FILE} ({config.file.suffix.lower().lstrip('.') or 'no suffix'})."
    if config.file.suffix.lower() != ".json":
        wanted = Label.MYOCARDIUM if target is Target.TISSUE else Label.CAVITY
        data = read_mask_file(config.file, cine.shape, cine.first_frame, preferred=wanted)
        return Mask(data, MaskKind.FILE, notes=(note,))
    stored = read_contours_file(config.file)
    contours = stored.for_loop(len(cine.frames), cine.first_frame)
    if target is Target.TISSUE and contours.epicardial is None:
        contours = with_usual_wall(contours, config.thickness_fraction, pixel_aspect(cine))
    kind = MaskKind.WALL if target is Target.TISSUE else MaskKind.BLOOD_POOL
    frames = [config.ed_frame, config.es_frame]
    marked = [
        own if given is None else given
        for given, own in zip(frames, (stored.ed_frame, stored.es_frame), strict=True)
    ]
    early, late = (
        own if given is None else "" for given, own in zip(frames, stored.mark_origins, strict=True)
    )
    ed, es = (None if value is None else value - cine.first_frame for value in marked)
    data = mask_of_contours(contours, cine.shape[1:], target)
    return Mask(data, kind, contours, (note,), ed, es, mark_origins=(early, late))


def save_masks(
    out_dir: Path, mask: Mask, cine: Cine, *, view: View | None = None
) -> tuple[Path, ...]:
    """Write ``mask.npz`` (key ``mask``) and, with contours, ``contours.json``.

    Args:
        out_dir: Folder, made if it is not there.
        mask: The mask.
        cine: Its loop, for the source's frame numbers.
        view: Confirmed view, or None.

    Returns:
        The files written. Frame numbers in them are the source's.

    Raises:
        OutputError: If a file cannot be written; no half-written file is left.
    """
    mask_path, contour_path = out_dir / "mask.npz", out_dir / "contours.json"
    write_mask_file(mask_path, mask.data)
    if mask.contours is None:
        return (mask_path,)
    first = cine.first_frame
    write_contours(
        contour_path,
        mask.contours,
        first_frame=first,
        view=view,
        ed_frame=None if mask.ed_frame is None else mask.ed_frame + first,
        es_frame=None if mask.es_frame is None else mask.es_frame + first,
        mark_origins=mask.mark_origins,
    )
    return mask_path, contour_path
