"""Contours move as the picture does: sudden stops stay sudden, the edge's noise goes."""

import cv2
import numpy as np
import pytest

from engine.masks.course import steadied
from engine.masks.following import LoopMotion

PLACES = np.array([0.0] * 4 + [1.5 * k for k in range(1, 9)] + [12.0] * 8)
"""Where the tissue is in every frame, px: at rest, in even motion, and suddenly at rest again."""


def tissue() -> np.ndarray:
    """One smooth random picture that moves to the right by ``PLACES``, ``(T, h, w)`` float32."""
    wide = np.random.default_rng(3).normal(size=(100, 200)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 2.0)
    wide = 120 + 60 * wide / wide.std()
    moves = [np.array([[1.0, 0.0, place - 30.0], [0.0, 1.0, 0.0]]) for place in PLACES]
    return np.stack([cv2.warpAffine(wide, move, (140, 100)) for move in moves])


def rings() -> np.ndarray:
    """Circles that lie on that tissue, ``(T, 40, 2)``."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([60 + 20 * np.cos(turn), 50 + 20 * np.sin(turn)], axis=1)
    return ring[None] + np.stack([PLACES, np.zeros(len(PLACES))], axis=1)[:, None]


def test_points_move_as_the_picture_under_them() -> None:
    steps = LoopMotion(tissue()).steps(rings(), 100)
    assert np.abs(steps - np.diff(rings(), axis=0)).max() < 0.2


def test_larger_pictures_give_the_same_motion_in_their_own_pixels() -> None:
    large = np.stack([cv2.resize(frame, (420, 300)) for frame in tissue()])
    steps = LoopMotion(large).steps(3 * (rings() + 0.5) - 0.5, 300)
    assert np.abs(steps - 3 * np.diff(rings(), axis=0)).max() < 0.6


def test_a_sudden_stop_stays_sudden_and_noise_goes() -> None:
    truth = rings()
    noise = np.random.default_rng(1).normal(0, 0.6, truth.shape)
    noisy = truth + noise
    found = steadied(noisy, LoopMotion(tissue()).steps(noisy, 100), 1.0, closed=True)
    assert np.sqrt(((found - truth) ** 2).mean()) < 0.5 * 0.6
    beyond = np.linalg.norm(np.diff(found, axis=0) - np.diff(truth, axis=0), axis=2)
    assert beyond.max() < 0.5


@pytest.mark.parametrize("frames", [1, 2])
def test_a_loop_too_short_for_a_course_stays(frames: int) -> None:
    short = rings()[:frames]
    motion = LoopMotion(tissue()[:frames]).steps(short, 100)
    assert steadied(short, motion, 1.0, closed=True) == pytest.approx(short)
