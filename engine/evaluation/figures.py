"""The paper's Figs. 2 to 4 for any loop and pair: methods side by side, and scales side by side.

All panels share the arrow grid, the arrow length and the colour limits.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.velocity import velocity_field
from engine.config import MaskConfig, ReadConfig
from engine.errors import InputError
from engine.evaluation.records import EvaluationConfig
from engine.evaluation.runner import Run, run_variant, variants
from engine.export.figures import write_comparison
from engine.export.quiver import nice_limit
from engine.io.reader import read_cine
from engine.masks.build import build_mask
from engine.methods.registry import get_method
from engine.model import Cine, Mask
from engine.progress import NullProgress, Progress, Step

CONTEXT_FRAMES: Final = 2
"""Frames before and after the pair that methods may use."""

Panels = list[tuple[str, NDArray[np.float32]]]


def evaluate_figures(
    path: Path,
    config: EvaluationConfig,
    out_dir: Path,
    progress: Progress,
    *,
    target: str = "tissue",
) -> tuple[Path, ...]:
    """Draw a pair's fields by every method, and by every scale of those that have scales.

    Args:
        path: Loop.
        config: Methods, device and, as ``start``, the moving frame of the pair.
        out_dir: Folder of ``methods.png`` and ``scales-METHOD.png``, made if absent.
        progress: Told of every method.
        target: ``tissue`` (Figs. 2 and 3) or ``blood`` (Fig. 4).

    Returns:
        The pictures.

    Raises:
        InputError: If the loop has no such pair, or a method is unknown.
        UnreadableFileError: If the loop cannot be read.
        OutputError: If a picture cannot be written.
        Cancelled: If the user has asked to stop.
    """
    chosen = variants(config.methods, config.test_time_training)
    cine, mask, pair = _around_pair(path, config.start, target)
    runs: list[Run] = []
    for done, variant in enumerate(chosen):
        progress.check()
        progress.report(Step("figures", done, len(chosen), variant.method, done / len(chosen)))
        runs.append(
            run_variant(variant, cine, mask, device=config.device, seed=0, progress=progress)
        )
    pictures: list[tuple[str, Panels]] = [
        ("methods", [(_title(run), run.fields[-1].displacement[pair]) for run in runs])
    ]
    for run in runs:
        if len(run.fields) > 1:
            panels = [
                (f"{_title(run)}, scale {item.scale.label}", item.displacement[pair])
                for item in run.fields
            ]
            stem = f"scales-{run.variant.method}-{run.variant.training}".replace("@", "-")
            pictures.append((stem, panels))
    limit = _shared_limit(pictures, cine, mask, pair)
    paths = tuple(out_dir / f"{stem}.png" for stem, _ in pictures)
    for picture, (_, panels) in zip(paths, pictures, strict=True):
        write_comparison(
            picture,
            panels,
            mask.data[pair + 1],
            image=cine.frames[pair + 1],
            spacing_mm=cine.spacing_mm,
            interval_s=_interval(cine, pair),
            limit=limit,
            note=f"{path.name}, frames {config.start} to {config.start + 1}",
        )
    progress.report(Step("figures", len(chosen), len(chosen), fraction=1.0))
    return paths


def _around_pair(path: Path, moving: int, target: str) -> tuple[Cine, Mask, int]:
    """Return the frames around a pair, their mask, and the pair's index among them."""
    cine = read_cine(path, ReadConfig(), NullProgress())
    if moving > len(cine.frames) - 2:
        raise InputError(
            f"{path.name} has {len(cine.frames)} frames, so a pair can start at frame "
            f"{len(cine.frames) - 2} at the latest, not at {moving}."
        )
    mask = build_mask(cine, MaskConfig(target=target), NullProgress())
    first = max(0, moving - CONTEXT_FRAMES)
    part = slice(first, moving + 2 + CONTEXT_FRAMES)
    times = None if cine.frame_times_s is None else cine.frame_times_s[part]
    short = replace(cine, frames=cine.frames[part], frame_times_s=times, first_frame=first)
    return short, Mask(mask.data[part], mask.kind), moving - first


def _title(run: Run) -> str:
    """Return a method's name as a reader knows it."""
    words = {"on": ", trained on the loop", "off": ", one pass"}
    preset = "" if "@" not in run.variant.method else f" ({run.variant.preset})"
    return f"{get_method(run.variant.name).label}{preset}{words.get(run.variant.training, '')}"


def _interval(cine: Cine, pair: int) -> float | None:
    """Return the time between the frames of a pair, s; None if unknown."""
    intervals = cine.frame_intervals_s
    return None if intervals is None else float(intervals[pair])


def _shared_limit(pictures: list[tuple[str, Panels]], cine: Cine, mask: Mask, pair: int) -> float:
    """Return one colour limit for all pictures: the 99th percentile of all speeds."""
    interval = _interval(cine, pair)
    times = None if interval is None else np.array([0.0, interval])
    inside = mask.data[pair + 1]
    speeds = [
        np.hypot(*velocity_field(field[None], cine.spacing_mm, times).values[0])[inside]
        for _, panels in pictures
        for _, field in panels
    ]
    return nice_limit(float(np.percentile(np.concatenate(speeds), 99)))
