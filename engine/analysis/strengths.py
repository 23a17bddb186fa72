"""Pulsatile strength of the vorticity after Hong et al. 2008: experimental.

Hong et al. (JACC Cardiovasc Imaging 2008;1:705-717) report a relative strength (pulsatile against
steady vorticity) and a pulsatility correlation. The exact norms of that study are not public, so
these values are not comparable with its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Strengths:
    """Experimental ratios, without unit.

    Attributes:
        relative: Root mean square of the pulsatile over that of the steady vorticity.
        pulsatility_correlation: Correlation between |steady| vorticity and the amplitude of its
            pulsation over the mask.
    """

    relative: float
    pulsatility_correlation: float


def vorticity_strengths(
    vorticity: NDArray[np.floating], mask: NDArray[np.bool_]
) -> Strengths | None:
    """Compare the pulsatile with the steady part of a vorticity field.

    Args:
        vorticity: ``(T-1, H, W)``, 1/s.
        mask: ``(H, W)``: places that lie in the cavity throughout.

    Returns:
        None where the mask is empty or the steady vorticity is zero.
    """
    if not mask.any():
        return None
    steady = vorticity.mean(axis=0)
    pulsation = vorticity.std(axis=0)
    whole = _ratio(pulsation, steady, mask)
    if whole is None:
        return None
    pair = np.stack([np.abs(steady[mask]), pulsation[mask]])
    varies = mask.sum() > 1 and np.all(pair.std(axis=1) > 0)
    correlation = float(np.corrcoef(pair)[0, 1]) if varies else 0.0
    return Strengths(whole, correlation)


def _ratio(
    pulsation: NDArray[np.floating], steady: NDArray[np.floating], mask: NDArray[np.bool_]
) -> float | None:
    if not mask.any():
        return None
    level = float(np.sqrt(np.mean(steady[mask] ** 2)))
    return float(np.sqrt(np.mean(pulsation[mask] ** 2))) / level if level > 0 else None
