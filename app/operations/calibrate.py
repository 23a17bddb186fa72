"""Tell what the file does not know: spacing and frame rate."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from app.context import Context
from app.flow_view import FlowView, make_flow_view
from app.session import Loop
from engine.config import ReadConfig
from engine.errors import InputError
from engine.model import Cine, Scale
from engine.progress import Progress


def calibrate(context: Context, ends: tuple[tuple[float, float], ...], distance_mm: float) -> None:
    """Set the spacing from two places on the image and their distance.

    Args:
        context: The window's parts.
        ends: Two places, (x, y), px.
        distance_mm: Their true distance, mm.

    Raises:
        InputError: If the places are the same or the distance is not positive.
    """
    length = math.dist(*ends)
    if length < 2:
        raise InputError("The two places are too close together. Choose places farther apart.")
    spacing = distance_mm / length
    read = ReadConfig(spacing_mm=(spacing, spacing))
    origin = f"calibrated by hand: {length:.1f} px are {distance_mm:g} mm, pixels taken as square"
    _apply(context, read, spacing_mm=read.spacing_mm, origin=("spacing_origin", origin))


def set_frame_rate(context: Context, fps: float) -> None:
    """Set the acquisition rate, 1/s.

    Raises:
        InputError: If it is out of bounds.
    """
    loop = context.session.loop
    if loop is None:
        return
    read = ReadConfig(fps=fps)
    times = np.arange(loop.frame_count) / fps
    origin = f"given by hand: {fps:g} frames/s"
    _apply(context, read, frame_times_s=times, origin=("times_origin", origin))


def _apply(context: Context, read: ReadConfig, origin: tuple[str, str], **facts: Any) -> None:
    loop = context.session.loop
    if loop is None:
        return
    known_from: dict[str, Any] = dict([origin])
    provenance = dataclasses.replace(loop.cine.provenance, **known_from)
    cine = dataclasses.replace(loop.cine, provenance=provenance, **facts)
    known = dataclasses.replace(
        loop.read,
        fps=read.fps or loop.read.fps,
        spacing_mm=read.spacing_mm or loop.read.spacing_mm,
    )
    result = loop.result
    if result is not None:
        result = dataclasses.replace(result, **facts)
    context.session.update(loop.loop_id, cine=cine, read=known, result=result, measurements=None)
    _renew_flows(context, loop, cine)


def _renew_flows(context: Context, loop: Loop, cine: Cine) -> None:
    """Give the fields their new unit: displacements in px stay as they are."""
    if not loop.flows:
        return

    def renewed(flow: FlowView, progress: Progress) -> FlowView:
        progress.check()
        view = make_flow_view(flow.field, flow.mask, cine.spacing_mm, cine.frame_times_s)
        return view if flow.trust is None else view.with_trust(flow.trust)

    def work(progress: Progress) -> tuple[dict[Scale, FlowView], dict[str, FlowView]]:
        flows = {scale: renewed(flow, progress) for scale, flow in loop.flows.items()}
        return flows, {name: renewed(flow, progress) for name, flow in loop.peers.items()}

    def show(views: tuple[dict[Scale, FlowView], dict[str, FlowView]]) -> None:
        now = context.session.get(loop.loop_id)
        # Two facts given one after the other convert side by side: the older ones end unused.
        if now is not None and now.cine is cine:
            context.session.update(loop.loop_id, flows=views[0], peers=views[1])

    context.jobs.start("Converting units", work, show)
