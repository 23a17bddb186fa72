"""Take up a saved session: every loop with its mask, fields, marks, review and measurements."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.context import Context
from app.flow_view import FlowView, make_flow_view
from app.operations.make_mask import make_mask
from app.operations.open_loop import RESULT_SUFFIXES, cine_of, opening
from app.operations.peers import layer_name
from app.operations.privacy import look_into
from app.operations.save_session import options_in
from app.operations.track import weigh
from app.session import Loop
from engine.errors import MyofluxError
from engine.io.session_file import SavedLoop, SavedSession, read_session
from engine.model import Cine, Mask, MaskKind, Scale, TrackingResult
from engine.progress import Progress

KIND = "open"


@dataclass(frozen=True, eq=False)
class Restored:
    """A loop as it was saved, read again.

    Attributes:
        saved: What the session says.
        cine: Its frames.
        values: Fields of ``app.session.Loop``.
    """

    saved: SavedLoop
    cine: Cine
    values: dict[str, Any]


def open_session(
    context: Context,
    path: Path,
    opened: Callable[[tuple[Loop, ...]], None] | None = None,
) -> None:
    """Read a session with all its loops in the background, then show it.

    Args:
        context: The window's parts.
        path: The session.
        opened: Called with the loops once they are open.
    """

    def work(progress: Progress) -> tuple[SavedSession, list[Restored]]:
        session = read_session(path)
        found = []
        for saved in session.loops:
            progress.check()
            try:
                found.append(_restored(context, saved, progress))
            except MyofluxError as error:
                # The others may still be there; alone it is the answer.
                if len(session.loops) == 1:
                    raise
                progress.notice(f"{saved.name} was left out: {error}")
        return session, found

    def show(restored: tuple[SavedSession, list[Restored]]) -> None:
        session, found = restored
        loops = tuple(
            context.session.add(item.saved.name, item.cine, **item.values) for item in found
        )
        for loop, item in zip(loops, found, strict=True):
            context.session.activate(loop.loop_id)
            context.session.set_frame(item.saved.frame)
            if item.saved.history is not None and loop.mask is not None:
                history = context.session.history_of(loop.loop_id)
                history.take_up(item.saved.history, loop.mask, loop.tracked_mask)
            look_into(context, loop)
            weigh(context, loop.loop_id)
            if loop.mask is None and loop.frame_count > 1:
                make_mask(context, loop)
        shown = session.loops[session.current]
        for loop, item in zip(loops, found, strict=True):
            if item.saved is shown:
                context.session.activate(loop.loop_id)
        context.display.set(**options_in(dict(session.display)))
        context.player.take_up(session.playback)
        if opened is not None:
            opened(loops)

    context.jobs.start(opening(context, path), work, show, kind=KIND)


def _restored(context: Context, saved: SavedLoop, progress: Progress) -> Restored:
    cine = _read_source(context, saved, progress)
    if saved.source is not None and cine.provenance.sha256 != saved.source_sha256:
        progress.notice(f"{saved.name} has changed since the session was saved: check the contour.")
    first = cine.first_frame
    values: dict[str, Any] = {
        "path": saved.source,
        "read": saved.read,
        "target": saved.target,
        "view": saved.view,
        "view_confirmed": saved.view_confirmed,
        "ed_frame": None if saved.ed_frame is None else saved.ed_frame - first,
        "es_frame": None if saved.es_frame is None else saved.es_frame - first,
        "mark_origins": saved.mark_origins,
    }
    if saved.mask is None:
        return Restored(saved, cine, values)
    if saved.mask.shape != cine.shape:
        progress.notice(f"{saved.name} has another size than when it was saved: mask left out.")
        return Restored(saved, cine, values)
    values["mask"] = saved.mask
    result = _read_fields(context, saved, progress)
    if result is not None:
        values |= _tracked(saved, cine, result, progress)
        peers = _peers(context, saved, cine, values["tracked_mask"], progress)
        values["peers"] = peers
        values["files"] |= {flow.field: saved.peers[name] for name, flow in peers.items()}
    return Restored(saved, cine, values)


def _read_source(context: Context, saved: SavedLoop, progress: Progress) -> Cine:
    """Read the loop again, with what the user told of it."""
    if saved.source is None:
        cine = context.verbs.demo_cine(progress)
    elif saved.source.suffix.lower() in RESULT_SUFFIXES:
        cine = cine_of(context.verbs.read_result(saved.source), saved.source)
    else:
        cine = context.verbs.read_cine(saved.source, saved.read, progress)
    return _with_facts(cine, saved)


def _with_facts(cine: Cine, saved: SavedLoop) -> Cine:
    """Return the loop with spacing and rate as the user gave them, and with how they did."""
    read, source = saved.read, cine.provenance
    if read.spacing_mm is not None:
        origin = saved.spacing_origin or "given by hand"
        source = dataclasses.replace(source, spacing_origin=origin)
        cine = dataclasses.replace(cine, spacing_mm=read.spacing_mm, provenance=source)
    if read.fps is not None:
        origin = saved.times_origin or "given by hand"
        source = dataclasses.replace(source, times_origin=origin)
        times = np.arange(cine.shape[0]) / read.fps
        cine = dataclasses.replace(cine, frame_times_s=times, provenance=source)
    return cine


def _read_fields(context: Context, saved: SavedLoop, progress: Progress) -> TrackingResult | None:
    """Return what the result file holds; without it the loop is to be tracked again."""
    if saved.result is None:
        return None
    try:
        result = context.verbs.read_result(saved.result)
    except MyofluxError as error:
        progress.notice(f"{error} Track {saved.name} again.")
        return None
    tracked = saved.tracked_mask or saved.mask
    if tracked is None or not _fits(result, saved, tracked):
        progress.notice(f"{saved.result.name} holds another tracking. Track {saved.name} again.")
        return None
    return result


def _fits(result: TrackingResult, saved: SavedLoop, mask: Mask) -> bool:
    """Return whether a result is of the loop, and of the mask that it was tracked within."""
    if saved.tracked_mask is None:
        return result.mask.shape == mask.shape
    same_loop = result.source_sha256 in {"", saved.source_sha256}
    return same_loop and np.array_equal(result.mask, mask.data)


def _peers(
    context: Context, saved: SavedLoop, cine: Cine, mask: Mask, progress: Progress
) -> dict[str, FlowView]:
    """Return the fields of other methods that are still there."""
    peers: dict[str, FlowView] = {}
    for name, path in saved.peers.items():
        progress.check()
        try:
            field = context.verbs.read_result(path).finest
        except MyofluxError as error:
            progress.notice(f"{error} {layer_name(name)} was left out.")
            continue
        if (field.shape[0] + 1, *field.shape[1:]) == cine.shape:
            peers[name] = make_flow_view(field, mask.data, cine.spacing_mm, cine.frame_times_s)
    return peers


def _tracked(
    saved: SavedLoop, cine: Cine, read: TrackingResult, progress: Progress
) -> dict[str, Any]:
    """Return what the loop holds once it is tracked; the session knows better than the file."""
    mask = saved.tracked_mask or Mask(read.mask, MaskKind.FILE, read.contours)
    result = dataclasses.replace(
        read,
        mask=mask.data,
        contours=mask.contours,
        target=saved.target,
        frames=cine.frames if read.frames is None else read.frames,
        frame_times_s=cine.frame_times_s,
        spacing_mm=cine.spacing_mm,
        view=saved.view if saved.view_confirmed else None,
        ed_frame=saved.ed_frame,
        es_frame=saved.es_frame,
        r_times_s=cine.r_times_s,
        reviewed=saved.reviewed,
        mark_origins=saved.mark_origins,
    )
    flows: dict[Scale, FlowView] = {}
    for item in result.fields:
        progress.check()
        flows[item.scale] = make_flow_view(item, mask.data, cine.spacing_mm, cine.frame_times_s)
    return {
        "result": result,
        "flows": flows,
        "tracked_mask": mask,
        "files": dict.fromkeys(result.fields, saved.result),
        "reviewed": saved.reviewed,
        "rejected": saved.rejected,
        "measurements": saved.measurements,
    }
