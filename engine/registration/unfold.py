"""No folds: a displacement is smoothed where it folds, and nowhere else, until it does not.

Tissue and blood do not pass through one another. Where two motions meet at a seam, or a swirl is
found too steep, a few cells can fold all the same.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor
from torch.nn import functional

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
    # One after another: the determinants of a whole loop would take more memory than its fields.
    for index in range(len(displacement)):
        field = displacement[index : index + 1]
        smooth = _without_folds(field)
        if smooth is not field:
            result = displacement.clone() if result is displacement else result
            result[index] = smooth[0]
    return result


def _without_folds(field: Tensor) -> Tensor:
    """Return one displacement ``(1, 2, H, W)`` without folds; the same where there are none."""
    for number in range(_ROUNDS):
        folded = _folds(field)
        if not bool(folded.any()):
            break
        half = 2 + 2 * number
        window = (2 * half + 1, 2 * half + 1)
        near = functional.max_pool2d(folded.float(), 2 * half + 1, stride=1, padding=half)
        field = field + box_mean(near, window) * (box_mean(field, window) - field)
    return field


def _folds(displacement: Tensor) -> Tensor:
    """Return the pixels at the corners of folded cells, ``(n, 1, H, W)`` bool."""
    least = corner_jacobian_determinants(displacement).amin(dim=1, keepdim=True)
    cells = (least < LEAST_DETERMINANT).float()
    padded = functional.pad(cells, (1, 1, 1, 1))
    return functional.max_pool2d(padded, 2, stride=1) > 0
