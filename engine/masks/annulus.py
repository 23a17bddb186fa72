"""Where the mitral annulus is: the end of each side, where leaflet and wall give way to the atrium.

Along each side, extended downwards, the bright wall outside and the leaflet's hinge inside both
end at the annulus. The fall of their brightness, pooled over neighbouring frames, moves the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.masks.contour import best_path, parabola
from engine.masks.filters import evenly, sample_frames, smooth_along
from engine.masks.settings import AnnulusConfig
from engine.masks.shape import normals, resample
from engine.masks.wall import cavity_length

Array = NDArray[np.float64]


def refine_annulus(
    frames: NDArray[np.float32], contours: Array, config: AnnulusConfig | None = None
) -> Array:
    """Return apical contours whose ends lie on the annulus, ``(T, N, 2)``.

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        contours: ``(T, N, 2)``, open, px of those frames.
        config: Reach and weights.
    """
    config = config or AnnulusConfig()
    length = float(np.mean([cavity_length(curve, closed=False) for curve in contours]))
    moved = _slide_end(frames, contours, length, config)
    # The other side is the same contour run the other way round.
    moved = _slide_end(frames, moved[:, ::-1], length, config)[:, ::-1]
    return resample(moved, contours.shape[1], closed=False)


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
    down = contours[:, 0] - contours[:, _stem(contours.shape[1])]
    return np.asarray(down / (np.linalg.norm(down, axis=1, keepdims=True) + 1e-12), np.float64)


def _stem(points: int) -> int:
    """Return how many points tell the direction of a side at its end."""
    return max(2, round(0.15 * points))


def _slide_end(
    frames: NDArray[np.float32], contours: Array, length: float, config: AnnulusConfig
) -> Array:
    """Slide the first point of every contour along its side."""
    points = contours.shape[1]
    stem, down = _stem(points), _down(contours)
    outward = normals(contours, closed=False)[:, :stem].mean(1)
    outward -= (outward * down).sum(1, keepdims=True) * down
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-12
    count = int(config.reach * length / 0.5)
    slide = evenly(-0.5 * count, 0.5 * count, 2 * count + 1)
    thickness = 0.11 * length
    ends = _Ends(frames, contours[:, 0], down, outward, window=max(2, round(0.12 * length)))
    score = config.wall * ends.fall(slide, evenly(0.25, 0.9, 5) * thickness)
    score += config.leaflet * ends.fall(slide, evenly(-0.15, -0.8, 5) * thickness)
    score += config.valve * _closed_valve(frames, contours, down, slide)
    score = smooth_along(score, config.time_sigma, 0) + config.pooled * score.mean(0)
    score -= config.stay * (slide / (config.reach * length)) ** 2
    shift = smooth_along(_through_time(score, slide, config), config.time_sigma, 0)
    weight = np.clip(1 - np.arange(points) / (0.35 * points), 0, 1)
    return np.asarray(
        contours + shift[:, None, None] * weight[None, :, None] * down[:, None], np.float64
    )


def _through_time(score: Array, slide: Array, config: AnnulusConfig) -> Array:
    """Return the slide of every frame that has most evidence and changes least, ``(T,)``."""
    step = float(slide[1] - slide[0])
    # The cost is that of the whole reach within the time over which the heart holds still.
    share = max(config.time_sigma, 0.5) * step / float(slide[-1])
    path = best_path(
        score[None], closed=False, bending=config.change * share**2, farthest=len(slide) // 4
    )
    return np.asarray(slide[path[0]] + step * parabola(score[None], path)[0], np.float64)


@dataclass(frozen=True, eq=False)
class _Ends:
    """The end of one side in every frame, with the directions along and across the wall."""

    frames: NDArray[np.float32]
    places: Array
    down: Array
    outward: Array
    window: int

    def fall(self, slide: Array, across: Array) -> Array:
        """Relative fall of a band's brightness at every slide, ``(T, S)``."""
        step = float(slide[1] - slide[0])
        reach = step * self.window
        wide = evenly(slide[0] - reach, slide[-1] + reach, len(slide) + 2 * self.window)
        places = (
            self.places[:, None, None]
            + wide[None, :, None, None] * self.down[:, None, None]
            + across[None, None, :, None] * self.outward[:, None, None]
        )
        profile = sample_frames(self.frames, places).mean(2)
        total = np.concatenate([np.zeros((len(profile), 1)), np.cumsum(profile, axis=1)], axis=1)
        middle = self.window + np.arange(len(slide))
        above = (total[:, middle] - total[:, middle - self.window]) / self.window
        below = (total[:, middle + self.window] - total[:, middle]) / self.window
        level = profile.mean(1, keepdims=True) + 1e-3
        return np.asarray(np.tanh((above - below) / level), np.float64)


def _closed_valve(frames: NDArray[np.float32], contours: Array, down: Array, slide: Array) -> Array:
    """Brightness of lines parallel to the base where they are bright from end to end, ``(T, S)``.

    A low quantile along the line ignores open leaflets, which leave the middle dark.
    """
    part = np.linspace(0.1, 0.9, 11)[None, :, None]
    line = contours[:, :1] * (1 - part) + contours[:, -1:] * part
    places = line[:, None] + slide[None, :, None, None] * down[:, None, None]
    values = sample_frames(frames, places)
    bright = np.quantile(values, 0.25, axis=2)
    level = values.mean((1, 2), keepdims=True)[..., 0] + 1e-3
    return np.asarray(np.tanh(bright / level - 1), np.float64)
