"""How long masks take: the automatic start of a loop, and one frame while a point is dragged."""

from typing import Any

import numpy as np

from engine.config import MaskConfig
from engine.masks.build import build_mask
from engine.masks.editing import move_point
from engine.masks.rasterise import fill_ring
from engine.masks.sector import Fan
from engine.masks.shape import bullets
from engine.masks.wall import offset_contours
from engine.model import Cine, Mask, Provenance
from engine.progress import NullProgress

BULLET = np.array([[420.0, 480.0, 640.0, 470.0, 530.0, 110.0, 0.05, 0.06, 2.6, 0.0]])
FRAMES = 100


def beating_loop() -> Cine:
    """A dark bullet that beats in speckle, 100 frames of 1024x768."""
    rng = np.random.default_rng(0)
    sector = Fan((512.0, -6.0), (-0.75, 0.75), (20.0, 765.0)).mask((768, 1024))
    speckle = rng.rayleigh(50, (768, 1024)) * sector
    frames = np.empty((FRAMES, 768, 1024), np.uint8)
    for k in range(FRAMES):
        shrink = 0.88 + 0.12 * np.cos(2 * np.pi * k / 50)
        inner = (bullets(BULLET, 100)[0] - (530, 300)) * (shrink, 0.5 + shrink / 2) + (530, 300)
        outer = offset_contours(inner[None], 40.0, closed=False)[0]
        gain = np.full((768, 1024), 0.7)
        gain[fill_ring(inner, outer, (768, 1024), closed=False)] = 2.0
        gain[fill_ring(inner[:0], inner, (768, 1024), closed=False)] = 0.15
        frames[k] = np.clip(np.roll(speckle, k, axis=1) * sector * gain, 0, 255)
    return Cine(frames, Provenance("bench", "0" * 64, "phantom"))


def test_automatic_start_of_a_hundred_frames(benchmark: Any) -> None:
    cine = beating_loop()

    def run() -> Mask:
        return build_mask(cine, MaskConfig(), NullProgress())

    mask = benchmark.pedantic(run, rounds=2, iterations=1, warmup_rounds=0)
    assert mask.contours is not None


def test_one_frame_while_a_point_is_dragged(benchmark: Any) -> None:
    inner = bullets(BULLET, 100)[0]
    outer = offset_contours(inner[None], 40.0, closed=False)[0]

    def drag() -> np.ndarray:
        moved = move_point(inner, 30, (430.0, 300.0), reach=60.0, closed=False)
        return fill_ring(moved, outer, (768, 1024), closed=False)

    assert benchmark(drag).any()
