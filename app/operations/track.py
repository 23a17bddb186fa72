"""Track the current loop: every scale is shown as soon as it is done."""

from __future__ import annotations

import dataclasses

from app.context import Context
from app.display import Page
from app.flow_view import FlowView, make_flow_view
from app.jobs import Lane
from app.session import Loop
from engine.config import TrackingConfig
from engine.errors import InputError
from engine.model import Mask, Scale, ScaleField, TrackingResult
from engine.progress import Progress, Step

KIND = "track"


def track(context: Context, config: TrackingConfig) -> None:
    """Start the tracking of the current loop in the background.

    Raises:
        InputError: If there is no loop, no mask, or a tracking already runs.
    """
    loop = context.session.loop
    if loop is None or loop.mask is None:
        raise InputError("Open a loop and make its mask before tracking.")
    if context.jobs.running(KIND) is not None:
        raise InputError("A tracking is running. Cancel it, or wait for its end.")
    mask = dataclasses.replace(loop.mask, ed_frame=loop.ed_frame, es_frame=loop.es_frame)
    context.session.update(
        loop.loop_id,
        flows={},
        result=None,
        measurements=None,
        tracked_mask=loop.mask,
        reviewed=False,
        rejected=frozenset(),
    )
    context.display.set(page=Page.IMAGE)

    def work(progress: Progress) -> tuple[TrackingResult, dict[Scale, FlowView]]:
        viewing = _ViewingProgress(progress, loop, mask)
        view = loop.view if loop.view_confirmed else None
        result = context.verbs.track(loop.cine, mask, config, viewing, view=view)
        flows = {}
        for item in result.fields:
            progress.check()
            flows[item.scale] = viewing.view(item)
        return result, flows

    def show_part(flow: FlowView) -> None:
        _show_flow(context, loop.loop_id, flow)

    def show(found: tuple[TrackingResult, dict[Scale, FlowView]]) -> None:
        result, flows = found
        context.session.update(loop.loop_id, flows=flows, result=result)
        weigh(context, loop.loop_id)

    context.jobs.start(
        "Tracking", work, show, kind=KIND, lane=Lane.REGISTRATION, on_partial=show_part
    )


def weigh(context: Context, loop_id: int) -> None:
    """Measure how far the finest field can be trusted, in the background."""
    loop = context.session.get(loop_id)
    if loop is None or loop.result is None:
        return
    result = loop.result

    def work(progress: Progress) -> dict[Scale, FlowView]:
        flows = {}
        for scale, flow in loop.flows.items():
            progress.check()
            flows[scale] = flow.with_trust(context.verbs.trust(result, scale))
        return flows

    def show(flows: dict[Scale, FlowView]) -> None:
        now = context.session.get(loop_id)
        if now is not None and now.result is result:
            context.session.update(loop_id, flows=flows)

    context.jobs.start("Measuring trust", work, show, lane=Lane.REGISTRATION)


def cancel(context: Context) -> None:
    """Stop the tracking; what is finished stays on the screen."""
    running = context.jobs.running(KIND)
    if running is not None:
        context.jobs.cancel(running)


def _show_flow(context: Context, loop_id: int, flow: FlowView) -> None:
    session, display = context.session, context.display
    loop = session.get(loop_id)
    if loop is None:
        return
    before = loop.finest
    session.update(loop_id, flows={**loop.flows, flow.scale: flow})
    current = session.loop
    if current is None or current.loop_id != loop_id:
        return
    # The first scale is shown at once; later ones follow only while the user looks at the last.
    follows = display.options.page is Page.FIELD and (
        before is None or display.options.scale is before.scale
    )
    if follows or (before is None and display.options.page is Page.IMAGE):
        display.show_scale(flow.scale)


class _ViewingProgress:
    """Passes everything on; a finished field is prepared for drawing in the worker thread."""

    def __init__(self, progress: Progress, loop: Loop, mask: Mask) -> None:
        self._progress = progress
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
            self._progress.partial(self.view(value))

    def notice(self, message: str) -> None:
        self._progress.notice(message)

    def check(self) -> None:
        self._progress.check()
