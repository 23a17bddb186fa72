"""What a result repeats of its loop: view, marks and units. Both are always told alike."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.context import Context
from app.operations.measure import same_input
from app.operations.notes import settled
from app.session import Loop
from engine.model import TrackingResult


def as_told(result: TrackingResult, loop: Loop) -> TrackingResult:
    """Return a result with the facts that its loop holds now, whatever they were when it began.

    Args:
        result: What was tracked.
        loop: Its loop, of which a person may have told more since.
    """
    first = loop.cine.first_frame
    return dataclasses.replace(
        result,
        view=loop.view if loop.view_confirmed else None,
        ed_frame=None if loop.ed_frame is None else loop.ed_frame + first,
        es_frame=None if loop.es_frame is None else loop.es_frame + first,
        mark_origins=loop.mark_origins,
        spacing_mm=loop.cine.spacing_mm,
        frame_times_s=loop.cine.frame_times_s,
        notices=settled(
            result.notices, view_confirmed=loop.view_confirmed, mark_origins=loop.mark_origins
        ),
    )


def tell(context: Context, loop: Loop, **facts: Any) -> None:
    """Change facts of a loop and of its result; numbers and maps that rest on others are dropped.

    Args:
        context: The window's parts.
        loop: As it is.
        **facts: Fields of ``app.session.Loop`` with their new values.
    """
    result = loop.result
    if result is not None:
        facts["result"] = as_told(result, dataclasses.replace(loop, **facts))
        if not same_input(facts["result"], result):
            facts["measurements"] = None
            facts["strains"] = {}
    context.session.update(loop.loop_id, **facts)
