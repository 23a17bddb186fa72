"""Save what is open: everything that a person did, and where the fields are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from app.context import Context
from app.display import DisplayOptions
from app.session import Loop, Session
from engine.errors import InputError
from engine.io.session_file import SavedLoop, SavedSession, write_session
from engine.model import Scale, TrackingResult
from engine.progress import Progress

SUFFIX: Final = ".myoflux"


def save_session(context: Context, path: Path, saved_to: Callable[[Path], None]) -> None:
    """Write a session in the background; fields that are in no file yet go beside it.

    Args:
        context: The window's parts.
        path: Session to write.
        saved_to: Called with the path once it is written.

    Raises:
        InputError: If nothing is open.
    """
    session = context.session
    if not session.loops:
        raise InputError("Open a loop first: there is nothing to save yet.")
    loops, saved = session.loops, snapshot(session, context.display.options)

    def work(progress: Progress) -> dict[int, Path]:
        files: dict[int, Path] = {}
        for number, loop in enumerate(loops, start=1):
            fields = fields_of(loop)
            if fields is None:
                continue
            if loop.fields_file is not None and loop.fields_file.exists():
                files[loop.loop_id] = loop.fields_file
                continue
            place = f"-{number}" if len(loops) > 1 else ""
            files[loop.loop_id] = path.with_name(f"{path.stem}{place}.h5")
            progress.check()
            context.verbs.write_result(files[loop.loop_id], fields, patient_data=True)
        write_session(path, with_files(saved, loops, files))
        return files

    def done(files: dict[int, Path]) -> None:
        for loop in loops:
            now = session.get(loop.loop_id)
            if now is not None and now.flows is loop.flows and loop.loop_id in files:
                session.update(loop.loop_id, fields_file=files[loop.loop_id])
        context.settings.add_recent(path)
        saved_to(path)

    context.jobs.start("Saving the session", work, done, kind="export")


def snapshot(session: Session, options: DisplayOptions) -> SavedSession:
    """Return the state of all loops; no file of fields is named yet.

    Raises:
        InputError: If nothing is open.
    """
    loops = session.loops
    current = session.loop
    return SavedSession(
        loops=tuple(saved_loop(loop, session.frame_of(loop.loop_id)) for loop in loops),
        current=0 if current is None else loops.index(current),
        display=options_out(options),
    )


def saved_loop(loop: Loop, frame: int) -> SavedLoop:
    """Return what is kept of a loop."""
    first = loop.cine.first_frame
    return SavedLoop(
        source=loop.path,
        source_sha256=loop.cine.provenance.sha256,
        name=loop.name,
        read=loop.read,
        target=loop.target,
        view=loop.view,
        view_confirmed=loop.view_confirmed,
        ed_frame=None if loop.ed_frame is None else loop.ed_frame + first,
        es_frame=None if loop.es_frame is None else loop.es_frame + first,
        mask=loop.mask,
        tracked_mask=loop.tracked_mask,
        complete=loop.result is not None,
        measurements=loop.measurements,
        rejected=loop.rejected,
        reviewed=loop.reviewed,
        frame=frame,
    )


def with_files(
    saved: SavedSession, loops: tuple[Loop, ...], files: dict[int, Path]
) -> SavedSession:
    """Return the session with the file of fields of every loop that has one."""
    return dataclasses.replace(
        saved,
        loops=tuple(
            dataclasses.replace(item, result=files.get(loop.loop_id))
            for item, loop in zip(saved.loops, loops, strict=True)
        ),
    )


def fields_of(loop: Loop) -> TrackingResult | None:
    """Return the fields that a loop has: its result, or the scales finished before a stop."""
    mask = loop.tracked_mask
    if loop.result is not None or not loop.flows or mask is None:
        return loop.result
    cine = loop.cine
    return TrackingResult(
        tuple(loop.flows[scale].field for scale in Scale if scale in loop.flows),
        mask.data,
        "ssmsr",
        loop.target,
        cine.provenance.sha256,
        "",
        source_name=cine.provenance.name,
        frames=cine.frames,
        frame_times_s=cine.frame_times_s,
        spacing_mm=cine.spacing_mm,
        contours=mask.contours,
        first_frame=cine.first_frame,
        r_times_s=cine.r_times_s,
        notices=("The tracking was stopped before its last scale.",),
    )


def options_out(options: DisplayOptions) -> dict[str, Any]:
    """Return options of the display as JSON values."""
    return dataclasses.asdict(options)


def options_in(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were kept and are still known, with their types.

    A session is a file that anyone may have edited: what is of another type is left out.
    """
    known: dict[str, Any] = {}
    for item in dataclasses.fields(DisplayOptions):
        value: Any = stored.get(item.name)
        usual: Any = Scale.FULL if item.name == "scale" else item.default
        if isinstance(usual, StrEnum):
            kind = type(usual)
            if value in {member.value for member in kind}:
                known[item.name] = kind(value)
        elif isinstance(usual, bool):
            if isinstance(value, bool):
                known[item.name] = value
        elif isinstance(usual, str):
            if isinstance(value, str):
                known[item.name] = value
        elif type(value) in {int, float} and math.isfinite(value):
            known[item.name] = float(value)
    return known
