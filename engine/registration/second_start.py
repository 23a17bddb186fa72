"""A second start for motion that the network misses: OpenCV's DIS, kept where it fits better.

At few frames a second a wall may move so far that the coarse scales lose it, while a search of
patches still finds it. Both starts are refined by the same network; where they differ by much,
the one with the clearly better local correlation stays.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.registration.network import MotionEstimate
from engine.registration.similarity import box_mean, correlation_map
from engine.registration.warp import resize_displacement, warp

SEARCH_SCALE: Final = 2
"""The search runs on pictures this much finer than the scale it starts."""

_SMOOTHING_PX = 3.0
_WINDOW = 11
_DIFFERENCE_PX = 0.25
LEAST_GAIN: Final = 0.02
"""By how much a motion must fit better to replace another."""
SEARCH_GAIN: Final = 0.06
"""The same for what was searched, which fits noise too."""
_LEAST_SHARE = 1 / 3
"""Of a neighbourhood: what must lie elsewhere and fit better before anything is replaced."""
_NEIGHBOURHOOD = 15


def searched_start(fixed: Tensor, moving: Tensor, size: tuple[int, int]) -> MotionEstimate:
    """Return the motion that a patch search finds, as a start for the network.

    Args:
        fixed: ``(n, 1, H, W)`` in [0, 1], of the size that is searched.
        moving: Same shape.
        size: Grid of the result (h, w), px.

    Returns:
        Displacement ``(n, 2, h, w)``, px of that grid, with an expected error of 1 px.
    """
    flows = []
    for one, two in zip(fixed[:, 0].cpu().numpy(), moving[:, 0].cpu().numpy(), strict=True):
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        pictures = [np.round(255 * np.clip(image, 0, 1)).astype(np.uint8) for image in (one, two)]
        zero = np.zeros((*pictures[0].shape, 2), np.float32)
        flow = np.asarray(search.calc(pictures[0], pictures[1], zero), np.float32)
        smooth = np.asarray(cv2.GaussianBlur(flow, (0, 0), _SMOOTHING_PX), np.float32)
        flows.append(torch.from_numpy(np.ascontiguousarray(smooth.transpose(2, 0, 1))))
    found = resize_displacement(torch.stack(flows).to(fixed.device), size)
    return MotionEstimate(found, torch.zeros_like(found[:, :1]))


def better_of(
    fixed: Tensor,
    moving: Tensor,
    own: MotionEstimate,
    other: MotionEstimate,
    least_gain: float = LEAST_GAIN,
) -> MotionEstimate:
    """Return ``own``, replaced where ``other`` lies elsewhere and fits clearly better.

    Args:
        fixed: ``(n, 1, h, w)``.
        moving: Same shape.
        own: The network's own motion on this grid.
        other: Another motion on this grid.
        least_gain: By how much the other's local correlation must be better.
    """
    way = (other.displacement - own.displacement).square().sum(dim=1, keepdim=True)
    apart = way > _DIFFERENCE_PX**2
    displacement, log_scale = own.displacement.clone(), own.log_scale.clone()
    for item in range(len(fixed)):
        box = _box_of(_blur(apart[item : item + 1].float()) > _LEAST_SHARE)
        if box is None:
            continue
        part = (slice(item, item + 1), slice(None), *box)
        seen = [_warped(moving, motion, item)[part[1:]] for motion in (other, own)]
        gain = _fit(fixed[part], seen[0][None]) - _fit(fixed[part], seen[1][None])
        chosen = _blur((apart[part] & (gain > least_gain)).float())
        # Few scattered pixels are chance; a region is not. The seam is as wide as the
        # neighbourhood.
        weight = ((chosen - _LEAST_SHARE) / _LEAST_SHARE).clamp(0, 1)
        displacement[part] += weight * (other.displacement[part] - own.displacement[part])
        log_scale[part] += weight * (other.log_scale[part] - own.log_scale[part])
    return MotionEstimate(displacement, log_scale)


def _box_of(places: Tensor) -> tuple[slice, slice] | None:
    """Return the box of places ``(1, 1, h, w)`` and of all that their choice depends on."""
    rows, columns = (torch.nonzero(places[0, 0].any(dim=axis)).flatten() for axis in (1, 0))
    if not len(rows):
        return None
    reach = _WINDOW // 2 + 2 * (_NEIGHBOURHOOD // 2)
    return (
        slice(max(int(rows[0]) - reach, 0), int(rows[-1]) + reach + 1),
        slice(max(int(columns[0]) - reach, 0), int(columns[-1]) + reach + 1),
    )


def _warped(moving: Tensor, motion: MotionEstimate, item: int) -> Tensor:
    """Return one of the moving images, warped, ``(1, h, w)``."""
    one = slice(item, item + 1)
    return warp(moving[one], motion.displacement[one], mode="bicubic")[0]


def _fit(fixed: Tensor, warped: Tensor) -> Tensor:
    """Return the local correlation, averaged over a neighbourhood."""
    return _blur(correlation_map(fixed, warped, _WINDOW))


def _blur(values: Tensor) -> Tensor:
    """Average over the neighbourhood."""
    return box_mean(values, (_NEIGHBOURHOOD, _NEIGHBOURHOOD))
