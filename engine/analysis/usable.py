"""Is there anything to measure with: a mask of some area, contours that lie in the picture?

Numbers made of an empty mask, or of contours that miss the picture, look like those of a wall at
rest. They are left out, and a sentence says why.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.events import heart_cycle
from engine.model import TrackingResult

EMPTY_MASK: Final = (
    "The mask holds no pixel, so nothing was tracked: make a mask with some area, and track again."
)
_ADVICE: Final = "Draw the contours of this loop anew, and track again."
_FEWEST_POINTS: Final = 3


def usable(result: TrackingResult) -> tuple[TrackingResult, str]:
    """Return a result without contours that cannot be measured, and the sentence that says why.

    Args:
        result: What was tracked.

    Returns:
        The result itself and an empty text where its contours can be measured, or it has none.

    Raises:
        InputError: If a marked frame lies outside the loop.
    """
    flaw = _flaw(result)
    if not flaw:
        return result, ""
    sentence = f"The contours are not used: {flaw}. {_ADVICE}"
    return dataclasses.replace(result, contours=None), sentence


def _flaw(result: TrackingResult) -> str:
    """Return what is wrong with the contours; empty if nothing is."""
    contours = result.contours
    if contours is None:
        return ""
    start = heart_cycle(result).start
    for name, curves in (
        ("endocardial", contours.endocardial),
        ("epicardial", contours.epicardial),
    ):
        if curves is None:
            continue
        if curves.shape[1] < _FEWEST_POINTS:
            return f"the {name} ones have fewer than {_FEWEST_POINTS} points"
        outside = _misses(curves, result.mask.shape[1:])
        single = np.ptp(curves, axis=1).max(axis=1) < 1.0
        for bad, what in ((outside, "lies outside the picture"), (single, "is a single place")):
            if bad.any():
                frame = result.first_frame + int(np.argmax(bad))
                return f"the {name} one of frame {frame} {what}"
        missing = np.flatnonzero(~np.isfinite(curves[start]).all(axis=1))
        if len(missing):
            frame = result.first_frame + start
            return (
                f"the {name} one of frame {frame}, which is end-diastole, has no place for its "
                f"point {missing[0]} (counted from 0)"
            )
    return ""


def _misses(curves: NDArray[np.float32], picture: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which curves, ``(T, N, 2)`` px, are whole and have no point in the picture."""
    height, width = picture
    x, y = curves[..., 0], curves[..., 1]
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    whole = np.isfinite(curves).all(axis=(1, 2))
    return np.asarray(whole & ~inside.any(axis=1))
