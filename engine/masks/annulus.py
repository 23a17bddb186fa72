"""Where the mitral annulus is: the end of each side of an apical contour, in every frame.

The annulus is a piece of tissue. So its way through the beat is the tissue's, told by optical flow,
and how far along the side it lies is one number a side for the whole loop, told by all frames
together: the cavity's map ends there, the closed valve makes a line from end to end, the wall
below is thinner and darker. Single frames cannot tell it: leaflets hang open half of the beat, and
the atrium's wall looks as the ventricle's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.masks.contour import areas, beat_frames, mirrored_weights
from engine.masks.filters import evenly, sample_frames, smooth_along
from engine.masks.following import LoopMotion
from engine.masks.settings import AnnulusConfig
from engine.masks.shape import normals
from engine.masks.wall import cavity_length

Array = NDArray[np.float64]
Image = NDArray[np.float32]
WINDOW: Final = 0.12
"""Length over which brightness above and below an end is compared, of the cavity's length."""
THICKNESS: Final = 0.11
"""Usual thickness of the wall, of the cavity's length."""


def annulus_path(
    frames: Image,
    contours: Array,
    maps: Image,
    keys: NDArray[np.int64],
    motion: LoopMotion,
    *,
    config: AnnulusConfig | None = None,
) -> Array:
    """Return where both ends of an apical contour lie in every frame, ``(T, 2, 2)``, px.

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        contours: ``(T, N, 2)``, open, about right, px of those frames.
        maps: Likelihood of the cavity in some frames, ``(K, h, w)``, 0 to 1.
        keys: Numbers of those frames, ``(K,)``.
        motion: Of the loop.
        config: Reach and weights.
    """
    config = config or AnnulusConfig()
    height = frames.shape[1]
    length = float(np.mean([cavity_length(curve, closed=False) for curve in contours]))
    beat = beat_frames(areas(contours))
    ends = contours[:, [0, -1]]
    path = _as_tissue(ends, motion.steps(ends, height), beat)
    sides = _Sides.at(contours, path, config.steady * beat)
    count = round(config.reach / config.step)
    slide = evenly(-count * config.step, count * config.step, 2 * count + 1)
    score = config.wall * _both(_wall_ends(frames, sides, slide, length))
    score += config.cavity * _both(_cavity_ends(maps, keys, sides, slide, length))
    score += config.valve * _closed_valve(frames, sides, slide, length)
    score -= config.stay * (slide[:, None] ** 2 + slide[None] ** 2)
    score -= config.tilt * (slide[:, None] - slide[None]) ** 2
    best = np.array(np.unravel_index(int(score.argmax()), score.shape))
    path = path + length * slide[best][None, :, None] * sides.down
    # The tissue there may move by more than that at which the search began.
    path = _as_tissue(path, motion.steps(path, height), beat)
    away = ((path - ends) * sides.down).sum(2, keepdims=True)
    return np.asarray(ends + away * sides.down, np.float64)


def corners_of(contours: Array) -> Array:
    """Return both ends and the place farthest from their middle of every contour, ``(T, 3, 2)``."""
    middle = (contours[:, :1] + contours[:, -1:]) / 2
    tip = np.linalg.norm(contours - middle, axis=2)[:, 1:-1].argmax(1) + 1
    return np.stack([contours[:, 0], contours[:, -1], contours[np.arange(len(tip)), tip]], axis=1)


def with_moved_corners(contours: Array, moves: Array) -> Array:
    """Return apical contours whose ends and tip are moved, ``(T, N, 2)``.

    An end that moves along its side takes a third of the side with it; what moves it across, and
    what moves the tip, stays near, so that the sides keep to the wall.

    Args:
        contours: ``(T, N, 2)``, open.
        moves: ``(T, 3, 2)`` of the first end, the last end and the tip.
    """
    points = contours.shape[1]
    corners = corners_of(contours)
    tip = np.linalg.norm(contours - corners[:, 2:], axis=2).argmin(1)
    away = np.abs(np.arange(points)[None] - tip[:, None]) / (0.3 * points)
    near = np.cos(np.pi / 2 * np.clip(away, 0, 1)) ** 2
    moved = contours + near[..., None] * moves[:, 2:]
    for end in (0, 1):
        moved = _moved_end(moved, moves[:, end])[:, ::-1]
    return np.asarray(moved, np.float64)


def _moved_end(contours: Array, move: Array) -> Array:
    """Return contours whose first point is moved, ``(T, N, 2)``; move ``(T, 2)``."""
    points = contours.shape[1]
    down = _down(contours)
    along = (move * down).sum(1, keepdims=True) * down
    index = np.arange(points)
    far, near = (np.clip(1 - index / (part * points), 0, 1) for part in (0.35, 0.12))
    shift = far[None, :, None] * along[:, None] + near[None, :, None] * (move - along)[:, None]
    return np.asarray(contours + shift, np.float64)


