"""``check``: does this machine compute what it should? A phantom with known motion says so."""

from __future__ import annotations

import numpy as np

from app.commands import options
from app.console import OUT, ConsoleProgress, table
from engine import pipeline
from engine.config import TrackingConfig
from engine.model import Mask, MaskKind
from engine.phantom import PhantomConfig, PhantomKind, make_phantom

LIMITS_PX = {
    PhantomKind.RIGID: 0.35,
    PhantomKind.APICAL: 0.35,
    PhantomKind.SHORT_AXIS: 0.35,
    PhantomKind.NONE: 0.15,
}
"""Largest accepted mean endpoint error at scale 1, px."""


def check(device: options.Device = options.DeviceName.AUTO, seed: options.Seed = 0) -> None:
    """Track small phantoms on this machine and compare with their exact motion."""
    rows, failed = [], False
    for kind, limit in LIMITS_PX.items():
        # Steps from frame to frame as in a beat of 64 frames: eight frames are a part of it.
        phantom = make_phantom(
            PhantomConfig(kind=kind, size=(192, 256), frames=8, cycle_frames=64, seed=seed)
        )
        mask = Mask(phantom.mask, MaskKind.FILE)
        config = TrackingConfig(device=device.value, seed=seed)
        with ConsoleProgress(kind.value) as progress:
            result = pipeline.track(phantom.cine, mask, config, progress)
        difference = result.finest.displacement - phantom.displacement
        inside = phantom.mask[1:]
        error = float(np.hypot(difference[:, 0], difference[:, 1])[inside].mean())
        good = error <= limit and result.finest.folding == 0
        failed = failed or not good
        rows.append((kind.value, f"{error:.3f}", f"{limit:.2f}", "good" if good else "FAILED"))
    table("Self-check", ("phantom", "error, px", "limit, px", "verdict"), rows)
    if failed:
        OUT.print("This machine does not track as it should. Do not use its results.")
        raise SystemExit(1)
