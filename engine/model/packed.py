"""A mask in a hundredth of its memory, for histories and files."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import InputError
from engine.model.mask import Mask

_LEVEL = 1
_SPECK = np.ones((1, 1, 1), np.bool_)
"""Stands for the pixels of a mask that keeps them packed."""


@dataclass(frozen=True, eq=False)
class PackedMask:
    """A mask whose pixels are packed.

    Attributes:
        bits: Pixels in C order, eight a byte, compressed by zlib.
        shape: (T, H, W).
        about: The mask itself, with a single pixel in the place of its own.
    """

    bits: bytes
    shape: tuple[int, int, int]
    about: Mask

    @classmethod
    def of(cls, mask: Mask) -> PackedMask:
        """Pack a mask."""
        bits = zlib.compress(np.packbits(mask.data).data, _LEVEL)
        return cls(bits, mask.shape, replace(mask, data=_SPECK))

    def unpack(self) -> Mask:
        """Return the mask.

        Raises:
            InputError: If its pixels do not fill its shape.
        """
        count = int(np.prod(self.shape, dtype=np.int64))
        length = (count + 7) // 8
        # No more is unpacked than the shape asks for, whatever a damaged file may claim.
        try:
            packed = zlib.decompressobj().decompress(self.bits, length + 1)
        except zlib.error as error:
            raise InputError("the mask's pixels are damaged") from error
        if len(packed) != length:
            raise InputError("the mask's pixels do not fill its shape")
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=count)
        return replace(self.about, data=bits.reshape(self.shape).view(np.bool_))
