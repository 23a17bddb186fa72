"""What whole beats tell: a closed cycle leaves nothing, a drift leaves itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.evaluation.beats import WallBeats
from engine.model import Contours

FRAMES, SIZE, MIDDLE = 25, 96, 48.0


def wall(frames: int = FRAMES) -> Contours:
    """Return a ring whose cavity is largest every 12 frames, 32 points."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    radius = 20 + 2 * np.cos(2 * np.pi * np.arange(frames) / 12)
    inner = MIDDLE + radius[:, None, None] * circle
    return Contours(inner.astype(np.float32), (inner + 8 * circle).astype(np.float32), closed=True)


def stretching(factors: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return pull-backs of a plane that is stretched about its middle, pair by pair."""
    down, right = np.indices((SIZE, SIZE)) - MIDDLE
    return np.stack([np.stack([right, down]) * (1 / f - 1) for f in factors]).astype(np.float32)


def test_a_wall_that_comes_back_has_no_drift_and_equal_beats_no_spread() -> None:
    size = 1 + 0.1 * np.cos(2 * np.pi * np.arange(FRAMES) / 12)
    beats = WallBeats.of(wall(), None, FRAMES)
    assert beats is not None
    assert beats.beats == ((0, 12), (12, 24))
    scores = beats.scores(stretching(size[1:] / size[:-1]))
    assert scores["beat drift"] == pytest.approx(0, abs=0.01)
    assert scores["beat spread"] == pytest.approx(0, abs=0.01)


def test_a_drift_is_told_in_points_and_is_no_spread() -> None:
    beats = WallBeats.of(wall(), None, FRAMES)
    assert beats is not None
    scores = beats.scores(stretching(np.full(FRAMES - 1, 1.05 ** (1 / 12))))
    assert scores["beat drift"] == pytest.approx(5.0, abs=0.02)
    assert scores["beat spread"] == pytest.approx(0, abs=0.02)


def test_beats_of_different_strength_spread() -> None:
    phase = 2 * np.pi * np.arange(FRAMES) / 12
    size = 1 + np.where(np.arange(FRAMES) < 12, 0.1, 0.2) * (1 - np.cos(phase)) / 2
    beats = WallBeats.of(wall(), None, FRAMES)
    assert beats is not None
    scores = beats.scores(stretching(size[1:] / size[:-1]))
    # Two beats of 10 and 20 % times a raised cosine of mean square 3/8: deviation 10/sqrt(2) of it.
    assert scores["beat spread"] == pytest.approx(10 / np.sqrt(2) * np.sqrt(3 / 8), rel=0.05)


def test_one_beat_has_no_spread_and_half_a_beat_no_score() -> None:
    one = WallBeats.of(wall(), None, 14)
    assert one is not None
    assert set(one.scores(stretching(np.ones(13)))) == {"beat drift"}
    assert WallBeats.of(wall(), None, 10) is None


def test_without_an_outer_border_there_is_no_wall() -> None:
    inner = wall().endocardial
    assert WallBeats.of(Contours(inner, closed=True), None, FRAMES) is None
