"""Track the current loop: every scale is shown as soon as it is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from app.context import Context
from app.display import Page
from app.flow_view import FlowView, make_flow_view
from app.jobs import Lane
from app.operations.calibrate import renew_flows
from app.operations.facts import as_told
from app.operations.measure import same_input
from app.operations.notes import settled
from app.session import Loop
from app.verbs import Trust
from engine.config import TrackingConfig
from engine.errors import InputError
from engine.io.reader import require_trackable
from engine.model import Mask, Scale, ScaleField, TrackingResult
from engine.progress import Progress, Step

KIND = "track"
_RUN: Final = (
    "flows",
    "peers",
    "result",
    "so_far",
    "wall",
    "strains",
    "measurements",
    "trackable",
    "tracked_mask",
    "files",
    "reviewed",
    "rejected",
)
"""Fields of a loop that rest on its last run."""


def track(context: Context, config: TrackingConfig) -> None:
    """Start the tracking of the current loop in the background.

    Raises:
        InputError: If there is no loop, no mask, or a tracking already runs.
    """
    loop = context.session.loop
    if loop is None or loop.mask is None:
        raise InputError("Open a loop and make its mask before tracking.")
    require_trackable(loop.cine)
    if context.jobs.running(KIND) is not None:
        raise InputError("A tracking is running. Cancel it, or wait for its end.")
    # One lane serves both: what was to be judged of other loops is judged after this run.
    context.jobs.cancel_kind("trust")
    mask = _with_marks(loop.mask, loop)
    former = [loop]
    loop = _without_run(context, loop)
    context.display.set(page=Page.IMAGE)

    def gather(fields: tuple[ScaleField, ...]) -> TrackingResult:
        return context.verbs.gather(fields, loop.cine, mask, config)

    def work(progress: Progress) -> tuple[TrackingResult, dict[Scale, FlowView]]:
        viewing = _ViewingProgress(progress, loop, mask, gather)
        view = loop.view if loop.view_confirmed else None
        result = context.verbs.track(loop.cine, mask, config, viewing, view=view)
        flows = {}
        for item in result.fields:
            progress.check()
            flows[item.scale] = viewing.view(item)
        return result, flows

    def show_part(part: tuple[FlowView, TrackingResult]) -> None:
        former.clear()
        _show_flow(context, loop.loop_id, *part)

    def show(found: tuple[TrackingResult, dict[Scale, FlowView]]) -> None:
        _take_result(context, loop.loop_id, *found)

    def end() -> None:
        now = context.session.get(loop.loop_id)
        if now is not None and now.result is None and now.so_far is not None:
            # Stopped, or failed: what is finished can be measured all the same.
            _take_result(context, loop.loop_id, now.so_far, dict(now.flows))
        elif now is not None and now.result is None and former:
            _give_back(context, former[0], now)
        for other in context.session.loops:
            if other.loop_id != loop.loop_id and not _judged(other):
                weigh(context, other.loop_id)

    context.jobs.start(
        "Tracking",
        work,
        show,
        kind=KIND,
        lane=Lane.REGISTRATION,
        on_partial=show_part,
        on_end=end,
        owner=loop.loop_id,
    )


def _take_result(
    context: Context, loop_id: int, result: TrackingResult, flows: dict[Scale, FlowView]
) -> None:
    """Take a result with the facts that a person has told while it was made."""
    now = context.session.get(loop_id)
    if now is None:
        return
    context.session.update(loop_id, flows=flows, result=as_told(result, now), so_far=None)
    renew_flows(context, loop_id)
    weigh(context, loop_id)


def _without_run(context: Context, loop: Loop) -> Loop:
    """Take all that rests on the last run from a loop, and return it as it is then."""
    fresh = Loop(loop.loop_id, loop.name, loop.cine, tracked_mask=loop.mask)
    context.session.update(loop.loop_id, **_run_of(fresh))
    return dataclasses.replace(loop, **_run_of(fresh))


def _give_back(context: Context, former: Loop, now: Loop) -> None:
    """Give a loop its last run again: the new one ended before it found anything."""
    kept = _run_of(former)
    if former.result is not None:
        kept["result"] = as_told(former.result, now)
        if not same_input(kept["result"], former.result):
            kept |= {"measurements": None, "strains": {}}
    context.session.update(now.loop_id, **kept)
    renew_flows(context, now.loop_id)
    if not _judged(former):
        weigh(context, now.loop_id)


def _run_of(loop: Loop) -> dict[str, Any]:
    """Return the fields of a loop that rest on its last run."""
    return {name: getattr(loop, name) for name in _RUN}


def _judged(loop: Loop) -> bool:
    return all(flow.trust is not None for flow in loop.flows.values())


def _with_marks(mask: Mask, loop: Loop) -> Mask:
    """Return the mask with the loop's marks, without notes that a person has settled since."""
    notes = settled(mask.notes, view_confirmed=loop.view_confirmed, mark_origins=loop.mark_origins)
    return dataclasses.replace(
        mask,
        ed_frame=loop.ed_frame,
        es_frame=loop.es_frame,
        notes=notes,
        mark_origins=loop.mark_origins,
    )


