"""Masks from files: PNG (one for the loop), NIfTI and DICOM SEG (also labels), and NPZ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import InputError
from engine.io.atomic import atomic_path
from engine.io.common import guarded, unreadable
from engine.io.nifti import read_nifti_loop
from engine.io.npz import open_npz
from engine.io.segmentation import Label, read_segmentation
from engine.io.sniff import Kind, kind_of_file

__all__ = ["Label", "read_mask_file", "write_mask_file"]

_ADVICE = "Give a PNG (H, W), a NIfTI, a DICOM SEG, or an NPZ with the key 'mask', nonzero inside."


def read_mask_file(
    path: Path,
    shape: tuple[int, int, int],
    first_frame: int = 0,
    label: int | None = None,
    *,
    preferred: Label | None = None,
) -> NDArray[np.bool_]:
    """Read a mask for a loop.

    A mask of one frame serves the whole loop. A mask with more frames than the loop is taken to
    count in source frames, and the loop's part of it is used.

    Args:
        path: PNG or another image (nonzero inside), NIfTI in the order (x, y[, t]), DICOM SEG, or
            NPZ with the key ``mask``, ``(H, W)`` or ``(T, H, W)``.
        shape: Of the loop, ``(T, H, W)``.
        first_frame: Source number of the loop's first frame.
        label: Only this label is inside, such as ``Label.MYOCARDIUM``; all nonzero if None.
        preferred: Inside where the file tells it apart from other labels; else all nonzero.

    Returns:
        ``(T, H, W)`` bool.

    Raises:
        UnreadableFileError: If the file cannot be read, or does not fit the loop.
        InputError: If nothing is inside.
    """
    path = Path(path)
    values = _load(path)
    if label is None and preferred is not None and _tells_apart(values, preferred):
        label = preferred
    inside = values == label if label is not None else values != 0
    frames, height, width = shape
    if inside.shape[-2:] != (height, width):
        raise unreadable(
            path,
            f"the mask is {inside.shape[-1]}x{inside.shape[-2]} px and the loop "
            f"{width}x{height} px",
            "Both must have one size.",
        )
    if inside.ndim == 2 or len(inside) == 1:
        inside = np.broadcast_to(inside.reshape(1, height, width), shape)
    elif len(inside) != frames:
        if len(inside) < first_frame + frames:
            raise unreadable(
                path,
                f"the mask has {len(inside)} frames and the loop {frames}, from {first_frame} on",
                "Give one mask for the loop, or one for every frame.",
            )
        inside = inside[first_frame : first_frame + frames]
    if not inside.any():
        what = "no pixel is inside" if label is None else f"no pixel has the label {label}"
        raise InputError(f"The mask {path.name} is empty: {what}. Choose a mask with some area.")
    return np.ascontiguousarray(inside)


def write_mask_file(path: Path, mask: NDArray[np.bool_]) -> None:
    """Write a mask ``(T, H, W)`` or ``(H, W)`` as NPZ with the key ``mask`` (uint8, 0 or 1).

    Raises:
        OutputError: If the system refuses to write.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, mask=np.asarray(mask, dtype=np.uint8))


def _load(path: Path) -> NDArray[Any]:
    """Return the stored values, ``(H, W)`` or ``(T, H, W)``; the kind is found by content."""
    kind = kind_of_file(path)
    if kind is Kind.NIFTI:
        return read_nifti_loop(path).frames
    if kind is Kind.ZIP:
        with open_npz(path) as archive:
            values = archive.array("mask")
        if values is None:
            raise unreadable(path, "it has no key 'mask'", _ADVICE)
        if values.ndim not in {2, 3} or 0 in values.shape:
            raise unreadable(path, f"its mask has the shape {values.shape}", _ADVICE)
        return values
    if kind is Kind.DICOM:
        return read_segmentation(path)
    if kind is not Kind.IMAGE:
        raise unreadable(path, "it is no mask that this program knows", _ADVICE)
    with guarded(path), Image.open(path) as image:
        return _image_values(image)


def _tells_apart(values: NDArray[Any], wanted: Label) -> bool:
    """Return whether values are labels of the heart, the wanted one among several."""
    found = {int(value) for value in np.unique(values) if value}
    return len(found) > 1 and wanted in found and found <= set(Label)


def _image_values(image: Image.Image) -> NDArray[Any]:
    """Return an image's values: indices of a palette, the largest channel of colours."""
    if image.mode in {"LA", "RGBA", "PA"}:
        colours = np.asarray(image.convert("RGBA"))
        return np.asarray((colours[..., :3].max(axis=-1) > 0) & (colours[..., 3] > 0))
    values: NDArray[Any] = np.asarray(image)
    return values.max(axis=-1) if values.ndim == 3 else values
