"""Smoothness of displacements: the paper's squared gradient, and bending energy."""

from __future__ import annotations

from torch import Tensor

from engine.errors import InputError


def smoothness(displacement: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean squared forward difference of a displacement.

    The squared differences of all components along all axes are summed at each pixel and averaged
    over the mask's pixels (the paper sums them over the image while it averages the similarity,
    which freezes the field). A difference counts where both its pixels are in the mask, so a mask
    gives what its cropped region alone would.

    Args:
        displacement: ``(N, D, *spatial)``, px of its scale.
        mask: Weights ``(N or 1, 1, *spatial)``, >= 0; None weighs every pixel alike.

    Returns:
        Mean ``(N,)``, dimensionless (px per px, squared); 0 where the mask is empty.
    """
    dims = _check("smoothness", displacement, mask)
    total = displacement.new_zeros(displacement.shape[0])
    for dim in range(2, dims + 2):
        if displacement.shape[dim] > 1:
            squared = displacement.diff(dim=dim).square().sum(dim=1, keepdim=True)
            total = total + _mean(squared, _between(mask, dim))
    return total


def bending_energy(displacement: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean squared second derivative of a displacement; affine motion costs nothing.

    Args:
        displacement: ``(N, D, *spatial)``, px of its scale.
        mask: Weights ``(N or 1, 1, *spatial)``, >= 0; None weighs every pixel alike.

    Returns:
        Mean ``(N,)``, 1/px squared; 0 where the mask is empty.
    """
    dims = _check("bending_energy", displacement, mask)
    total = displacement.new_zeros(displacement.shape[0])
    axes = range(2, dims + 2)
    for first in axes:
        for second in range(first, dims + 2):
            shrinks = 2 if first == second else 1
            if min(displacement.shape[first], displacement.shape[second]) <= shrinks:
                continue
            second_difference = displacement.diff(dim=first).diff(dim=second)
            squared = second_difference.square().sum(dim=1, keepdim=True)
            weights = _between(_between(mask, first), second)
            total = total + (1 if first == second else 2) * _mean(squared, weights)
    return total


def _between(mask: Tensor | None, dim: int) -> Tensor | None:
    """Return the weights of differences along an axis: the product of both pixels' weights."""
    if mask is None:
        return None
    last = mask.shape[dim] - 1
    return mask.narrow(dim, 0, last) * mask.narrow(dim, 1, last)


def _mean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Average ``(N, 1, *spatial)`` over the weights, each pair for itself."""
    if weights is None:
        return values.flatten(1).mean(dim=1)
    weights = weights.to(values.dtype)
    total = (values * weights).flatten(1).sum(dim=1)
    return total / weights.flatten(1).sum(dim=1).clamp(min=1e-6)


def _check(function: str, displacement: Tensor, mask: Tensor | None) -> int:
    """Return the number of spatial dimensions of a well-formed displacement and mask."""
    dims = displacement.ndim - 2
    if dims not in (2, 3) or displacement.shape[1] != dims:
        raise InputError(
            f"{function}: displacement must be (N, 2, H, W) or (N, 3, D, H, W),"
            f" not {tuple(displacement.shape)}"
        )
    if mask is not None and (
        mask.ndim != displacement.ndim
        or mask.shape[1] != 1
        or mask.shape[2:] != displacement.shape[2:]
    ):
        raise InputError(
            f"{function}: mask must be (N or 1, 1, *{tuple(displacement.shape[2:])}),"
            f" not {tuple(mask.shape)}"
        )
    return dims
