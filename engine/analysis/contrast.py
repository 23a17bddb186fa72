"""Whether the blood of a loop shows something to track.

An ordinary loop's cavity is dark: what little is seen there is noise and reverberation of the
wall, which an optical flow follows all the same. With contrast agent the cavity is at least as
bright as the wall and its speckle is found again in the next frame, but not in a distant one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.regions import bounding_box
from engine.analysis.witness import dense_inverse_search, local_correlation, warped
from engine.model import TrackingResult

NO_CONTRAST: Final = "no trackable contrast"
_LEAST_BRIGHTNESS: Final = 0.7
_LEAST_GAIN: Final = 0.08
_PROBES: Final = 6
_MARGIN: Final = 16
_LEAST_FRAMES: Final = 4
_LEAST_SURROUNDINGS: Final = 0.1
_LIT: Final = 8


@dataclass(frozen=True)
class Contrast:
    """What was found in the cavity.

    Attributes:
        correlation: Median local correlation with the frame before, at the witness's solution.
        shuffled: The same with a distant frame: what chance and static clutter give.
        brightness: Median brightness above the sector's floor, over that of the bright tissue
            around it (90th percentile); None where the mask leaves no surroundings.
    """

    correlation: float
    shuffled: float
    brightness: float | None

    @property
    def trackable(self) -> bool:
        """Whether the speckle is bright enough and is found again."""
        bright = self.brightness is None or self.brightness >= _LEAST_BRIGHTNESS
        return bright and self.correlation - self.shuffled >= _LEAST_GAIN

    @property
    def sentence(self) -> str:
        """What to tell the user where nothing can be tracked."""
        light = "" if self.brightness is None else f", brightness {self.brightness:.2f} of tissue"
        return (
            f"Blood shows {NO_CONTRAST} (correlation {self.correlation:.2f} with the next frame, "
            f"{self.shuffled:.2f} with a distant one{light}): its vectors mean nothing."
        )


def trackable_contrast(result: TrackingResult) -> Contrast | None:
    """Look for contrast in the mask of a blood result.

    Returns:
        The findings; None without frames, or with too few of them to compare with a distant one.
    """
    frames = result.frames
    if frames is None or len(frames) < _LEAST_FRAMES:
        return None
    near: list[float] = []
    far: list[float] = []
    light: list[float | None] = []
    probes = np.unique(np.linspace(0, len(frames) - 2, _PROBES).astype(int))
    for pair in probes:
        mask = result.mask[pair + 1]
        if not mask.any():
            continue
        box = bounding_box(mask, _MARGIN)
        distant = (pair + 1 + len(frames) // 2) % len(frames)
        fixed = frames[pair + 1][box].astype(np.float32)
        for found, other in ((near, pair), (far, distant)):
            moving = frames[other][box].astype(np.float32)
            solution = dense_inverse_search(fixed, moving)
            agreement = local_correlation(fixed, warped(moving, solution))
            found.append(float(np.median(agreement[mask[box]])))
        light.append(_brightness(frames[pair + 1], mask, frames))
    if not near:
        return None
    known = [value for value in light if value is not None]
    return Contrast(
        correlation=float(np.median(near)),
        shuffled=float(np.median(far)),
        brightness=float(np.median(known)) if known else None,
    )


def _brightness(
    frame: NDArray[np.uint8], mask: NDArray[np.bool_], frames: NDArray[np.uint8]
) -> float | None:
    """Return the mask's brightness relative to its lit surroundings."""
    around = (frames.max(axis=0) > _LIT) & ~mask
    if around.sum() < _LEAST_SURROUNDINGS * mask.sum():
        return None
    floor, tissue = np.percentile(frame[around], (5, 90))
    return float((np.median(frame[mask]) - floor) / max(tissue - floor, 1.0))
