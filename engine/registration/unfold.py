"""No folds: a displacement is smoothed where it folds, and nowhere else, until it does not.

Tissue and blood do not pass through one another. Where two motions meet at a seam, or a swirl is
found too steep, a few cells can fold all the same.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from engine.registration.similarity import box_mean
from engine.registration.warp import corner_jacobian_determinants

LEAST_DETERMINANT: Final = 0.05
"""A cell below it counts as folded: what is enlarged to another grid must not fold either."""

_ROUNDS: Final = 16


def unfolded(displacement: Tensor) -> Tensor:
    """Return displacements without folds.

    Every round averages over a wider window around what still folds, so that the field there ends
    as an even shift.

    Args:
        displacement: ``(n, 2, H, W)``, px; at least 2 px along each axis.

    Returns:
        The same where nothing folds; a copy otherwise.
    """
    result = displacement
    for number in range(_ROUNDS):
        folded = _folds(result)
        chosen = folded.flatten(1).any(dim=1)
        if not bool(chosen.any()):
            break
        half = 2 + 2 * number
        window = (2 * half + 1, 2 * half + 1)
        near = max_pool2d(folded[chosen].float(), 2 * half + 1, stride=1, padding=half)
        weight = box_mean(near, window)
        part = result[chosen]
        if result is displacement:
            result = displacement.clone()
        result[chosen] = part + weight * (box_mean(part, window) - part)
    return result


def _folds(displacement: Tensor) -> Tensor:
    """Return the pixels at the corners of folded cells, ``(n, 1, H, W)`` bool."""
    least = corner_jacobian_determinants(displacement).amin(dim=1, keepdim=True)
    cells = (least < LEAST_DETERMINANT).float()
    padded = torch.nn.functional.pad(cells, (1, 1, 1, 1))
    return max_pool2d(padded, 2, stride=1) > 0
