"""Small helpers on masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bounding_box(mask: NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns that hold a mask ``(H, W)``, with a margin in px.

    The mask must hold at least one pixel.
    """
    spans = []
    for axis in (1, 0):
        used = np.flatnonzero(mask.any(axis=axis))
        low = max(0, int(used[0]) - margin)
        high = min(mask.shape[1 - axis], int(used[-1]) + 1 + margin)
        spans.append(slice(low, high))
    return spans[0], spans[1]
