"""The pairs of images that are registered, and their pictures at one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.errors import InputError
from engine.registration.pyramid import resize_image
from engine.registration.warp import resize_displacement, warp


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

    def at_size(self, indices: Sequence[int], size: Sequence[int]) -> PairBatch:
        """Return the pictures of some pairs, resized without aliasing.

        Args:
            indices: Which pairs.
            size: Spatial size of the result ([D, ]H, W), px.
        """
        chosen = torch.as_tensor(list(indices))
        inside = self.mask[chosen].to(self.device).float()[:, None]
        return PairBatch(
            resize_image(self._images(self.fixed, chosen), size),
            resize_image(self._images(self.moving, chosen), size),
            resize_image(inside, size),
        )

    def warped_at_size(
        self, indices: Sequence[int], displacement: Tensor, size: Sequence[int]
    ) -> PairBatch:
        """Return the pictures with the moving ones warped before they are resized (Eq. 4).

        Args:
            indices: Which pairs.
            displacement: Of these pairs, ``(n, D, *spatial)`` on any grid.
            size: Spatial size of the result ([D, ]H, W), px.
        """
        batch = self.at_size(indices, self.size)
        field = resize_displacement(displacement.to(self.device), self.size)
        moving = warp(batch.moving, field)
        return PairBatch(
            *(resize_image(image, size) for image in (batch.fixed, moving, batch.mask))
        )

    def _images(self, stack: Tensor, chosen: Tensor) -> Tensor:
        """Return images ``(n, 1, *spatial)``, float32 in [0, 1], on the device."""
        images = stack[chosen].to(self.device)[:, None]
        return images.float() / 255 if images.dtype == torch.uint8 else images.float()


class PairBatch(NamedTuple):
    """Pictures of some pairs at one scale.

    Attributes:
        fixed: ``(n, 1, *size)`` in [0, 1].
        moving: ``(n, 1, *size)`` in [0, 1].
        mask: ``(n, 1, *size)``, weights in [0, 1].
    """

    fixed: Tensor
    moving: Tensor
    mask: Tensor


def batches(count: int, size: int) -> Iterator[range]:
    """Yield the indices 0 to count in runs of at most ``size``."""
    for start in range(0, count, size):
        yield range(start, min(start + size, count))
