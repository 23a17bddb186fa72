"""``mask``: masks and contours of a loop, looked at before tracking."""

from __future__ import annotations

from app.commands import options
from app.console import ConsoleProgress, print_files, print_notes
from engine import pipeline
from engine.config import MaskConfig
from engine.export.mask_picture import write_mask_picture
from engine.export.movie import write_mask_movie
from engine.masks.build import save_masks
from engine.model import Target


def mask(
    loop: options.Loop,
    out: options.Out,
    target: options.TargetOption = Target.TISSUE,
    mask_method: options.MaskMethodOption = options.MaskName.AUTO,
    points: options.Points = None,
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
        view=view.value if view else None,
        ed_frame=ed,
        es_frame=es,
    )
    with ConsoleProgress("Reading") as progress:
        cine = pipeline.read_cine(loop, options.read_config(frames, fps, spacing_mm), progress)
    with ConsoleProgress("Mask") as progress:
        made = pipeline.build_mask(cine, config, progress)
    out.mkdir(parents=True, exist_ok=True)
    files = save_masks(out, made, cine, view=view)
    with ConsoleProgress("Video") as progress:
        write_mask_movie(out / "mask.mp4", cine, made, progress)
    write_mask_picture(out / "mask.png", cine, made)
    print_files((*files, out / "mask.mp4", out / "mask.png"))
    marked = {"ED": made.ed_frame, "ES": made.es_frame}
    frames_used = [
        f"{name} is frame {frame + cine.first_frame}." for name, frame in marked.items()
        if frame is not None
    ]  # fmt: skip
    print_notes((*cine.provenance.warnings, *made.notes, *frames_used))
