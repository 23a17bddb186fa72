"""One application of the network: warp by the motion so far, find the residual, compose."""

from __future__ import annotations

from torch import Tensor

from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.warp import compose, warp


def refine_once(
    network: MotionUNet,
    fixed: Tensor,
    moving: Tensor,
    scale: float,
    previous: MotionEstimate | None,
) -> MotionEstimate:
    """Apply the network once: warp by the motion so far, find the residual, compose.

    Args:
        network: The motion network.
        fixed: ``(n, 1, *size)``.
        moving: ``(n, 1, *size)``, not warped.
        scale: Scale of both relative to the full resolution.
        previous: Motion so far on this grid, or None.

    Returns:
        Composed displacement and its expected error on this grid.
    """
    if previous is None:
        estimate: MotionEstimate = network(fixed, moving, scale)
        return estimate
    warped = warp(moving, previous.displacement, mode="bicubic")
    residual = network(fixed, warped, scale, previous)
    return MotionEstimate(compose(residual.displacement, previous.displacement), residual.log_scale)
