"""Arrows stand in the mask and point where the tissue goes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InputError
from engine.export.quiver import arrow_polygons, legible_step, nice_limit, sample_arrows, ticks


def _velocity(height: int = 40, width: int = 60) -> np.ndarray:
    row, column = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([column, -row])


def test_samples_are_the_fields_own_values_inside_the_mask() -> None:
    velocity = _velocity()
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:50] = True
    trust = np.linspace(0, 1, 2400, dtype=np.float32).reshape(40, 60)
    arrows = sample_arrows(velocity, mask, 6, trust)
    assert len(arrows.positions)
    column, row = arrows.positions.astype(int).T
    assert mask[row, column].all()
    assert np.array_equal(arrows.vectors, np.stack([column, -row], axis=1))
    assert np.allclose(arrows.speeds, np.hypot(column, row))
    assert arrows.trust is not None
    assert np.array_equal(arrows.trust, trust[row, column])
    assert np.array_equal(arrows.trusted, arrows.trust >= 0.5)


def test_the_grid_stays_while_the_mask_moves() -> None:
    velocity, mask = _velocity(), np.zeros((40, 60), bool)
    mask[5:35, 5:40] = True
    before = {tuple(at) for at in sample_arrows(velocity, mask, 6).positions}
    after = {tuple(at) for at in sample_arrows(velocity, np.roll(mask, 3, 1), 6).positions}
    everywhere = {tuple(at) for at in sample_arrows(velocity, mask | True, 6).positions}
    assert before | after <= everywhere


def test_no_arrow_where_there_is_no_velocity_or_no_mask() -> None:
    velocity = _velocity()
    assert not len(sample_arrows(velocity, np.zeros((40, 60), bool), 5).positions)
    velocity[0, :, :30] = np.nan
    arrows = sample_arrows(velocity, np.ones((40, 60), bool), 5)
    assert arrows.positions[:, 0].min() >= 30


def test_shapes_and_steps_are_checked() -> None:
    with pytest.raises(InputError, match="one image size"):
        sample_arrows(_velocity(), np.ones((40, 61), bool), 5)
    with pytest.raises(InputError, match="one pixel apart"):
        sample_arrows(_velocity(), np.ones((40, 60), bool), 0.5)


@pytest.mark.parametrize(
    ("vector", "direction"),
    [((3.0, 0.0), (1, 0)), ((0.0, 3.0), (0, -1)), ((-3.0, -3.0), (-(0.5**0.5), 0.5**0.5))],
)
def test_tips_point_along_the_velocity_on_the_screen(
    vector: tuple[float, float], direction: tuple[float, float]
) -> None:
    # y of the screen runs down, so upward velocity has a tip with a smaller y.
    shape = arrow_polygons(np.array([[50.0, 50.0]]), np.array([vector]), 10.0, 40.0, 2.0)[0]
    tip, tail = shape[3], (shape[0] + shape[6]) / 2
    length = np.hypot(*(tip - tail))
    assert length == pytest.approx(40 * np.hypot(*vector) / 10, rel=1e-5)
    assert (tip - tail) / length == pytest.approx(direction, abs=1e-5)
    assert (tip + tail) / 2 == pytest.approx([50, 50], abs=1e-4)


def test_still_and_wild_vectors_stay_drawable() -> None:
    shapes = arrow_polygons(np.zeros((2, 2)), np.array([[0, 0], [1e6, 0]]), 10.0, 40.0, 2.0)
    assert np.isfinite(shapes).all()
    assert np.abs(shapes).max() <= 40


def test_steps_limits_and_ticks_are_legible() -> None:
    large, small = np.ones((768, 1024), bool), np.zeros((768, 1024), bool)
    small[300:340, 300:700] = True
    assert legible_step(large) > legible_step(small) >= 10
    assert legible_step(small, zoom=2) < legible_step(small)
    assert [nice_limit(value) for value in (0.0123, 7.2, 23, float("nan"))] == [0.015, 8, 25, 1]
    assert ticks(30) == (0, 10, 20, 30)
    assert ticks(0.5) == (0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert all(2 <= len(ticks(limit)) <= 6 for limit in (1, 1.5, 2, 2.5, 3, 37, 4, 6, 8, 0.08))
