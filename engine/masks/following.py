"""Tissue followed through a loop by dense optical flow, at a small size.

The flow of two frames (dense inverse search, Kroeger et al., ECCV 2016, as OpenCV has it) is taken
both ways and averaged over some pixels, weighted by how well both ways agree and by how much the
picture has to hold on to: a place moves with the tissue around it, not with single speckles. A mean
over a neighbourhood falls short where a motion is largest, as at the annulus, so what is left over
is looked for once more.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.float32]
NEAR: Final = 0.022
"""Standard deviation of the mean around given places, of the image's height."""
WIDE: Final = 0.04
"""The same along a contour, whose points share a motion."""
MOTION_HEIGHT: Final = 128
"""Rows at which the motion along a contour is looked for, px."""
DOUBT: Final = 0.1
"""Squared disagreement of both ways that halves a pixel's weight, px^2."""
EVEN: Final = 0.3
"""Squared slope of brightness that even tissue is taken to have."""


def follow(frames: Image, places: Array, first: int) -> Array:
    """Return where places of one frame are in all, ``(T, K, 2)``.

    Args:
        frames: ``(T, h, w)`` float32, grey values, smoothed.
        places: ``(K, 2)`` (x, y) in the frame ``first``, px.
        first: Frame that the places are of.
    """
    motion = _Motion(NEAR * frames.shape[1])
    found = np.repeat(np.asarray(places, np.float64)[None], len(frames), axis=0)
    for order in (range(first, len(frames) - 1), range(first, 0, -1)):
        for k in order:
            after = k + order.step
            there, _ = motion(frames[k], frames[after])
            found[after] = found[k] + _at(there, found[k])
    return found


class LoopMotion:
    """The motion of a loop from each frame to the next, found once for many places."""

    def __init__(self, frames: Image) -> None:
        """Find the motion.

        Args:
            frames: ``(T, h, w)`` float32, grey values, smoothed.
        """
        height, width = frames.shape[1:]
        factor = min(1.0, MOTION_HEIGHT / height)
        size = (max(8, round(width * factor)), max(8, round(height * factor)))
        self._height = factor * height
        small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
        motion = _Motion(WIDE * size[1])
        self._pairs = [motion(one, other) for one, other in pairwise(small)]

    def steps(self, places: Array, height: int) -> Array:
        """Return how places move from each frame to the next, ``(T-1, N, 2)``, px.

        Args:
            places: ``(T, N, 2)`` (x, y), px of the same picture at any size.
            height: Rows of the picture at that size.
        """
        factor = self._height / height
        small = (places + 0.5) * factor - 0.5
        steps = np.empty((len(self._pairs), *places.shape[1:]))
        for k, (there, back) in enumerate(self._pairs):
            steps[k] = (_at(there, small[k]) - _at(back, small[k + 1])) / 2
        return np.asarray(steps / factor, np.float64)


class _Motion:
    """The smoothed flow of two frames, both ways."""

    def __init__(self, sigma: float) -> None:
        self._sigma = sigma
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
        self._flow.setFinestScale(0)

    def __call__(self, one: Image, other: Image) -> tuple[Image, Image]:
        """Return the motion on the first frame to the other, and back, ``(h, w, 2)`` each, px."""
        there, back = self._between(one, other), self._between(other, one)
        return (
            self._completed(one, other, there, _sureness(there, back, one)),
            self._completed(other, one, back, _sureness(back, there, other)),
        )

    def _between(self, one: Image, other: Image) -> Image:
        """Return the flow as it comes."""
        pair = [np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in (one, other)]
        return np.asarray(self._flow.calc(pair[0], pair[1], None), np.float32)

    def _completed(self, one: Image, other: Image, motion: Image, weight: Image) -> Image:
        """Return a motion averaged where it is sure, and what is left over after it likewise."""
        mean = self._mean(motion, weight)
        return mean + self._mean(self._between(one, _moved(other, mean)), weight)

    def _mean(self, motion: Image, weight: Image) -> Image:
        total = cv2.GaussianBlur(motion * weight[..., None], (0, 0), self._sigma)
        mean = total / cv2.GaussianBlur(weight, (0, 0), self._sigma)[..., None]
        return np.asarray(mean, np.float32)


def _sureness(motion: Image, opposite: Image, frame: Image) -> Image:
    """Return how far a flow is to be believed: both ways agree, and the frame has slopes."""
    away = cv2.GaussianBlur(((motion + _moved(opposite, motion)) ** 2).sum(2), (0, 0), 2.0)
    smooth = cv2.GaussianBlur(frame, (0, 0), 1.5)
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(smooth, cv2.CV_32F, 0, 1) ** 2
    return np.asarray(np.sqrt(slope + EVEN) / (away + DOUBT), np.float32)


def _moved(image: Image, motion: Image) -> Image:
    """Return an image sampled where a motion ``(h, w, 2)`` leads, px."""
    rows, columns = np.indices(motion.shape[:2], np.float32)
    moved = cv2.remap(
        image,
        columns + motion[..., 0],
        rows + motion[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)


def _at(motion: Image, places: Array) -> Array:
    """Return a motion ``(h, w, 2)`` at places ``(K, 2)``."""
    x, y = places.astype(np.float32).T
    moves = cv2.remap(motion, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moves.reshape(-1, 2), np.float64)
