"""Confirm the view, ED and ES: the loop and its result are told alike."""

from __future__ import annotations

import dataclasses
from typing import Final

from app.context import Context
from engine.model import View

_PROPOSAL: Final = "This looks like"


def confirm_view(context: Context, view: View | None) -> None:
    """Set the view of the current loop; None takes the confirmation back."""
    loop = context.session.loop
    if loop is None:
        return
    result = loop.result
    if result is not None:
        notices = result.notices if view is None else without_proposal(result.notices)
        result = dataclasses.replace(result, view=view, notices=notices)
    context.session.update(
        loop.loop_id,
        view=view,
        view_confirmed=view is not None,
        result=result,
        measurements=None,
    )


def without_proposal(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return notes without the proposal of a view: a person has decided."""
    return tuple(note for note in notes if not note.startswith(_PROPOSAL))


def set_marks(context: Context, ed_frame: int | None, es_frame: int | None) -> None:
    """Set end-diastole and end-systole, frames from 0 within the loop, of the current loop."""
    loop = context.session.loop
    if loop is None or (loop.ed_frame, loop.es_frame) == (ed_frame, es_frame):
        return
    first, result = loop.cine.first_frame, loop.result
    if result is not None:
        result = dataclasses.replace(
            result,
            ed_frame=None if ed_frame is None else ed_frame + first,
            es_frame=None if es_frame is None else es_frame + first,
        )
    context.session.update(
        loop.loop_id, ed_frame=ed_frame, es_frame=es_frame, result=result, measurements=None
    )
