"""Confirm the view, ED and ES: the loop and its result are told alike."""

from __future__ import annotations

import dataclasses

from app.context import Context
from app.operations.notes import ED, ES, origins, settled
from app.session import Loop
from engine.model import View


def confirm_view(context: Context, view: View | None) -> None:
    """Set the view of the current loop; None takes the confirmation back."""
    loop = context.session.loop
    if loop is None:
        return
    result = loop.result
    if result is not None:
        notices = settled(result.notices, view_confirmed=view is not None, given=loop.given)
        result = dataclasses.replace(result, view=view, notices=notices)
    context.session.update(
        loop.loop_id,
        view=view,
        view_confirmed=view is not None,
        result=result,
        measurements=None,
    )


def set_marks(context: Context, ed_frame: int | None, es_frame: int | None) -> None:
    """Set end-diastole and end-systole, frames from 0 within the loop, of the current loop.

    A mark that stays where it was stays as well founded as it was.
    """
    loop = context.session.loop
    if loop is None:
        return
    marks = ((ED, loop.ed_frame, ed_frame), (ES, loop.es_frame, es_frame))
    moved = {mark: now for mark, before, now in marks if before != now}
    given = (loop.given - moved.keys()) | {mark for mark, now in moved.items() if now is not None}
    if moved:
        _mark(context, loop, (ed_frame, es_frame), given)


def take_marks(context: Context, ed_frame: int | None, es_frame: int | None) -> None:
    """Take a person's word on end-diastole, end-systole, or both, wherever they were before.

    Args:
        context: The window's parts.
        ed_frame: From 0 within the loop; None leaves it as it is.
        es_frame: The same of end-systole.
    """
    loop = context.session.loop
    if loop is None:
        return
    told = {mark: now for mark, now in ((ED, ed_frame), (ES, es_frame)) if now is not None}
    frames = (told.get(ED, loop.ed_frame), told.get(ES, loop.es_frame))
    if frames != (loop.ed_frame, loop.es_frame) or not told.keys() <= loop.given:
        _mark(context, loop, frames, loop.given | told.keys())


def _mark(
    context: Context, loop: Loop, frames: tuple[int | None, int | None], given: frozenset[str]
) -> None:
    """Tell the loop and its result ED and ES, frames from 0 within the loop."""
    first, result = loop.cine.first_frame, loop.result
    if result is not None:
        numbers = [None if frame is None else frame + first for frame in frames]
        result = dataclasses.replace(
            result,
            ed_frame=numbers[0],
            es_frame=numbers[1],
            notices=settled(result.notices, view_confirmed=loop.view_confirmed, given=given),
            mark_origins=origins(result.mark_origins, given),
        )
    context.session.update(
        loop.loop_id,
        ed_frame=frames[0],
        es_frame=frames[1],
        given=given,
        result=result,
        measurements=None,
    )
