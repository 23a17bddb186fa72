"""Make the mask of a loop, and set what is tracked."""

from __future__ import annotations

import dataclasses

from app.context import Context
from app.operations.facts import tell
from app.session import ED, ES, Loop
from engine.config import MaskConfig, MaskMethod
from engine.errors import InputError
from engine.masks.editing import reversed_contours, starts_on_the_right
from engine.masks.landmarks import landmark_points
from engine.model import Mask, Target
from engine.progress import Progress

Places = tuple[tuple[float, float], ...]
"""Places on one frame, (x, y) px."""


def make_mask(context: Context, loop: Loop, config: MaskConfig | None = None) -> None:
    """Build the mask in the background; the mask before it is kept if that fails."""
    settings = config or default_config(loop)
    context.jobs.cancel_kind("mask", loop.loop_id)

    def work(progress: Progress) -> Mask | InputError:
        try:
            return context.verbs.build_mask(loop.cine, settings, progress)
        except InputError as error:
            # Of an automatic attempt the step tells in place; what was asked for gets the dialog.
            if config is None:
                return error
            raise

    def show(mask: Mask | InputError) -> None:
        if isinstance(mask, InputError):
            context.session.update(loop.loop_id, error=str(mask))
            return
        apply_mask(context, loop.loop_id, mask)

    context.jobs.start("Finding the mask", work, show, kind="mask", owner=loop.loop_id)


def apply_mask(context: Context, loop_id: int, mask: Mask) -> None:
    """Take a new mask: as an undo step where there was one before."""
    session = context.session
    loop = session.get(loop_id)
    if loop is None:
        return
    if loop.mask is not None:
        session.edit_mask(_same_way_round(mask, loop.mask), "New mask", loop_id)
    else:
        session.update(loop_id, mask=mask)
    session.update(loop_id, error="")
    _take_found_marks(context, loop_id, mask)


def _take_found_marks(context: Context, loop_id: int, mask: Mask) -> None:
    """Take ED and ES as a new mask tells them, but for those that a person has set."""
    loop = context.session.get(loop_id)
    if loop is None:
        return
    early, late = loop.mark_origins
    ed_frame, es_frame = loop.ed_frame, loop.es_frame
    if ED not in loop.given and mask.ed_frame is not None:
        ed_frame, early = mask.ed_frame, mask.mark_origins[0]
    if ES not in loop.given and mask.es_frame is not None:
        es_frame, late = mask.es_frame, mask.mark_origins[1]
    tell(context, loop, ed_frame=ed_frame, es_frame=es_frame, mark_origins=(early, late))


def _same_way_round(mask: Mask, before: Mask) -> Mask:
    """Return a new mask whose contours begin on the side that the user had confirmed."""
    contours, old = mask.contours, before.contours
    if contours is None or old is None or contours.closed or old.closed:
        return mask
    if starts_on_the_right(contours) == starts_on_the_right(old):
        return mask
    return dataclasses.replace(mask, contours=reversed_contours(contours))


def default_config(loop: Loop, method: MaskMethod = MaskMethod.AUTO) -> MaskConfig:
    """Return the settings that follow from what the user has confirmed of a loop.

    Marks that were found in the image are not handed on: they would come back as given ones.
    """
    first = loop.cine.first_frame
    early = loop.ed_frame if ED in loop.given else None
    late = loop.es_frame if ES in loop.given else None
    return MaskConfig(
        target=loop.target.value,
        method=method,
        view=loop.view.value if loop.view is not None and loop.view_confirmed else None,
        ed_frame=None if early is None else early + first,
        es_frame=None if late is None else late + first,
    )


def points_kept_at_ed(loop: Loop, frame: int) -> Places:
    """Return the points of the contour at ED that stay bound when points are given at ES.

    Args:
        loop: The loop.
        frame: The frame shown.

    Returns:
        Both ends of the annulus and the apex, or a short axis' centre and a point of its rim;
        empty where the frame shown is not the ES frame, or no contour at ED is there to be kept.
    """
    contours = None if loop.mask is None else loop.mask.contours
    early, late = loop.ed_frame, loop.es_frame
    if contours is None or early is None or frame != late or early == late:
        return ()
    return landmark_points(contours.endocardial[early], closed=contours.closed)


def set_target(context: Context, target: Target) -> None:
    """Choose tissue or blood; the mask is made anew."""
    loop = context.session.loop
    if loop is None or loop.target is target:
        return
    context.session.update(loop.loop_id, target=target)
    fresh = context.session.get(loop.loop_id)
    if fresh is not None:
        make_mask(context, fresh)
