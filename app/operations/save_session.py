"""Save what is open: everything that a person did, and where the fields are."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from app.context import Context
from app.display import DisplayOptions
from app.flow_view import FlowView
from app.operations.export import KIND
from app.operations.facts import as_told
from app.session import Loop, Session, one_file
from engine.errors import InputError
from engine.io.session_file import SavedLoop, SavedSession, write_session
from engine.model import Scale, ScaleField, TrackingResult
from engine.progress import Progress

SUFFIX: Final = ".myoflux"


@dataclass(frozen=True)
class FieldFiles:
    """Where the fields of a loop are.

    Attributes:
        own: Result file of the loop's tracking.
        peers: Result files of other methods, by their names.
    """

    own: Path
    peers: Mapping[str, Path] = dataclasses.field(default_factory=lambda: MappingProxyType({}))

    def by_field(self, loop: Loop) -> dict[ScaleField, Path]:
        """Return the file of every field that a loop had when they were written."""
        others = {loop.peers[name].field: path for name, path in self.peers.items()}
        return dict.fromkeys(loop.fields, self.own) | others


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
    loops, saved = session.loops, snapshot(context)

    def work(progress: Progress) -> dict[int, FieldFiles]:
        files: dict[int, FieldFiles] = {}
        for number, loop in enumerate(loops, start=1):
            stem = f"{path.stem}-{number}" if len(loops) > 1 else path.stem
            written = _write_fields(context, loop, path.with_name(f"{stem}.h5"), progress)
            if written is not None:
                files[loop.loop_id] = written
        write_session(path, with_files(saved, loops, files))
        return files

    def done(files: dict[int, FieldFiles]) -> None:
        for loop in loops:
            now = session.get(loop.loop_id)
            if now is not None and loop.loop_id in files:
                held = files[loop.loop_id].by_field(loop)
                session.update(loop.loop_id, files={**now.files, **held})
        context.settings.add_recent(path)
        saved_to(path)

    context.jobs.start("Saving the session", work, done, kind=KIND)


def _write_fields(
    context: Context, loop: Loop, place: Path, progress: Progress
) -> FieldFiles | None:
    """Write the fields of a loop that are in no file of the user's; None if it has none.

    A file that is there already may be all that is left of other work, or be named by another
    session: none is written over.

    Args:
        context: The window's parts.
        loop: The loop.
        place: File for its own fields, if there is none; those of peers go beside it.
        progress: Asked whether to stop before every file.
    """
    fields = fields_of(loop)
    if fields is None:
        return None
    own = loop.fields_file
    if own is None:
        own = _free(place)
        progress.check()
        context.verbs.write_result(own, fields, patient_data=True)
    peers: dict[str, Path] = {}
    for name, flow in loop.peers.items():
        path = one_file((flow.field,), loop.files)
        if path is None:
            path = _free(place.with_name(f"{place.stem}-{name}.h5"))
            progress.check()
            context.verbs.write_result(path, peer_result(fields, name, flow), patient_data=True)
        peers[name] = path
    return FieldFiles(own, peers)


def _free(place: Path) -> Path:
    """Return a file that is not there yet: the place itself, or one with a number behind it."""
    numbered = (place.with_name(f"{place.stem}-{number}.h5") for number in itertools.count(2))
    return next(path for path in itertools.chain((place,), numbered) if not path.exists())


def peer_result(own: TrackingResult, name: str, flow: FlowView) -> TrackingResult:
    """Return what is written of another method's field: frames would only fill the disk twice.

    Args:
        own: What the loop itself was tracked with.
        name: Of the method.
        flow: Its field.
    """
    return dataclasses.replace(own, fields=(flow.field,), method=name, frames=None, notices=())


def snapshot(context: Context) -> SavedSession:
    """Return the state of all loops; no file of fields is named yet.

    Raises:
        InputError: If nothing is open.
    """
    session = context.session
    loops = session.loops
    current = session.loop
    return SavedSession(
        loops=tuple(saved_loop(session, loop) for loop in loops),
        current=0 if current is None else loops.index(current),
        display=options_out(context.display.options),
        playback=context.player.settings(),
    )


def saved_loop(session: Session, loop: Loop) -> SavedLoop:
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
        mark_origins=loop.mark_origins,
        mask=loop.mask,
        tracked_mask=loop.tracked_mask,
        measurements=loop.measurements,
        rejected=loop.rejected,
        reviewed=loop.reviewed,
        frame=session.frame_of(loop.loop_id),
        times_origin=loop.cine.provenance.times_origin,
        spacing_origin=loop.cine.provenance.spacing_origin,
        history=session.history_of(loop.loop_id).saved(loop.mask, loop.tracked_mask),
    )


def with_files(
    saved: SavedSession, loops: tuple[Loop, ...], files: Mapping[int, FieldFiles]
) -> SavedSession:
    """Return the session with the files of fields of every loop that has any."""
    named = []
    for item, loop in zip(saved.loops, loops, strict=True):
        found = files.get(loop.loop_id)
        named.append(
            item
            if found is None
            else dataclasses.replace(item, result=found.own, peers=found.peers)
        )
    return dataclasses.replace(saved, loops=tuple(named))


def fields_of(loop: Loop) -> TrackingResult | None:
    """Return the fields that a loop has: its result, or the scales finished so far."""
    if loop.result is None and loop.so_far is not None:
        return as_told(loop.so_far, loop)
    return loop.result


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
