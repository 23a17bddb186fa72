"""The beats of a loop: one of them is played, drawn and measured, or the whole loop is played."""

from __future__ import annotations

import numpy as np

from app.context import Context
from app.operations.confirm import take_marks
from app.operations.measure import KIND, measure
from app.session import Loop
from engine.cycle import Cycle, find_cycle, of_chosen_beat
from engine.masks.contour import areas


def beats_of(loop: Loop) -> tuple[tuple[int, int], ...]:
    """Return the first and last frame of every complete beat, from 0 within the loop.

    A beat ends before the next end-diastole. R waves tell, or else the area within the contours.

    Args:
        loop: With R waves, or a mask with contours.
    """
    return tuple((first, end - 1) for first, end in _cycle(loop).beats)


def choose_beat(context: Context, number: int | None) -> None:
    """Play one beat of the current loop, and measure it: its ED and ES are marked.

    Args:
        context: The window's parts.
        number: Of the beat, from 0; None plays all frames and leaves the marks.
    """
    loop = context.session.loop
    if loop is None:
        return
    if number is None:
        context.player.reset_range()
        return
    found = _cycle(loop)
    first, end = found.beats[number]
    measured = loop.measurements is not None or context.jobs.running(KIND, loop.loop_id) is not None
    beat = _cycle(loop, first)
    origins = of_chosen_beat(found.ed_origin), of_chosen_beat(beat.es_origin)
    take_marks(context, first, beat.es_frame, origins=origins)
    context.player.set_range(first, end - 1)
    if not first <= context.session.frame < end:
        context.player.seek(first)
    now = context.session.get(loop.loop_id)
    if measured and now is not None and now.measurements is None and now.result is not None:
        measure(context)


def _cycle(loop: Loop, start: int | None = None) -> Cycle:
    """Return the cycle of a loop whose beat begins at a frame, or at the first that is found."""
    cine = loop.cine
    contours = None if loop.mask is None else loop.mask.contours
    sizes = None if contours is None else areas(contours.endocardial.astype(np.float64))
    return find_cycle(cine.frame_times_s, cine.r_times_s, sizes, start)
