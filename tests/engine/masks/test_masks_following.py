"""Places given at one frame are followed through the loop."""

import cv2
import numpy as np

from engine.masks.annulus import corners_of, with_moved_corners
from engine.masks.following import follow
from engine.phantom import Phantom


def speckle(count: int, step: float) -> np.ndarray:
    """One smooth random picture that moves by ``step`` px a frame to the right, ``(T, h, w)``."""
    wide = np.random.default_rng(3).normal(size=(96, 160)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 2.0)
    wide = 120 + 60 * wide / wide.std()
    moves = [np.array([[1, 0, k * step - 20], [0, 1, 0]]) for k in range(count)]
    return np.stack([cv2.warpAffine(wide, move, (112, 96)) for move in moves])


def swelling(count: int, step: float) -> np.ndarray:
    """A random picture whose middle moves up by about ``step`` px a frame, the less the farther."""
    still = np.random.default_rng(3).normal(size=(128, 128)).astype(np.float32)
    still = cv2.GaussianBlur(still, (0, 0), 1.5)
    still = 120 + 50 * still / still.std()
    y, x = np.mgrid[:128, :128].astype(np.float32)
    near = np.exp(-0.5 * (((x - 64) / 14) ** 2 + ((y - 64) / 14) ** 2))
    return np.stack(
        [
            cv2.remap(still, x, y + k * step * near, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
            for k in range(count)
        ]
    )


def test_a_moving_picture_carries_its_places_along() -> None:
    places = np.array([[40.0, 40.0], [60.0, 50.0]])
    found = follow(speckle(9, 1.5), places, 4)
    for k in range(9):
        assert np.abs(found[k] - places - np.array([1.5 * (k - 4), 0.0])).max() < 0.3


def test_a_still_picture_leaves_them() -> None:
    places = np.array([[40.0, 40.0]])
    assert np.abs(follow(speckle(6, 0.0), places, 0) - places).max() < 0.05


def test_a_place_where_the_motion_is_largest_does_not_fall_behind() -> None:
    frames = swelling(7, 1.2)
    middle = 64.0
    there = middle
    for _ in range(100):
        there = middle - 6 * 1.2 * np.exp(-0.5 * ((there - middle) / 14) ** 2)
    found = follow(frames, np.array([[middle, middle]]), 0)[-1, 0]
    assert np.abs(found - np.array([middle, there])).max() < 0.1


def test_the_annulus_is_followed_to_end_systole(apical: Phantom) -> None:
    assert apical.contours is not None
    truth = corners_of(apical.contours.endocardial.astype(float))[:, :2]
    found = follow(apical.cine.frames.astype(np.float32), truth[0], 0)
    es = apical.es_frame
    way = np.linalg.norm(truth[es] - truth[0], axis=1)
    assert np.linalg.norm(found[es] - truth[es], axis=1).max() < 0.35 * way.min()


def test_corners_move_where_they_are_asked_to_and_the_sides_keep_to_the_wall() -> None:
    turn = np.linspace(np.pi, 2 * np.pi, 100)
    curve = np.stack([50 + 20 * np.cos(turn), 80 + 50 * np.sin(turn)], axis=1)[None]
    moves = np.zeros((1, 3, 2))
    moves[0, 0] = (4.0, 0.0)
    moved = with_moved_corners(curve, moves)
    assert np.allclose(moved[0, 0], curve[0, 0] + moves[0, 0])
    assert np.allclose(moved[0, 20:], curve[0, 20:], atol=0.2)
