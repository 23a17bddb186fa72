"""Tell what the file does not know: spacing and frame rate."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from app.context import Context
from app.flow_view import FlowView, make_flow_view
from app.operations.facts import tell
from engine.config import ReadConfig
from engine.errors import InputError
from engine.model import Cine, ScaleField
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
    tell(context, loop, cine=cine, read=known)
    renew_flows(context, loop.loop_id)


def renew_flows(context: Context, loop_id: int) -> None:
    """Give fields in another unit that of their loop: displacements in px stay as they are."""
    loop = context.session.get(loop_id)
    if loop is None:
        return
    cine = loop.cine
    old = [
        flow for flow in (*loop.flows.values(), *loop.peers.values()) if not _in_unit(flow, cine)
    ]
    if not old:
        return

    def work(progress: Progress) -> dict[ScaleField, FlowView]:
        return {flow.field: _renewed(flow, cine, progress) for flow in old}

    def show(fresh: dict[ScaleField, FlowView]) -> None:
        def taken(flow: FlowView) -> FlowView:
            """Trust may have come meanwhile."""
            view = fresh.get(flow.field, flow)
            return view if flow.trust is None else view.with_trust(flow.trust)

        now = context.session.get(loop_id)
        # Two facts given one after the other convert side by side: the older ones end unused.
        if now is not None and now.cine is cine:
            flows = {scale: taken(flow) for scale, flow in now.flows.items()}
            peers = {name: taken(flow) for name, flow in now.peers.items()}
            context.session.update(loop_id, flows=flows, peers=peers)

    context.jobs.start("Converting units", work, show)


def _in_unit(flow: FlowView, cine: Cine) -> bool:
    return flow.spacing_mm == cine.spacing_mm and flow.frame_times_s is cine.frame_times_s


def _renewed(flow: FlowView, cine: Cine, progress: Progress) -> FlowView:
    progress.check()
    return make_flow_view(flow.field, flow.mask, cine.spacing_mm, cine.frame_times_s)
