"""Save the work on a loop, and take it up again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from app.context import Context
from app.operations.make_mask import make_mask
from app.operations.open_loop import RESULT_SUFFIXES, open_path
from app.session import Loop
from engine.errors import InputError
from engine.io.session_file import SavedSession, read_session, write_session
from engine.model import Cine, Mask, MaskKind, Target
from engine.progress import Progress

SUFFIX: Final = ".myoflux"


def save_session(context: Context, path: Path) -> None:
    """Write the current loop's state in the background.

    Raises:
        InputError: If the loop has no file: a phantom is made anew, not saved.
    """
    loop = context.session.loop
    if loop is None or loop.path is None:
        raise InputError("Only the work on a file can be saved. Export the phantom's result.")
    saved = saved_session(loop, loop.path)

    def work(progress: Progress) -> Path:
        progress.check()
        write_session(path, saved)
        return path

    def done(written: Path) -> None:
        context.settings.add_recent(written)

    context.jobs.start("Saving the session", work, done, kind="export")


def open_session(context: Context, path: Path) -> None:
    """Read a session and the loop that it belongs to."""

    def work(progress: Progress) -> tuple[SavedSession, Cine | None, Mask | None]:
        saved = read_session(path)
        if saved.source.suffix.lower() in RESULT_SUFFIXES:
            return saved, None, None
        cine = context.verbs.read_cine(saved.source, saved.read, progress)
        if cine.provenance.sha256 != saved.source_sha256:
            progress.notice("The loop has changed since the session was saved: check the contour.")
        mask = None
        if saved.contours is not None and len(saved.contours.endocardial) == cine.shape[0]:
            kind = MaskKind.WALL if saved.contours.epicardial is not None else MaskKind.BLOOD_POOL
            whole = Mask(np.ones(cine.shape, np.bool_), kind, saved.contours)
            mask = context.verbs.fill_contours(cine, whole, saved.contours, _target(kind))
        return saved, cine, mask

    def show(found: tuple[SavedSession, Cine | None, Mask | None]) -> None:
        saved, cine, mask = found
        context.settings.add_recent(path)
        if cine is None:
            open_path(context, saved.source)
            return
        first = cine.first_frame
        loop = context.session.add(
            saved.source.name,
            cine,
            path=saved.source,
            read=saved.read,
            mask=mask,
            target=Target.TISSUE if mask is None else _target(mask.kind),
            view=saved.view,
            view_confirmed=saved.view is not None,
            ed_frame=None if saved.ed_frame is None else saved.ed_frame - first,
            es_frame=None if saved.es_frame is None else saved.es_frame - first,
        )
        if mask is None:
            make_mask(context, loop)

    context.jobs.start(f"Opening {path.name}", work, show, kind="open")


def _target(kind: MaskKind) -> Target:
    return Target.BLOOD if kind is MaskKind.BLOOD_POOL else Target.TISSUE


def saved_session(loop: Loop, source: Path) -> SavedSession:
    """Return what is kept of a loop."""
    first = loop.cine.first_frame
    return SavedSession(
        source=source,
        source_sha256=loop.cine.provenance.sha256,
        read=loop.read,
        view=loop.view if loop.view_confirmed else None,
        ed_frame=None if loop.ed_frame is None else loop.ed_frame + first,
        es_frame=None if loop.es_frame is None else loop.es_frame + first,
        contours=None if loop.mask is None else loop.mask.contours,
        reviewed=loop.reviewed,
    )
