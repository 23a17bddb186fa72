"""Pairs whose motion the network doubts although it may fit.

Where a wall moves by many pixels beside tissue that is lost, the network expects errors of pixels
in the wall as well, although its motion fits there to tenths of a pixel. It then leans on what it
sees of the pair instead of on what was found before, and adds noise. Where blood is lost, it is
right to expect as much. The pictures decide: such a pair is refined as the network expects, and
once more as if the motion were nearly found, and the latter stays unless it fits clearly worse.
"""

from __future__ import annotations

import math
from typing import Final

from torch import Tensor

from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.refine import refine_once
from engine.registration.second_start import better_of

DOUBTED_ERROR: Final = 0.5
"""Expected error that is doubted where half of the mask exceeds it, px of the full grid."""

BELIEVED_ERROR: Final = 0.3
"""What the network is told instead at most, px."""


def in_doubt(log_scale: Tensor, mask: Tensor) -> Tensor:
    """Tell of which pairs the network expects large errors in half of the mask or more.

    Args:
        log_scale: Log of the expected error at scale 1, ``(n, 1, H, W)``, log px.
        mask: ``(n, 1, H, W)``; a pixel counts above 0.5.

    Returns:
        ``(n,)`` bool; False where the mask is empty.
    """
    inside = (mask > 0.5).flatten(1)
    doubted = inside & (log_scale > math.log(DOUBTED_ERROR)).flatten(1)
    return 2 * doubted.sum(dim=1) > inside.sum(dim=1)


def refine_in_doubt(
    network: MotionUNet,
    fixed: Tensor,
    moving: Tensor,
    previous: MotionEstimate,
    free: MotionEstimate,
) -> MotionEstimate:
    """Refine pairs at scale 1 that are in doubt as if their motion were nearly found.

    Args:
        network: The motion network.
        fixed: ``(n, 1, H, W)``.
        moving: Same shape, not warped.
        previous: Motion so far.
        free: What the network makes of it when it is told the errors that it expects.

    Returns:
        Composed displacement and its expected error; ``free`` where that fits clearly better.
    """
    most = math.log(BELIEVED_ERROR)
    believed = MotionEstimate(previous.displacement, previous.log_scale.clamp(max=most))
    return better_of(fixed, moving, refine_once(network, fixed, moving, 1.0, believed), free)
