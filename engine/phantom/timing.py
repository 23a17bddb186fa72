"""How far the heart has contracted at each phase of the beat: smooth closed forms.

The phase runs from 0 (R wave, end-diastole) to 1. Systole ends at ``END_SYSTOLE``; early filling,
diastasis and atrial contraction follow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

END_SYSTOLE = 0.39


def smooth_step(value: ArrayLike) -> NDArray[np.float64]:
    """Rise from 0 to 1 over [0, 1] with two continuous derivatives."""
    s = np.clip(np.asarray(value, np.float64), 0.0, 1.0)
    rise: NDArray[np.float64] = s * s * s * (10 + s * (6 * s - 15))
    return rise


def contraction(phase: ArrayLike) -> NDArray[np.float64]:
    """Return the contraction of healthy muscle: 0 at end-diastole, 1 at end-systole."""
    return _beat(phase, peak=0.37, relax=0.42)


def delayed_contraction(phase: ArrayLike) -> NDArray[np.float64]:
    """Return a contraction that is incomplete at end-systole and goes on after it."""
    return _beat(phase, peak=0.50, relax=0.52)


def _beat(phase: ArrayLike, peak: float, relax: float) -> NDArray[np.float64]:
    phi = np.mod(np.asarray(phase, np.float64), 1.0)
    early = 0.70 * smooth_step((phi - relax) / 0.20)
    atrial = 0.30 * smooth_step((phi - 0.80) / 0.18)
    beat: NDArray[np.float64] = smooth_step(phi / peak) - early - atrial
    return beat
