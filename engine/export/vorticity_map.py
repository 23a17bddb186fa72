"""The map of vorticity as the window and the PDF show it: one smoothness, one strength."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Half the stencil of the derivative, px of the image: one smoothness at every sampling.
_REACH_PX: Final = 6
#: Part of the limit of the colour bar from which on the map covers the image.
_FULL_FROM: Final = 0.45


def stencil(stride: int) -> int:
    """Return half the stencil for a field of which every ``stride``-th pixel is taken."""
    return max(1, round(_REACH_PX / stride))


def cover(values: NDArray[np.floating], limit: float) -> NDArray[np.floating]:
    """Return how far the map covers the image, in [0, 1]; where nothing turns it shines through.

    Args:
        values: Vorticity, NaN where there is none.
        limit: The end of the colour bar, in the same unit.
    """
    strength = np.abs(np.nan_to_num(values)) / (_FULL_FROM * limit)
    covered: NDArray[np.floating] = np.clip(strength, 0, 1)
    return covered
