"""Confirm the view, ED and ES: the loop and its result are told alike."""

from __future__ import annotations

from app.context import Context
from app.operations.facts import tell
from engine.model import View


def confirm_view(context: Context, view: View | None) -> None:
    """Set the view of the current loop; None takes the confirmation back."""
    loop = context.session.loop
    if loop is not None:
        tell(context, loop, view=view, view_confirmed=view is not None)


def set_marks(context: Context, ed_frame: int | None, es_frame: int | None) -> None:
    """Set end-diastole and end-systole, frames from 0 within the loop, of the current loop.

    A mark that stays where it was stays as well founded as it was.
    """
    loop = context.session.loop
    if loop is None:
        return
    early, late = loop.mark_origins
    origins = (
        early if ed_frame == loop.ed_frame else "",
        late if es_frame == loop.es_frame else "",
    )
    if (ed_frame, es_frame) != (loop.ed_frame, loop.es_frame):
        tell(context, loop, ed_frame=ed_frame, es_frame=es_frame, mark_origins=origins)


def take_marks(
    context: Context,
    ed_frame: int | None,
    es_frame: int | None,
    *,
    origins: tuple[str, str] = ("", ""),
) -> None:
    """Take a person's word on end-diastole, end-systole, or both, wherever they were before.

    Args:
        context: The window's parts.
        ed_frame: From 0 within the loop; None leaves it as it is.
        es_frame: The same of end-systole.
        origins: Where both come from; empty where a person points at the frame itself.
    """
    loop = context.session.loop
    if loop is None:
        return
    early, late = loop.mark_origins
    frames = (
        loop.ed_frame if ed_frame is None else ed_frame,
        loop.es_frame if es_frame is None else es_frame,
    )
    told = (
        early if ed_frame is None else origins[0],
        late if es_frame is None else origins[1],
    )
    if (frames, told) != ((loop.ed_frame, loop.es_frame), loop.mark_origins):
        tell(context, loop, ed_frame=frames[0], es_frame=frames[1], mark_origins=told)
