"""Search for the cavity: thousands of shapes, judged by how a ventricle looks.

A cavity is darker than what surrounds it on every side; its inside holds no bright line from wall
to wall (that would be the mitral valve: the shape would reach into the atrium); its base lies on
something bright at least while the valve is closed. Contrasts are relative (``(out - in) / (out +
in)``), so gain and depth compensation matter little. Where a network's map of the cavity is at
hand, the shape should also cover that map.

The search is the cross-entropy method: draw from a broad prior, keep the best, draw around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.masks.filters import evenly
from engine.masks.settings import SearchConfig
from engine.masks.shape import normals
from engine.masks.shape_model import ShapeModel

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """How well shapes fit, part by part, each ``(K,)``; means over the frames.

    Attributes:
        score: The whole.
        side: Contrast across the wall's inner boundary, -1 to 1.
        base: Contrast across the annulus line, -1 to 1; 0 in short axis.
        inside: Brightness inside relative to the wall.
        crossing: Brightest line across the inside, relative to the wall.
        overlap: Dice of the shape and the network's map, 0 to 1; 0 without a map.
        prior: Log prior.
    """

    score: Array
    side: Array
    base: Array
    inside: Array
    crossing: Array
    overlap: Array
    prior: Array


class Scene:
    """Frames to judge shapes on; lookups are to the nearest pixel, in all frames at once."""

    def __init__(
        self,
        frames: NDArray[np.float32],
        sector: NDArray[np.bool_],
        model: ShapeModel,
        config: SearchConfig,
        maps: NDArray[np.float32] | None = None,
    ) -> None:
        """Take what shapes are judged on.

        Args:
            frames: ``(F, h, w)``, smoothed.
            sector: ``(h, w)``.
            model: Family of shapes.
            config: Weights.
            maps: Likelihood of the cavity, ``(F, h, w)``, 0 to 1, or None.
        """
        self.shape: tuple[int, int] = (frames.shape[1], frames.shape[2])
        self.model = model
        self.config = config
        self._flat = np.ascontiguousarray(frames.reshape(len(frames), -1))
        self._inside = sector.ravel()
        self._sums = None if maps is None else np.cumsum(maps, axis=2).reshape(len(maps), -1)
        self._mass = 0.0 if maps is None else maps.sum((1, 2))[:, None]
        self._floor = float(0.05 * np.percentile(frames[:, sector], 99)) + 1e-3

    def judge(self, parameters: Array) -> Evidence:
        """Return how well shapes fit."""
        config, size = self.config, self.shape[0]
        contour = self.model.contours(parameters, self.shape, config.points)
        outward = normals(contour, closed=self.model.closed)
        near, far = config.near * size, config.far * size
        out = 0.5 * (self._at(contour + near * outward) + self._at(contour + far * outward))
        into = 0.5 * (self._at(contour - near * outward) + self._at(contour - far * outward))
        side = self._contrast(out, into).mean(2)
        wall = out.mean(2) + self._floor
        middle = contour.mean(1, keepdims=True)
        shells = [middle + part * (contour[:, ::2] - middle) for part in (0.25, 0.5, 0.75)]
        inside = np.clip(self._at(np.concatenate(shells, 1)) / wall[..., None], 0, 1.5).mean(2)
        if self.model.closed:
            base, crossing = np.zeros_like(side), np.zeros_like(side)
        else:
            base = self._base_contrast(contour, far)
            crossing = self._crossing(contour, wall)
        overlap = self._overlap(contour)
        prior = self.model.log_prior(parameters)
        beyond = 1 - self._inside[self._index(contour)].mean(1)
        score = (
            (side + config.base * base - config.inside * inside - config.crossing * crossing).mean(
                0
            )
            + config.network * overlap.mean(0)
            + config.prior * prior
            + config.length * self.model.length(parameters)
            - config.beyond * beyond
        )
        return Evidence(
            score,
            side.mean(0),
            base.mean(0),
            inside.mean(0),
            crossing.mean(0),
            overlap.mean(0),
            prior,
        )

    def _index(self, points: Array) -> NDArray[np.int64]:
        x = np.clip(np.rint(points[..., 0]), 0, self.shape[1] - 1).astype(np.int64)
        y = np.clip(np.rint(points[..., 1]), 0, self.shape[0] - 1).astype(np.int64)
        return y * self.shape[1] + x

    def _at(self, points: Array) -> NDArray[np.float32]:
        return np.asarray(self._flat[:, self._index(points)], np.float32)

    def _contrast(self, out: NDArray[np.float32], into: NDArray[np.float32]) -> NDArray[np.float32]:
        relative = (out - into) / (out + into + self._floor)
        return np.asarray(np.tanh(relative / self.config.saturation), np.float32)

    def _base_contrast(self, contour: Array, far: float) -> NDArray[np.float32]:
        """Contrast between the annulus line (or just below it) and the cavity above it."""
        part = np.linspace(0.12, 0.88, 9)[None, :, None]
        line = contour[:, :1] * (1 - part) + contour[:, -1:] * part
        along = contour[:, -1] - contour[:, 0]
        down = np.stack([-along[:, 1], along[:, 0]], axis=1)
        down /= np.linalg.norm(down, axis=1, keepdims=True) + 1e-9
        step = far * down[:, None]
        below = np.maximum(self._at(line), self._at(line + 0.4 * step))
        return np.asarray(self._contrast(below, self._at(line - step)).mean(2), np.float32)

    def _overlap(self, contour: Array) -> Array:
        """Dice of shapes and maps, ``(F, K)``.

        The map's integral over a shape is that of its running sum along the contour (Green).
        """
        if self._sums is None:
            return np.zeros((len(self._flat), len(contour)))
        line = contour[:, -1:] + evenly(0, 1, 13)[None, 1:, None] * (
            contour[:, :1] - contour[:, -1:]
        )
        ring = np.concatenate([contour, line], axis=1)
        after = np.roll(ring, -1, axis=1)
        middle, rise = (ring + after) / 2, after[..., 1] - ring[..., 1]
        x = np.clip(np.rint(middle[..., 0] - 0.5), 0, self.shape[1] - 1).astype(np.int64)
        y = np.clip(np.rint(middle[..., 1]), 0, self.shape[0] - 1).astype(np.int64)
        within = np.abs((self._sums[:, y * self.shape[1] + x] * rise).sum(2))
        size = np.abs((middle[..., 0] * rise).sum(1))
        return np.asarray(2 * within / (size + self._mass + 1e-6), np.float64)

    def _crossing(self, contour: Array, wall: NDArray[np.float32]) -> NDArray[np.float32]:
        """Brightest line from side to side above the mean of such lines."""
        points = contour.shape[1]
        rungs = np.linspace(0.05, 0.32, 6) * points
        left = contour[:, rungs.astype(np.int64)][:, :, None]
        right = contour[:, points - 1 - rungs.astype(np.int64)][:, :, None]
        part = np.linspace(0.15, 0.85, 7)[None, None, :, None]
        lines = self._at(left * (1 - part) + right * part).mean(3)
        return np.asarray(np.clip((lines.max(2) - lines.mean(2)) / wall, 0, 1), np.float32)


def cross_entropy(
    scene: Scene,
    start: Array,
    rng: np.random.Generator,
    *,
    rounds: int,
    count: int,
    keep: int,
    near: tuple[Array, Array] | None = None,
) -> tuple[Array, float]:
    """Return the mean of the best shapes ``(P,)`` and the best score.

    Args:
        scene: Judges the shapes.
        start: First shapes, ``(K, P)``.
        rng: Source of the draws.
        rounds: Times that the best are kept.
        count: Shapes drawn in later rounds.
        keep: Shapes kept in each round.
        near: Mean and spread ``(P,)`` that shapes should stay near (another frame's shape).
    """
    shapes, best, mean = start, start[:0], start[0]
    scores = np.zeros(0)
    for _ in range(rounds):
        shapes = scene.model.limited(shapes)
        fresh = scene.judge(shapes).score
        if near is not None:
            away = (((shapes - near[0]) / near[1]) ** 2).sum(1)
            fresh = fresh - 0.5 * scene.config.stay * away
        shapes = np.concatenate([shapes, best])
        scores = np.concatenate([fresh, scores])
        order = np.argsort(-scores)[:keep]
        elite = shapes[order]
        best, scores = elite[:1], scores[order[:1]]
        mean, spread = elite.mean(0), elite.std(0) + 1e-3
        shapes = mean + 1.1 * spread * rng.normal(size=(count, start.shape[1]))
    return mean, float(scores[0])


def search_everywhere(scene: Scene, rng: np.random.Generator) -> list[tuple[Array, float]]:
    """Return the shape found from each start size with its score, best first."""
    config = scene.config
    found = [
        cross_entropy(
            scene,
            scene.model.draw(rng, config.first_draws, size),
            rng,
            rounds=config.rounds,
            count=config.draws,
            keep=config.keep,
        )
        for size in scene.model.starts
    ]
    return sorted(found, key=lambda item: -item[1])
