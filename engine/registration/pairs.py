"""The pairs of images that are registered, and their pictures at one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.errors import InputError
from engine.registration.pyramid import resize_image, scaled_size
from engine.registration.warp import warp


@dataclass(frozen=True, eq=False)
class ImagePairs:
    """Fixed and moving images with the mask of the fixed ones; 2D or 3D.

    The mask weighs the loss; the images outside it stay as they are (so the windows and the
    network see what lies beside the mask) unless the caller has faded them.

    Attributes:
        fixed: ``(N, *spatial)``, uint8, or float in [0, 1].
        moving: ``(N, *spatial)``, likewise.
        mask: ``(N, *spatial)``, bool.
        device: Where batches are computed.
    """

    fixed: Tensor
    moving: Tensor
    mask: Tensor
    device: torch.device

    def __post_init__(self) -> None:
        if not self.fixed.shape == self.moving.shape == self.mask.shape:
            raise InputError(
                "ImagePairs: fixed, moving and mask must have one shape (N, *spatial), not"
                f" {tuple(self.fixed.shape)}, {tuple(self.moving.shape)}, {tuple(self.mask.shape)}"
            )
        if self.fixed.ndim not in (3, 4) or not len(self.fixed):
            raise InputError("ImagePairs: at least one pair of 2D or 3D images is needed.")

    def __len__(self) -> int:
        return len(self.fixed)

    @property
    def size(self) -> tuple[int, ...]:
        """Spatial size ([D, ]H, W), px."""
        return tuple(self.fixed.shape[1:])

    @property
    def dims(self) -> int:
        """2 or 3."""
        return self.fixed.ndim - 1

    def at_scale(self, indices: Sequence[int], displacement: Tensor, scale: float) -> PairBatch:
        """Return the pictures of some pairs at a scale (paper, Eq. 4).

        Args:
            indices: Which pairs.
            displacement: Composed so far, ``(N, D, *spatial)`` of all pairs, full-size px.
            scale: Factor of the full size.
        """
        chosen = torch.as_tensor(list(indices))
        size = scaled_size(self.size, scale)
        fixed = self._images(self.fixed, chosen)
        moving = self._images(self.moving, chosen)
        field = displacement[chosen].to(self.device)
        if bool(field.any()):
            moving = warp(moving, field)
        inside = resize_image(self.mask[chosen].to(self.device).float()[:, None], size)
        return PairBatch(resize_image(fixed, size), resize_image(moving, size), inside)

    def _images(self, stack: Tensor, chosen: Tensor) -> Tensor:
        """Return images ``(n, 1, *spatial)``, float32 in [0, 1], on the device."""
        images = stack[chosen].to(self.device)[:, None]
        return images.float() / 255 if images.dtype == torch.uint8 else images.float()


class PairBatch(NamedTuple):
    """Pictures of some pairs at one scale.

    Attributes:
        fixed: ``(n, 1, *size)`` in [0, 1].
        moving: ``(n, 1, *size)`` in [0, 1], warped by the field so far.
        mask: ``(n, 1, *size)``, weights in [0, 1].
    """

    fixed: Tensor
    moving: Tensor
    mask: Tensor


def batches(count: int, size: int) -> Iterator[range]:
    """Yield the indices 0 to count in runs of at most ``size``."""
    for start in range(0, count, size):
        yield range(start, min(start + size, count))
