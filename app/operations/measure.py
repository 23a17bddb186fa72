"""Measure the result of the current loop, without what the review rejected."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.context import Context
from app.session import Loop
from engine.analysis.segments import segments_of
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import Measurements, Target, TrackingResult
from engine.progress import Progress

KIND = "measure"


def measure(context: Context, config: MeasureConfig | None = None) -> None:
    """Start the measurement in the background; what the review rejected is left out.

    Args:
        context: The window's parts.
        config: Definitions; the usual ones if None.

    Raises:
        InputError: If the loop is not tracked yet.
    """
    loop = context.session.loop
    if loop is None or loop.result is None:
        raise InputError("Track the loop before measuring it.")
    result, settings = loop.result, measure_settings(loop, config)

    def work(progress: Progress) -> Measurements:
        return context.verbs.measure(result, settings, progress)

    def show(measurements: Measurements) -> None:
        now = context.session.get(loop.loop_id)
        if now is None or now.result is None or not same_input(now.result, result):
            return
        # A later rejection or acceptance of a wall has started a measurement of its own.
        alike = now.reviewed == loop.reviewed or result.target is Target.BLOOD
        if measure_settings(now, config) == settings and alike:
            context.session.update(loop.loop_id, measurements=measurements)

    context.jobs.start("Measuring", work, show, kind=KIND, owner=loop.loop_id)


def reject_segments(context: Context, names: frozenset[str]) -> None:
    """Set the rejected segments of the current loop, and measure at once what is left.

    Raises:
        InputError: If every segment would be left out.
    """
    loop = context.session.loop
    if loop is None or names == loop.rejected:
        return
    if names and names >= set(segment_names(loop)):
        raise InputError("Keep at least one segment, or track the loop anew.")
    _review(context, loop, rejected=names)


def accept_tracking(context: Context, *, accepted: bool) -> None:
    """Accept the tracking of the current loop, or take that back, and measure a wall anew.

    A poorly tracked segment has values of its own only once it is accepted; flow is measured alike.

    Args:
        context: The window's parts.
        accepted: Whether a person has looked at it and found it good.
    """
    loop = context.session.loop
    if loop is None or loop.result is None:
        return
    result = dataclasses.replace(loop.result, reviewed=accepted)
    if loop.result.target is Target.BLOOD:
        context.session.update(loop.loop_id, reviewed=accepted, result=result)
    else:
        _review(context, loop, reviewed=accepted, result=result)


def _review(context: Context, loop: Loop, **facts: Any) -> None:
    """Change what a review says; numbers that are there, or on their way, are made anew."""
    wanted = loop.measurements is not None or context.jobs.running(KIND, loop.loop_id) is not None
    context.session.update(loop.loop_id, measurements=None, **facts)
    if wanted:
        measure(context)


def measure_settings(loop: Loop, config: MeasureConfig | None = None) -> MeasureConfig:
    """Return the settings with the segments left out that the review rejected."""
    settings = config or MeasureConfig()
    known = segment_names(loop, settings.segments)
    excluded = tuple(name for name in known if name in loop.rejected)
    return dataclasses.replace(settings, excluded=excluded)


def segment_names(loop: Loop, model: int = MeasureConfig().segments) -> list[str]:
    """Return the segments that the loop's confirmed view shows, in order along the wall."""
    result = loop.result
    if result is None or result.view is None or result.contours is None:
        return []
    if result.view.is_short_axis != result.contours.closed:
        return []
    return [segment.name for segment in segments_of(result.view, model)]


def same_input(first: TrackingResult, second: TrackingResult) -> bool:
    """Return whether two results differ in nothing that is measured."""
    marks = (first.view, first.ed_frame, first.es_frame)
    return (
        first.fields is second.fields
        and first.contours is second.contours
        and first.spacing_mm == second.spacing_mm
        and first.frame_times_s is second.frame_times_s
        and marks == (second.view, second.ed_frame, second.es_frame)
    )
