"""Track the loop with another method too, to compare it with what is shown."""

from __future__ import annotations

import dataclasses
from typing import Final

from app.context import Context
from app.display import Comparison, DisplayOptions, Page
from app.flow_view import FlowView, make_flow_view
from app.jobs import Lane
from app.operations.calibrate import renew_flows
from app.session import Loop
from engine.config import TrackingConfig
from engine.errors import InputError
from engine.model import Scale
from engine.progress import Progress

KIND: Final = "peer"
PEERS: Final = {
    "dis": "DIS",
    "farneback": "Farneback",
    "ilk": "ILK",
    "tvl1": "TV-L1",
    "voxelmorph": "VoxelMorph",
    "demons": "Demons",
    "elastix": "Elastix",
    "greedy": "Greedy",
}
"""Methods of the command line's ``--method`` by their short names; some need an extra."""


def layer_name(key: str) -> str:
    """Return the name of a layer: a scale's or a peer method's."""
    if key in {scale.value for scale in Scale}:
        return f"Scale {Scale(key).label}"
    return PEERS.get(key, key)


def compared_layers(loop: Loop, options: DisplayOptions) -> tuple[str, str]:
    """Return the keys of the two layers compared: those chosen, or others that are there.

    What stands in for a layer that is missing is another than the one beside it, if there is one.
    """
    keys = list(loop.layers)
    first, second = options.first, options.second
    if keys and second not in keys:
        second = next((key for key in reversed(keys) if key != first), keys[-1])
    if keys and first not in keys:
        first = next((key for key in keys if key != second), keys[0])
    return first, second


def track_peer(context: Context, name: str) -> None:
    """Track the current loop with a peer within the mask of its own tracking.

    Raises:
        InputError: If the loop is not tracked yet, or a tracking runs.
    """
    session = context.session
    loop = session.loop
    mask = None if loop is None else loop.tracked_mask
    if loop is None or mask is None or not loop.flows:
        raise InputError("Track the loop first: there is nothing to compare with yet.")
    if context.jobs.running("track") is not None or context.jobs.running(KIND) is not None:
        raise InputError("A tracking is running. Cancel it, or wait for its end.")
    config = TrackingConfig(target=loop.target.value, method=name, reserve_cores=1)

    def work(progress: Progress) -> FlowView:
        result = context.verbs.track(loop.cine, mask, config, progress, view=None)
        # A method without scales of its own stands for the full scale.
        field = dataclasses.replace(result.finest, scale=Scale.FULL)
        return make_flow_view(field, mask.data, loop.cine.spacing_mm, loop.cine.frame_times_s)

    def show(flow: FlowView) -> None:
        now = session.get(loop.loop_id)
        if now is None or now.tracked_mask is not mask:
            return
        session.update(loop.loop_id, peers={**now.peers, name: flow})
        renew_flows(context, loop.loop_id)
        if session.loop is not None and session.loop.loop_id == loop.loop_id:
            kind = context.display.options.comparison
            if kind is Comparison.SCALES:
                kind = Comparison.PAIR
            finest = now.finest
            first = Scale.FULL.value if finest is None else finest.scale.value
            context.display.set(page=Page.COMPARE, comparison=kind, first=first, second=name)

    context.jobs.start(
        f"Tracking with {PEERS[name]}",
        work,
        show,
        kind=KIND,
        lane=Lane.REGISTRATION,
        owner=loop.loop_id,
    )
