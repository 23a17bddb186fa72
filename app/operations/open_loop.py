"""Open a loop, a result or the demo phantom."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from app.context import Context
from app.flow_view import FlowView, make_flow_view
from app.operations.beats import beats_of
from app.operations.make_mask import make_mask
from app.operations.privacy import look_into
from app.operations.track import weigh
from app.session import Loop
from engine.config import ReadConfig
from engine.model import Cine, Mask, MaskKind, Provenance, Scale, TrackingResult
from engine.progress import Progress

RESULT_SUFFIXES: Final = frozenset({".h5", ".hdf5"})


def opening(context: Context, path: Path) -> str:
    """Return what the job that reads a file is called; a file's name may name a patient."""
    return "Opening the file" if context.session.private else f"Opening {path.name}"


def open_path(context: Context, path: Path, read: ReadConfig | None = None) -> None:
    """Read a loop or a result file in the background, then show it."""
    path = path.expanduser()
    if path.suffix.lower() in RESULT_SUFFIXES:
        _open_result(context, path)
        return
    config, number = read or ReadConfig(), context.session.reserve()

    def work(progress: Progress) -> Cine:
        return context.verbs.read_cine(path, config, progress)

    def show(cine: Cine) -> None:
        context.settings.add_recent(path)
        _add(context, path.name, cine, path=path, read=config, number=number)

    context.jobs.start(opening(context, path), work, show, kind="open")


def open_demo(context: Context) -> None:
    """Make the demo phantom in the background, then show it."""

    def show(cine: Cine) -> None:
        _add(context, "Demo phantom", cine)

    context.jobs.start("Making the demo phantom", context.verbs.demo_cine, show, kind="open")


def _add(
    context: Context,
    name: str,
    cine: Cine,
    path: Path | None = None,
    read: ReadConfig | None = None,
    number: int | None = None,
) -> None:
    loop = context.session.add(name, cine, number, path=path, read=read or ReadConfig())
    look_into(context, loop)
    if loop.frame_count < 2:
        context.session.update(loop.loop_id, error="A single frame has no motion to track.")
        return
    make_mask(context, loop)
    # One beat, from R to R, where the file tells: the eye learns nothing from the next ones.
    for first, last in beats_of(loop)[:1]:
        context.player.set_range(first, last)
    context.player.play()


def _open_result(context: Context, path: Path) -> None:
    number = context.session.reserve()

    def work(progress: Progress) -> tuple[TrackingResult, dict[Scale, FlowView]]:
        result = context.verbs.read_result(path)
        flows = {}
        for item in result.fields:
            progress.check()
            flows[item.scale] = make_flow_view(
                item, result.mask, result.spacing_mm, result.frame_times_s
            )
        return result, flows

    def show(found: tuple[TrackingResult, dict[Scale, FlowView]]) -> None:
        context.settings.add_recent(path)
        loop = add_result(context, path, *found, number=number)
        look_into(context, loop)
        context.display.show_scale(loop.result.finest.scale if loop.result else Scale.FULL)
        context.player.play()
        weigh(context, loop.loop_id)

    context.jobs.start(opening(context, path), work, show, kind="open")


def add_result(
    context: Context,
    path: Path,
    result: TrackingResult,
    flows: dict[Scale, FlowView],
    *,
    number: int | None = None,
) -> Loop:
    """Add a result that was read from a file to the session, with the number reserved for it."""
    first = result.first_frame
    marks = [
        None if frame is None else frame - first for frame in (result.ed_frame, result.es_frame)
    ]
    mask = Mask(
        result.mask,
        MaskKind.FILE,
        result.contours,
        ed_frame=marks[0],
        es_frame=marks[1],
        mark_origins=result.mark_origins,
    )
    # Result files of many loops have one name; the loop's own tells them apart.
    name = f"{result.source_name} ({path.name})" if result.source_name else path.name
    return context.session.add(
        name,
        cine_of(result, path),
        number,
        path=path,
        mask=mask,
        tracked_mask=mask,
        target=result.target,
        view=result.view,
        view_confirmed=result.view is not None,
        mark_origins=result.mark_origins,
        ed_frame=marks[0],
        es_frame=marks[1],
        flows=flows,
        result=result,
        files=dict.fromkeys(result.fields, path),
        reviewed=result.reviewed,
    )


def cine_of(result: TrackingResult, path: Path) -> Cine:
    """Return the loop that a result was tracked on; black where its frames were not kept."""
    frames = result.frames
    warnings: tuple[str, ...] = ()
    if frames is None:
        frames = np.zeros(result.mask.shape, np.uint8)
        warnings = ("The result file holds no frames: arrows are shown on black.",)
    provenance = Provenance(
        result.source_name or path.name,
        result.source_sha256,
        "result file",
        times_origin="result file",
        spacing_origin="result file",
        warnings=warnings,
    )
    return Cine(
        frames,
        provenance,
        result.frame_times_s,
        result.spacing_mm,
        first_frame=result.first_frame,
        r_times_s=result.r_times_s,
    )
