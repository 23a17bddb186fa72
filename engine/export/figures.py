"""Pictures of fields: every scale of a result, or several methods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.velocity import CALIBRATED, velocity_field
from engine.config import ReportConfig
from engine.errors import InputError
from engine.export.overlay import pair_velocity, speed_limit
from engine.export.palette import DARK
from engine.export.panels import Backdrop, Panel, field_figure, save
from engine.export.quiver import Trust, nice_limit
from engine.model import TrackingResult
from engine.progress import Progress, Step


def mean_motion(result: TrackingResult) -> NDArray[np.float64]:
    """Return the mean displacement of the finest field within the mask, ``(T-1,)``, px."""
    pairs = result.finest.displacement[:, :, ::4, ::4]
    masks = result.mask[1:, ::4, ::4]
    return np.array(
        [
            float(np.hypot(*pair)[mask].mean()) if mask.any() else 0.0
            for pair, mask in zip(pairs, masks, strict=True)
        ]
    )


def busiest_frame(result: TrackingResult) -> int:
    """Return the index, from 1, of the frame whose finest field moves most within the mask."""
    return 1 + int(np.argmax(mean_motion(result)))


def backdrop(result: TrackingResult, frame: int) -> Backdrop:
    """Return what lies behind the arrows of a frame of a result.

    Args:
        result: Its mask, frames and contours.
        frame: Index within the loop, from 0.
    """
    unit = pair_velocity(result, result.finest.displacement, 0)[1]
    spacing = result.spacing_mm
    curves: list[tuple[NDArray[np.floating], str]] = []
    if result.contours is not None:
        lines = [(result.contours.endocardial, DARK.endocardium)]
        if result.contours.epicardial is not None:
            lines.append((result.contours.epicardial, DARK.epicardium))
        for points, colour in lines:
            curve = points[frame]
            closed = np.concatenate([curve, curve[:1]]) if result.contours.closed else curve
            curves.append((closed, colour))
    return Backdrop(
        mask=result.mask[frame],
        unit=unit,
        image=None if result.frames is None else result.frames[frame],
        curves=tuple(curves),
        pixel=spacing if unit == CALIBRATED and spacing is not None else (1.0, 1.0),
    )


def write_field_figures(
    out_dir: Path,
    result: TrackingResult,
    config: ReportConfig,
    progress: Progress,
    *,
    frame: int | None = None,
    trust: Trust | None = None,
    banner: str = "",
    arrows: bool = True,
) -> tuple[Path, ...]:
    """Write a PNG of the field for every scale, and one of all scales side by side.

    Args:
        out_dir: Folder of the files ``field-1_8.png`` ... and ``fields.png``.
        result: What was tracked.
        config: Holds the speed at the top of the colour bar.
        progress: Told of every picture.
        frame: Index within the loop, from 1; None takes the frame that moves most.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; arrows below 0.5 fade.
        banner: A warning that stands below the panels, or an empty string.
        arrows: Whether arrows are drawn.

    Returns:
        The files.

    Raises:
        InputError: If the frame is not in the loop or has no field.
        OutputError: If a file cannot be written; nothing half-written stays.
    """
    index = busiest_frame(result) if frame is None else frame
    if not 1 <= index < len(result.mask):
        raise InputError(
            f"Frame {index + result.first_frame} has no field. Choose one from "
            f"{result.first_frame + 1} to {result.first_frame + len(result.mask) - 1}."
        )
    behind = backdrop(result, index)
    limit = speed_limit(result, config)
    doubt = None if trust is None else trust[index - 1]
    panels = [
        Panel(
            f"Scale {item.scale.label}",
            pair_velocity(result, item.displacement, index - 1)[0],
            doubt,
        )
        for item in result.fields
    ]
    note = frame_note(result, index)
    paths = [out_dir / f"field-{item.scale.value}.png" for item in result.fields]
    jobs = [(path, [panel]) for path, panel in zip(paths, panels, strict=True)]
    if len(panels) > 1:
        jobs.append((out_dir / "fields.png", panels))
    for done, (path, group) in enumerate(jobs, start=1):
        progress.check()
        save(field_figure(group, behind, limit, note), path)
        progress.report(Step("figures", done, len(jobs), fraction=done / len(jobs)))
    return tuple(path for path, _ in jobs)


def write_comparison(
    path: Path,
    fields: Sequence[tuple[str, NDArray[np.floating]]],
    mask: NDArray[np.bool_],
    *,
    image: NDArray[np.uint8] | None = None,
    spacing_mm: tuple[float, float] | None = None,
    interval_s: float | None = None,
    limit: float | None = None,
    note: str = "",
) -> None:
    """Write fields of several methods side by side: same arrow grid, length and colour limits.

    Args:
        path: Of the picture; its suffix chooses PNG, PDF or SVG.
        fields: Title and pull-back displacement ``(2, H, W)``, px, of every panel.
        mask: ``(H, W)`` bool: where the fields count.
        image: ``(H, W)`` uint8, the fixed frame, or None.
        spacing_mm: (x, y), mm; None if unknown.
        interval_s: Time between the two frames, s; None if unknown.
        limit: Speed at the top of the colour bar; None takes the 99th percentile over all panels.
        note: Stands below the panels.

    Raises:
        InputError: If there is no field, or shapes differ.
        OutputError: If it cannot be written; nothing half-written stays.
    """
    if not fields:
        raise InputError("There is no field to compare. Name at least one method.")
    times = None if interval_s is None else np.array([0.0, interval_s])
    velocities = [(name, velocity_field(u[None], spacing_mm, times)) for name, u in fields]
    unit = velocities[0][1].unit
    panels = [Panel(name, field.values[0]) for name, field in velocities]
    if limit is None:
        speeds = [field.speed()[0][mask] for _, field in velocities]
        values = np.concatenate(speeds)
        limit = nice_limit(float(np.percentile(values, 99)) if values.size else 0.0)
    pixel = spacing_mm if unit == CALIBRATED and spacing_mm is not None else (1.0, 1.0)
    save(field_figure(panels, Backdrop(mask, unit, image, (), pixel), limit, note), path)


def frame_note(result: TrackingResult, frame: int) -> str:
    """Return the frame's number in the source and its time, such as ``Frame 17 · 0.227 s``."""
    text = f"Frame {frame + result.first_frame}"
    if result.frame_times_s is not None:
        text += f"  ·  {float(result.frame_times_s[frame]):.3f} s"
    return text
