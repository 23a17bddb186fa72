"""Strokes of the contour editor: each becomes one undo step of the mask."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.context import Context
from app.jobs import Lane
from engine.errors import InputError
from engine.masks.editing import (
    Brush,
    Layer,
    Scope,
    apply_edit,
    brush_stroke,
    reinterpolate,
    reversed_contours,
    snap_to_gradient,
    starts_on_the_right,
)
from engine.masks.propagation import AGREEMENT, follow_motion
from engine.masks.sector import analyse_sector
from engine.model import Contours, Mask, Target
from engine.progress import Progress

KIND = "edit"
_SNAP_FRACTION = 0.012


def commit_contours(
    context: Context, contours: Contours, text: str, done: Callable[[], None] | None = None
) -> None:
    """Fill the edited contours in the background and take them as one undo step.

    Strokes share a lane of their own, so that they arrive in the order they were drawn.
    """
    loop = context.session.loop
    if loop is None or loop.mask is None:
        return
    mask, cine, target = loop.mask, loop.cine, loop.target

    def work(progress: Progress) -> Mask:
        progress.check()
        return context.verbs.fill_contours(cine, mask, contours, target)

    def show(edited: Mask) -> None:
        context.session.edit_mask(edited, text, loop.loop_id)

    context.jobs.start(
        "Filling the contour", work, show, kind=KIND, lane=Lane.EDITS, on_end=done, quiet=True
    )


def commit_brush(
    context: Context, path: NDArray[np.floating], radius: float, mode: Brush, scope: Scope
) -> None:
    """Draw a brush stroke into a mask without contours, as one undo step."""
    session = context.session
    loop, frame = session.loop, session.frame
    if loop is None or loop.mask is None:
        return
    shown = loop.mask

    def work(progress: Progress) -> Mask:
        # What the stroke before this one left may have come since it was drawn.
        now = session.get(loop.loop_id)
        mask = shown if now is None or now.mask is None else now.mask
        data = mask.data.copy()
        frames = range(len(data)) if scope is Scope.LOOP else (frame,)
        for index in frames:
            progress.check()
            data[index] = brush_stroke(data[index], path, radius, mode)
        return dataclasses.replace(mask, data=data, contours=None, confidence=None)

    def show(edited: Mask) -> None:
        session.edit_mask(edited, "Brush", loop.loop_id)

    context.jobs.start("Drawing", work, show, kind=KIND, lane=Lane.EDITS, quiet=True)


def interpolate_between(context: Context, drawn: Contours | None = None) -> None:
    """Make every frame between keyframes linear in time again.

    Args:
        context: The window's parts.
        drawn: Contours of a stroke that is still being filled; None takes the mask's.

    Raises:
        InputError: If there is no contour or no keyframe.
    """
    commit_contours(context, reinterpolate(drawn or _contours(context)), "Interpolate contours")


def snap(context: Context, scope: Scope, drawn: Contours | None = None) -> None:
    """Move the endocardial contour of the frame shown onto the nearest edge.

    Args:
        context: The window's parts.
        scope: Which frames it reaches.
        drawn: Contours of a stroke that is still being filled; None takes the mask's.

    Raises:
        InputError: If there is no contour.
    """
    contours, frame = drawn or _contours(context), context.session.frame
    loop = context.session.loop
    if loop is None:
        return
    image = loop.cine.frames[frame]
    radius = max(4.0, _SNAP_FRACTION * max(image.shape))
    curve = contours.endocardial[frame]
    moved = snap_to_gradient(image, curve, radius=radius, closed=contours.closed)
    edited = apply_edit(contours, frame, moved, Layer.ENDOCARDIAL, scope)
    commit_contours(context, edited, "Snap contour")


def follow(context: Context, drawn: Contours | None = None) -> None:
    """Let the contours between keyframes follow the tracked field, as one undo step.

    The mask's notes then tell how far the contours from before agreed with the tracked ones.

    Args:
        context: The window's parts.
        drawn: Contours of a stroke that is still being filled; None takes the mask's.

    Raises:
        InputError: If there is no contour, no keyframe, or the loop is not tracked.
    """
    contours, loop = drawn or _contours(context), context.session.loop
    if loop is None or loop.mask is None:
        return
    finest = loop.finest
    if finest is None:
        raise InputError("There is no motion to follow yet: track the loop first.")
    if loop.target is Target.BLOOD:
        raise InputError(
            "The motion found is that of blood, but contours move with the wall: track tissue."
        )
    mask, field = loop.mask, finest.field.displacement

    def work(progress: Progress) -> Mask:
        moved, agreement = follow_motion(contours, field, analyse_sector(loop.cine).mask)
        progress.check()
        filled = context.verbs.fill_contours(loop.cine, mask, moved, loop.target)
        kept = tuple(note for note in filled.notes if not note.startswith(AGREEMENT))
        return dataclasses.replace(filled, notes=(agreement.sentence, *kept))

    def show(edited: Mask) -> None:
        context.session.edit_mask(edited, "Follow motion", loop.loop_id)

    context.jobs.start("Following the motion", work, show, kind=KIND, lane=Lane.EDITS)


def choose_left_wall(context: Context, *, mirrored: bool) -> None:
    """Take the user's word on which wall is on the left of the image.

    Walls are named along the contour, so in a mirrored image it runs from right to left.

    Args:
        context: The window's parts.
        mirrored: Whether the image shows left and right swapped.

    Raises:
        InputError: If there is no contour, or it is one of a short axis.
    """
    contours, session = _contours(context), context.session
    loop = session.loop
    if contours.closed:
        raise InputError("Only apical views have a left and a right wall.")
    if loop is None or loop.mask is None or starts_on_the_right(contours) == mirrored:
        return
    turned = dataclasses.replace(loop.mask, contours=reversed_contours(contours))
    session.edit_mask(turned, "Swap walls", loop.loop_id)


def name_walls(context: Context, loop_id: int) -> None:
    """Let the contours of what was tracked run as those of the mask do, which name its walls.

    A swap, and its undoing, name the walls anew and leave the tracking as good as it was.

    Args:
        context: The window's parts.
        loop_id: Loop whose mask was edited.
    """
    loop = context.session.get(loop_id)
    if loop is None or loop.mask is None or loop.result is None:
        return
    contours, mine = loop.mask.contours, loop.result.contours
    if contours is None or mine is None or contours.closed or mine.closed:
        return
    if starts_on_the_right(contours) == starts_on_the_right(mine):
        return
    tracked = loop.mask if _turned(loop.mask, loop.tracked_mask) else loop.tracked_mask
    result = dataclasses.replace(loop.result, contours=reversed_contours(mine))
    context.session.update(loop_id, result=result, tracked_mask=tracked, measurements=None)


def _turned(mask: Mask, other: Mask | None) -> bool:
    """Whether two masks differ in nothing but the direction of their contours."""
    if other is None or mask.contours is None or other.contours is None:
        return False
    back = reversed_contours(mask.contours)
    curves = [(back.endocardial, other.contours.endocardial)]
    if back.epicardial is not None and other.contours.epicardial is not None:
        curves.append((back.epicardial, other.contours.epicardial))
    return all(np.array_equal(*pair) for pair in (*curves, (mask.data, other.data)))


def _contours(context: Context) -> Contours:
    loop = context.session.loop
    if loop is None or loop.mask is None or loop.mask.contours is None:
        raise InputError("This mask has no contour. Make one automatically or from three points.")
    return loop.mask.contours
