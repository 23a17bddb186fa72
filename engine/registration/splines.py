"""Uniform cubic B-splines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cubic_splines(place: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the four uniform cubic B-splines that reach each place, and their values.

    Args:
        place: ``(n,)``, in distances of the control points, from 0.

    Returns:
        Numbers of the splines and their values, ``(n, 4)`` each.
    """
    first = np.floor(place).astype(np.intp)
    f = place - first
    values = [(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3]
    return first[:, None] + np.arange(4), np.stack(values, axis=1) / 6
