"""Images at coarser scales, with anti-aliasing.

Pixel centres follow the half-pixel convention of ``warp.resize_displacement``: coarse pixel ``i``
of ``w`` lies at ``(i + 0.5) W / w - 0.5`` of the fine grid of ``W``. An image and a displacement
resized to the same size therefore stay aligned, and a motion found at a coarse scale holds at the
full one without a systematic shift.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import InputError

_CORRECTION_STRIDE = 4


def scaled_size(size: Sequence[int], scale: float) -> tuple[int, ...]:
    """Return a size times a scale, rounded, at least 1 px along each axis.

    Args:
        size: Spatial size ([D, ]H, W), px.
        scale: Factor, for instance 1/8.

    Returns:
        Spatial size at that scale, px.
    """
    if not scale > 0:
        raise InputError(f"scaled_size: scale must be positive, not {scale}")
    return tuple(max(1, int(n * scale + 0.5)) for n in size)


def correction_grid(size: Sequence[int]) -> tuple[int, ...]:
    """Return the grid on which corrections of a motion are carried from frame to frame.

    Args:
        size: Spatial size of the motion ([D, ]H, W), px.

    Returns:
        A quarter of it along each axis (fields hold nothing finer), more where it is small.
    """
    stride = max(1, min(_CORRECTION_STRIDE, *(side // 16 for side in size)))
    return scaled_size(size, 1 / stride)


def resize_image(image: Tensor, size: Sequence[int]) -> Tensor:
    """Resize an image; what the new grid cannot hold is filtered away first.

    A triangular kernel of twice the new pixel's width weighs the old pixels (when enlarging it is
    linear interpolation). Decimating speckle without it leaves noise at the coarse scales.

    Args:
        image: ``(N, C, H, W)`` or ``(N, C, D, H, W)``, any unit.
        size: Spatial size of the result ([D, ]H, W), px.

    Returns:
        Resized image ``(N, C, *size)``, float32.
    """
    dims = image.ndim - 2
    target = tuple(int(n) for n in size)
    if dims not in (2, 3) or 0 in image.shape:
        raise InputError(
            f"resize_image: image must be (N, C, H, W) or (N, C, D, H, W), not {tuple(image.shape)}"
        )
    if len(target) != dims or min(target) < 1:
        raise InputError(f"resize_image: size must be {dims} positive numbers, not {tuple(size)}")
    image = image.float()
    if tuple(image.shape[2:]) == target:
        return image
    if dims == 2:
        return functional.interpolate(
            image, target, mode="bilinear", align_corners=False, antialias=True
        )
    for axis, (new, old) in enumerate(zip(target, image.shape[2:], strict=True)):
        if new != old:
            weights = _triangle_weights(new, old, image.device)
            image = torch.tensordot(image, weights, dims=([axis + 2], [1])).movedim(-1, axis + 2)
    return image


def image_pyramid(image: Tensor, scales: Sequence[float]) -> list[Tensor]:
    """Return an image at several scales, each resized from the full one.

    Args:
        image: ``(N, C, *spatial)``.
        scales: Factors, in the wanted order (coarse to fine by custom).

    Returns:
        One image a scale, ``(N, C, *scaled_size(spatial, scale))``.
    """
    return [resize_image(image, scaled_size(image.shape[2:], scale)) for scale in scales]


def _triangle_weights(new: int, old: int, device: torch.device) -> Tensor:
    """Return the matrix ``(new, old)`` that resizes one axis with a triangular kernel."""
    ratio = old / new
    width = max(ratio, 1.0)
    centres = (torch.arange(new, device=device, dtype=torch.float64) + 0.5) * ratio - 0.5
    positions = torch.arange(old, device=device, dtype=torch.float64)
    distance = (positions[None, :] - centres[:, None].clamp(0, old - 1)).abs() / width
    weights = (1 - distance).clamp(min=0)
    return (weights / weights.sum(dim=1, keepdim=True)).float()
