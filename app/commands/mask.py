"""``mask``: masks and contours of a loop, looked at before tracking."""

from __future__ import annotations

from app.commands import options
from app.commands.track import MaskName, chosen_method
from app.console import OUT, ConsoleProgress
from engine import pipeline
from engine.config import MaskConfig
from engine.export.movie import write_mask_movie
from engine.masks.build import save_masks


def mask(
    loop: options.Loop,
    out: options.Out,
    target: options.Target = options.TargetName.TISSUE,
    mask_method: MaskName = MaskName.AUTO,
    points: options.Points = None,
    view: options.ViewOption = None,
    ed: options.Ed = None,
    es: options.Es = None,
    frames: options.Frames = None,
    fps: options.Fps = None,
    spacing_mm: options.Spacing = None,
) -> None:
    """Make the mask and write mask.npz, contours.json and an overlay video."""
    config = MaskConfig(
        target=target.value,
        method=chosen_method(mask_method.value, points),
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
    for path in save_masks(out, made, cine):
        OUT.print(str(path), highlight=False)
    with ConsoleProgress("Video") as progress:
        write_mask_movie(out / "mask.mp4", cine, made, progress)
    OUT.print(str(out / "mask.mp4"), highlight=False)
    for note in made.notes:
        OUT.print(f"[yellow]Note:[/] {note}", highlight=False)