def _down(contours: Array) -> Array:
    """Return the direction in which the side of the first point ends, ``(T, 2)``."""
    return _unit(contours[:, 0] - contours[:, _stem(contours.shape[1])])


def _stem(points: int) -> int:
    """Return how many points tell the direction of a side at its end."""
    return max(2, round(0.15 * points))


def _unit(vectors: Array) -> Array:
    """Return vectors of length 1."""
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-12))


def _as_tissue(places: Array, steps: Array, beat: float) -> Array:
    """Return places that move as the tissue does, near given ones in the mean over a beat."""
    way = np.concatenate([np.zeros_like(places[:1]), np.cumsum(steps, axis=0)])
    weights = mirrored_weights(len(places), beat)
    return np.asarray(way + np.tensordot(weights, places - way, axes=1), np.float64)


@dataclass(frozen=True, eq=False)
class _Sides:
    """The end of both sides in every frame, with unit vectors along and across the wall.

    Attributes:
        places: ``(T, 2, 2)``.
        down: From the apex to the atrium, ``(T, 2, 2)``.
        outward: ``(T, 2, 2)``.
    """

    places: Array
    down: Array
    outward: Array

    @classmethod
    def at(cls, contours: Array, places: Array, sigma: float) -> _Sides:
        """Return the sides of contours, their directions smoothed over some frames."""
        stem = _stem(contours.shape[1])
        down = _unit(
            smooth_along(np.stack([_down(contours), _down(contours[:, ::-1])], 1), sigma, 0)
        )
        across = normals(contours, closed=False)
        outward = np.stack([across[:, :stem].mean(1), across[:, -stem:].mean(1)], axis=1)
        outward -= (outward * down).sum(2, keepdims=True) * down
        return cls(places, down, _unit(outward))

    def profile(
        self, images: Image, frames: NDArray[np.int64], along: Array, across: Array
    ) -> Array:
        """Return brightness along both sides, mean over a band across, ``(F, 2, S)``."""
        places, down, outward = (
            part[frames][:, :, None, None] for part in (self.places, self.down, self.outward)
        )
        spots = places + along[:, None, None] * down + across[None, :, None] * outward
        return np.asarray(sample_frames(images, spots).mean(3), np.float64)


def _both(score: Array) -> Array:
    """Return the sum of both sides' scores, ``(2, S)``, for every pair of slides, ``(S, S)``."""
    return np.asarray(score[0][:, None] + score[1][None])


def _falls(
    sides: _Sides,
    images: Image,
    frames: NDArray[np.int64],
    slide: Array,
    across: Array,
    length: float,
) -> tuple[Array, Array]:
    """Return the fall of a band's brightness at every slide, and its mean, ``(F, 2, S or 1)``."""
    step = float(slide[1] - slide[0])
    window = round(WINDOW / step)
    reach = step * window
    wide = evenly(slide[0] - reach, slide[-1] + reach, len(slide) + 2 * window)
    profile = sides.profile(images, frames, wide * length, across * length)
    total = np.concatenate([np.zeros_like(profile[..., :1]), np.cumsum(profile, axis=2)], axis=2)
    middle = window + np.arange(len(slide))
    above = total[..., middle] - total[..., middle - window]
    below = total[..., middle + window] - total[..., middle]
    return (above - below) / window, profile.mean(2, keepdims=True)


def _wall_ends(frames: Image, sides: _Sides, slide: Array, length: float) -> Array:
    """Return how much darker it is below than above, in the wall, ``(2, S)``."""
    every = np.arange(len(frames))
    fall, level = _falls(sides, frames, every, slide, evenly(0.25, 0.9, 5) * THICKNESS, length)
    return np.asarray(np.tanh(fall / (level + 1e-3)).mean(0))


def _cavity_ends(
    maps: Image, keys: NDArray[np.int64], sides: _Sides, slide: Array, length: float
) -> Array:
    """Return how much likelier the cavity is above than below, beside the wall, ``(2, S)``."""
    fall, _ = _falls(sides, maps, keys, slide, evenly(-0.5, -2.5, 7) * THICKNESS, length)
    return np.asarray(fall.mean(0))


def _closed_valve(frames: Image, sides: _Sides, slide: Array, length: float) -> Array:
    """Return how bright lines from end to end are all the way, ``(S, S)``.

    A low quantile along the line ignores open leaflets, which leave the middle dark.
    """
    total = np.zeros((len(slide), len(slide)))
    part = evenly(0.12, 0.88, 11)[:, None]
    for frame, places, down in zip(frames, sides.places, sides.down, strict=True):
        first, last = (places[e] + length * slide[:, None] * down[e] for e in (0, 1))
        line = first[:, None, None] * (1 - part) + last[None, :, None] * part
        values = sample_frames(frame[None], line[None])[0]
        total += np.tanh(np.quantile(values, 0.25, axis=2) / (values.mean() + 1e-3) - 1)
    return np.asarray(total / len(frames))
