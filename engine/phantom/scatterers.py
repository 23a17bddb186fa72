"""The population of scatterers: placed in the material, moved, and replaced over time."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.phantom.motion import Points
from engine.phantom.scene import Scene
from engine.phantom.speckle import DEVELOPED, Echo, density_of, random_weights


class Scatterers(Protocol):
    """Scatterers of one loop, asked for frame after frame."""

    def at(self, frame: int) -> tuple[Points, Echo]:
        """Return places, ``(N, 2)`` px, and amplitudes, ``(N,)``; frames must rise by one."""


class TissueScatterers:
    """Scatterers fixed in material; a share of them is replaced from frame to frame.

    They fill all material that ever enters the view, so that no part of it runs empty.

    Args:
        scene: What moves, and how.
        density: Scatterers per px.
        rng: Source of randomness.
    """

    def __init__(
        self,
        scene: Scene,
        density: float,
        rng: np.random.Generator,
    ) -> None:
        self._anatomy, self._motion, self._rng = scene.anatomy, scene.motion, rng
        self._share = scene.config.decorrelation
        self._low, self._high = _material_box(scene)
        count = round(density * float(np.prod(self._high - self._low)))
        self._places, self._weights = self._fresh(count)

    def at(self, frame: int) -> tuple[Points, Echo]:
        """Return places and amplitudes at a frame."""
        if frame and self._share:
            out = np.flatnonzero(self._rng.random(len(self._places)) < self._share)
            self._places[out], self._weights[out] = self._fresh(len(out))
        return self._motion.forward(self._places, frame), self._weights

    def _fresh(self, count: int) -> tuple[Points, Echo]:
        places = self._rng.uniform(self._low, self._high, (count, 2))
        echo = self._anatomy.echo(places).astype(np.float32)
        return places, random_weights(count, self._rng) * echo


class BloodScatterers:
    """Contrast bubbles in a resting cavity, before resting tissue.

    Bubbles that leave the view, and the share that decorrelates, are seeded anew anywhere.

    Args:
        scene: What moves, and how; its anatomy is the resting tissue.
        density: Bubbles per px.
        rng: Source of randomness.
    """

    def __init__(
        self,
        scene: Scene,
        density: float,
        rng: np.random.Generator,
    ) -> None:
        self._anatomy, self._motion, self._rng = scene.anatomy, scene.motion, rng
        self._share = scene.config.decorrelation
        height, width = scene.config.size
        margin = 3 * scene.config.speckle_px[0]
        self._low = np.full(2, -margin)
        self._high = np.array([width, height]) + margin
        area = float(np.prod(self._high - self._low))
        count = round(density * area)
        self._places = rng.uniform(self._low, self._high, (count, 2))
        self._weights = random_weights(count, rng)
        developed = density_of(DEVELOPED, scene.config.speckle_px)
        rest = round(developed * area)
        self._rest = rng.uniform(self._low, self._high, (rest, 2))
        level = 0.25 * scene.anatomy.echo(self._rest) * ~scene.anatomy.regions(self._rest)[1]
        ratio = float(np.sqrt(density / developed))
        self._rest_weights: Echo = random_weights(rest, rng) * (level * ratio).astype(np.float32)

    def at(self, frame: int) -> tuple[Points, Echo]:
        """Return places and amplitudes at a frame: bubbles, then resting tissue."""
        if frame:
            self._places = self._motion.step(self._places, frame - 1)
            gone = np.any((self._places < self._low) | (self._places > self._high), axis=1)
            out = np.flatnonzero(gone | (self._rng.random(len(self._places)) < self._share))
            self._places[out] = self._rng.uniform(self._low, self._high, (len(out), 2))
            self._weights[out] = random_weights(len(out), self._rng)
        inside = self._anatomy.regions(self._places)[1]
        places = np.concatenate([self._places[inside], self._rest])
        return places, np.concatenate([self._weights[inside], self._rest_weights])


def _material_box(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the box of all material that is in view at any frame, px."""
    height, width = scene.config.size
    rows, columns = np.linspace(0, height - 1, 25), np.linspace(0, width - 1, 25)
    probe = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    seen = np.concatenate(
        [scene.motion.inverse(probe, frame) for frame in range(scene.config.frames)]
    )
    margin = 3 * scene.config.speckle_px[0]
    return seen.min(axis=0) - margin, seen.max(axis=0) + margin
