"""``mask``: masks and contours of a loop, looked at before tracking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from app.commands import options
from app.console import ConsoleProgress, print_files, print_notes
from engine import pipeline
from engine.config import MaskConfig
from engine.cycle import origin_words
from engine.errors import InputError
from engine.export.mask_picture import write_mask_picture
from engine.export.movie import write_mask_movie
from engine.masks.build import save_masks
from engine.masks.editing import reversed_contours
from engine.masks.files import mask_of_contours
from engine.masks.propagation import follow_motion
from engine.masks.sector import analyse_sector
from engine.model import Cine, Contours, Mask, Target

PointsEs = Annotated[
    list[str] | None,
    typer.Option(
        "--points-es", help="The same points on the ES frame", rich_help_panel=options.MASK
    ),
]
Mirrored = Annotated[
    bool,
    typer.Option(
        "--mirrored",
        help="The image swaps left and right: contours begin on its right",
        rich_help_panel=options.MASK,
    ),
]
Follow = Annotated[
    Path | None,
    typer.Option(
        "--follow",
        help="result.h5 of this loop: contours follow its motion between the keyframes",
        rich_help_panel=options.MASK,
    ),
]


def mask(
    loop: options.Loop,
    out: options.Out,
    target: options.TargetOption = Target.TISSUE,
    mask_method: options.MaskMethodOption = options.MaskName.AUTO,
    points: options.Points = None,
    points_es: PointsEs = None,
    mirrored: Mirrored = False,
    follow: Follow = None,
    view: options.ViewOption = None,
    ed: options.Ed = None,
    es: options.Es = None,
    frames: options.Frames = None,
    fps: options.Fps = None,
    spacing_mm: options.Spacing = None,
) -> None:
    """Make the mask; write mask.npz, contours.json, and both on the cine as mask.mp4 and mask.png.

    mask.png shows end-diastole, the frame half-way, and end-systole side by side.
    """
    config = MaskConfig(
        target=target.value,
        method=options.mask_method(mask_method, points),
        points=options.parse_points(points),
        points_es=options.parse_points(points_es),
        view=view.value if view else None,
        ed_frame=ed,
        es_frame=es,
    )
    with ConsoleProgress("Reading") as progress:
        cine = pipeline.read_cine(loop, options.read_config(frames, fps, spacing_mm), progress)
    # Read first: a result that does not fit is told before the search for the heart.
    motion = None if follow is None else _motion(follow, cine)
    with ConsoleProgress("Mask") as progress:
        made = pipeline.build_mask(cine, config, progress)
        if mirrored:
            made = _mirrored(made)
        if motion is not None:
            made = _followed(made, cine, target, motion)
    out.mkdir(parents=True, exist_ok=True)
    files = save_masks(out, made, cine, view=view)
    with ConsoleProgress("Video") as progress:
        write_mask_movie(out / "mask.mp4", cine, made, progress)
    write_mask_picture(out / "mask.png", cine, made)
    print_files((*files, out / "mask.mp4", out / "mask.png"))
    marks = zip(("ED", "ES"), (made.ed_frame, made.es_frame), made.mark_origins, strict=True)
    frames_used = [
        f"{name} is frame {frame + cine.first_frame} ({origin_words(origin)})."
        for name, frame, origin in marks
        if frame is not None
    ]
    print_notes((*cine.provenance.warnings, *made.notes, *frames_used))


def _contours(made: Mask) -> Contours:
    if made.contours is None:
        raise InputError(
            "This mask has no contours to turn or to carry. Give three points, or another method."
        )
    return made.contours


def _mirrored(made: Mask) -> Mask:
    """Return the mask with contours that begin on the right of the image."""
    contours = _contours(made)
    if contours.closed:
        raise InputError("Only apical views have a left and a right wall: leave out --mirrored.")
    return replace(made, contours=reversed_contours(contours))


def _motion(path: Path, cine: Cine) -> NDArray[np.floating]:
    """Return the finest field of a result of this loop, ``(T-1, 2, H, W)``, px."""
    result = pipeline.read_result(path)
    if result.source_sha256 != cine.provenance.sha256:
        raise InputError(f"{path.name} is of another loop: give the result of this one.")
    if result.target is Target.BLOOD:
        raise InputError(
            f"{path.name} holds the motion of blood, but contours move with the wall: give a "
            "result of --target tissue."
        )
    first, field = result.first_frame, result.fields[-1].displacement
    if (first, len(field) + 1) != (cine.first_frame, len(cine.frames)):
        raise InputError(
            f"{path.name} is of the frames {first}:{first + len(field) + 1} of this loop: "
            "give the same with --frames."
        )
    return field


def _followed(made: Mask, cine: Cine, target: Target, motion: NDArray[np.floating]) -> Mask:
    """Return the mask with contours that follow the motion between their keyframes."""
    sector = analyse_sector(cine).mask
    moved, agreement = follow_motion(_contours(made), motion, sector)
    data = mask_of_contours(moved, cine.shape[1:], target, sector=sector)
    return replace(made, data=data, contours=moved, notes=(agreement.sentence, *made.notes))