def weigh(context: Context, loop_id: int) -> None:
    """Judge in the background how far each field can be trusted, the finest first."""
    loop = context.session.get(loop_id)
    if loop is None or loop.result is None:
        return
    fields = loop.result.fields

    def work(progress: Progress) -> None:
        for index, scale in enumerate(item.scale for item in reversed(fields)):
            trust = context.verbs.trust(result, scale, _Share(progress, index, len(fields)))
            progress.partial((scale, trust))

    def show_part(part: tuple[Scale, Trust]) -> None:
        _show_trust(context, loop_id, fields, *part)

    def done(nothing: None) -> None:
        """Every part was shown as it came."""

    result = loop.result
    context.jobs.start(
        "Judging trust",
        work,
        done,
        kind="trust",
        lane=Lane.REGISTRATION,
        on_partial=show_part,
        owner=loop_id,
    )


def _show_trust(
    context: Context, loop_id: int, fields: tuple[ScaleField, ...], scale: Scale, trust: Trust
) -> None:
    now = context.session.get(loop_id)
    if now is None or now.result is None or now.result.fields is not fields:
        return
    flows = {**now.flows, scale: now.flows[scale].with_trust(trust.score)}
    context.session.update(loop_id, flows=flows, trackable=trust.trackable)


def cancel(context: Context) -> None:
    """Stop the tracking; what is finished stays on the screen."""
    running = context.jobs.running(KIND)
    if running is not None:
        context.jobs.cancel(running)


def _show_flow(context: Context, loop_id: int, flow: FlowView, so_far: TrackingResult) -> None:
    session, display = context.session, context.display
    loop = session.get(loop_id)
    if loop is None:
        return
    before = loop.finest
    session.update(loop_id, flows={**loop.flows, flow.scale: flow}, so_far=so_far)
    renew_flows(context, loop_id)
    current = session.loop
    if current is None or current.loop_id != loop_id:
        return
    # The first scale is shown at once; later ones follow only while the user looks at the last.
    follows = display.options.page is Page.FIELD and (
        before is None or display.options.scale is before.scale
    )
    if follows or (before is None and display.options.page is Page.IMAGE):
        display.show_scale(flow.scale)


class _Share:
    """Passes on the progress of one part of several equal ones."""

    def __init__(self, progress: Progress, index: int, count: int) -> None:
        self._progress = progress
        self._index, self._count = index, count
        self.partial = progress.partial
        self.notice = progress.notice
        self.check = progress.check

    def report(self, step: Step) -> None:
        part = step.fraction if step.fraction is not None else step.done / max(step.total, 1)
        self._progress.report(
            dataclasses.replace(step, fraction=(self._index + part) / self._count)
        )


class _ViewingProgress:
    """Passes everything on; a finished field is prepared for drawing in the worker thread."""

    def __init__(
        self,
        progress: Progress,
        loop: Loop,
        mask: Mask,
        gather: Callable[[tuple[ScaleField, ...]], TrackingResult],
    ) -> None:
        self._progress = progress
        self._gather = gather
        self._fields: tuple[ScaleField, ...] = ()
        self._cine = loop.cine
        self._mask = mask
        self._views: dict[int, FlowView] = {}

    def view(self, item: ScaleField) -> FlowView:
        """Return the field's view, made once."""
        if id(item) not in self._views:
            self._views[id(item)] = make_flow_view(
                item, self._mask.data, self._cine.spacing_mm, self._cine.frame_times_s
            )
        return self._views[id(item)]

    def report(self, step: Step) -> None:
        self._progress.report(step)

    def partial(self, value: object) -> None:
        if isinstance(value, ScaleField):
            self._fields += (value,)
            self._progress.partial((self.view(value), self._gather(self._fields)))

    def notice(self, message: str) -> None:
        self._progress.notice(message)

    def check(self) -> None:
        self._progress.check()
