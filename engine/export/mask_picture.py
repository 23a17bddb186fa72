"""The mask on the cine: the scene of its video, and one picture of its decisive frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engine.export.raster import Picture
from engine.export.stage import Scene, Stage
from engine.io.atomic import atomic_path
from engine.model import Cine, Mask


def mask_scene(
    cine: Cine, mask: Mask, words: tuple[str, ...], *, remark: str = "", outline: bool = False
) -> Scene:
    """Return the scene of a loop with its mask.

    Args:
        cine: The loop.
        mask: Its mask, of the same frames.
        words: Title, and remarks beside it.
        remark: Stands at the top right.
        outline: Whether the mask's outline is drawn beneath the contours.
    """
    ends = (mask.ed_frame, mask.es_frame)
    ed, es = (None if frame is None else frame + cine.first_frame for frame in ends)
    return Scene(
        mask=mask.data,
        words=words,
        frames=cine.frames,
        contours=mask.contours,
        frame_times_s=cine.frame_times_s,
        first_frame=cine.first_frame,
        ed_frame=ed,
        es_frame=es,
        spacing_mm=cine.spacing_mm,
        remark=remark,
        outline=outline,
    )


def decisive_frames(mask: Mask) -> tuple[tuple[str, int], ...]:
    """Return name and index of ED, half-way and ES; of first, middle and last if not marked."""
    last = len(mask.data) - 1
    if mask.ed_frame is None or mask.es_frame is None:
        return ("First frame", 0), ("Half-way", last // 2), ("Last frame", last)
    half = (mask.ed_frame + mask.es_frame) // 2
    return ("End-diastole", mask.ed_frame), ("Half-way", half), ("End-systole", mask.es_frame)


def mask_picture(cine: Cine, mask: Mask) -> Picture:
    """Return the decisive frames side by side, with contours and the outline of the mask.

    Args:
        cine: The loop.
        mask: Its mask, of the same frames.

    Returns:
        ``(height, 3 width, 3)`` uint8, RGB.
    """
    parts = []
    for name, frame in decisive_frames(mask):
        scene = mask_scene(cine, mask, (name, str(mask.kind)), outline=True)
        parts.append(Stage(scene).paint(frame)[0])
    return np.concatenate(parts, axis=1)


def write_mask_picture(path: Path, cine: Cine, mask: Mask, *, widest: int | None = None) -> None:
    """Write the decisive frames of a mask side by side as PNG.

    Args:
        path: Of the PNG.
        cine: The loop.
        mask: Its mask, of the same frames.
        widest: Largest width, px; a wider picture is reduced, with 256 colours; None keeps all.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    picture = Image.fromarray(mask_picture(cine, mask))
    if widest is not None and picture.width > widest:
        height = round(picture.height * widest / picture.width)
        picture = picture.resize((widest, height), Image.Resampling.LANCZOS)
        # An octree keeps rare colours apart, which contours in a grey picture are.
        picture = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    with atomic_path(path) as temporary:
        picture.save(temporary, optimize=True)
