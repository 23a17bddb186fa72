"""Contours follow exact fields exactly, whichever way through time."""

import numpy as np
import pytest

from engine.errors import InputError
from engine.masks.propagation import (
    compare_contours,
    follow_motion,
    propagate_contours,
    step_back,
    step_forward,
)
from engine.masks.shape import ellipses
from engine.model import Contours
from engine.phantom import Phantom


def circle() -> np.ndarray:
    return ellipses(np.array([[30.0, 30.0, 12.0, 12.0, 0.0]]), 40)[0]


def drift(frames: int, right: float) -> np.ndarray:
    field = np.zeros((frames - 1, 2, 60, 80))
    field[:, 0] = -right
    return field


def test_pull_back_points_to_the_past() -> None:
    field = drift(2, 3.0)[0]
    assert step_forward(field, circle()) == pytest.approx(circle() + np.array([3, 0]))
    assert step_back(field, circle()) == pytest.approx(circle() - np.array([3, 0]))


def test_forward_undoes_backward_in_a_smooth_field() -> None:
    y, x = np.mgrid[:60, :80]
    field = np.stack([2 * np.sin(x / 12), 1.5 * np.cos(y / 10)])
    there = step_forward(field, circle())
    assert step_back(field, there) == pytest.approx(circle(), abs=1e-3)


def test_one_keyframe_reaches_the_whole_loop() -> None:
    moved = propagate_contours(drift(6, 2.0), {2: circle()})
    for k in range(6):
        assert moved[k] == pytest.approx(circle() + np.array([2 * (k - 2), 0]))


def test_keyframes_keep_their_contour_and_are_blended_between() -> None:
    moved = propagate_contours(drift(5, 0.0), {0: circle(), 4: circle() + np.array([8, 0])})
    assert moved[0] == pytest.approx(circle())
    assert moved[4] == pytest.approx(circle() + np.array([8, 0]))
    assert moved[1] == pytest.approx(circle() + np.array([2, 0]))


def test_the_phantoms_field_carries_its_contour(apical: Phantom) -> None:
    assert apical.contours is not None
    inner = apical.contours.endocardial
    moved = propagate_contours(apical.displacement, {0: inner[0]})
    agreement = compare_contours(moved, inner, closed=False)
    assert agreement.distance_px.max() < 1.0
    assert agreement.dice.min() > 0.97
    assert "Dice" in agreement.sentence


def test_agreement_of_shifted_circles_is_known() -> None:
    one, other = circle()[None], circle()[None] + np.array([3, 0])
    agreement = compare_contours(one, one, closed=True)
    assert agreement.dice[0] == 1
    assert agreement.distance_px[0] == pytest.approx(0, abs=1e-9)
    # Two circles of radius r at distance d share 2 r^2 acos(d/2r) - d/2 sqrt(4r^2 - d^2).
    lens = 2 * 144 * np.arccos(3 / 24) - 1.5 * np.sqrt(4 * 144 - 9)
    assert compare_contours(one, other, closed=True).dice[0] == pytest.approx(
        lens / (np.pi * 144), abs=0.01
    )


def test_what_cannot_be_propagated_is_told() -> None:
    with pytest.raises(InputError, match="keyframe"):
        propagate_contours(drift(3, 0), {})
    with pytest.raises(InputError, match="outside the loop"):
        propagate_contours(drift(3, 0), {3: circle()})
    with pytest.raises(InputError, match="same number"):
        propagate_contours(drift(3, 0), {0: circle(), 1: circle()[:20]})


def test_a_curve_that_follows_stays_in_the_sector() -> None:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([40 + 15 * np.cos(turn), 40 + 15 * np.sin(turn)], axis=1).astype(np.float32)
    contours = Contours(np.repeat(ring[None], 5, axis=0), closed=True, keyframes=(0,))
    away = np.zeros((4, 2, 80, 80), np.float32)
    away[:, 0] = -5.0
    sector = np.zeros((80, 80), np.bool_)
    sector[:, :65] = True
    moved, _ = follow_motion(contours, away, sector)
    assert moved.endocardial[0] == pytest.approx(ring, abs=0.5)
    assert moved.endocardial[-1, :, 0].mean() > 50
    assert moved.endocardial[..., 0].max() <= 65
