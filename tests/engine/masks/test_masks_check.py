"""Contours are simple, closed and inside the sector, whatever they were."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.masks.check import (
    Problem,
    check_contour,
    clip_to_sector,
    is_crossed,
    repair_contour,
)
from engine.masks.editing import Scope, set_thickness
from engine.masks.sector import Fan
from engine.masks.shape import ellipses
from engine.masks.wall import offset_contours
from engine.model import Contours

SECTOR = Fan((64.0, -4.0), (-0.7, 0.7), (10.0, 110.0)).mask((112, 128))


def circle(radius: float = 20.0, centre: tuple[float, float] = (64.0, 60.0)) -> np.ndarray:
    return ellipses(np.array([[*centre, radius, radius, 0.0]]), 60)[0]


def test_a_circle_is_sound_and_comes_back_unchanged() -> None:
    curve = circle()
    assert check_contour(curve, SECTOR) == ()
    assert np.array_equal(repair_contour(curve, SECTOR, closed=True), curve)


def test_every_fault_is_named() -> None:
    crossed = circle()
    crossed[[10, 40]] = crossed[[40, 10]]
    assert Problem.CROSSED in check_contour(crossed, SECTOR)
    assert Problem.OUTSIDE in check_contour(circle(20, (5, 5)), SECTOR)
    assert Problem.TOO_SMALL in check_contour(circle(0.5), SECTOR)
    broken = circle()
    broken[3] = np.nan
    assert check_contour(broken, SECTOR) == (Problem.NOT_FINITE,)
    assert all(str(problem).endswith(".") for problem in Problem)


def test_a_figure_of_eight_is_crossed_and_repaired_to_one_lobe() -> None:
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    eight = np.stack([64 + 25 * np.sin(t), 60 + 15 * np.sin(2 * t)], axis=1)
    assert is_crossed(eight)
    repaired = repair_contour(eight, SECTOR, closed=True)
    assert check_contour(repaired, SECTOR) == ()
    assert repaired.shape == eight.shape


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 100_000),
    st.floats(0, 60),
    st.floats(-80, 80),
    st.floats(-80, 80),
    st.booleans(),
)
def test_whatever_is_drawn_is_repaired(
    seed: int, roughness: float, right: float, down: float, closed: bool
) -> None:
    rng = np.random.default_rng(seed)
    wild = circle() + np.array([right, down]) + roughness * rng.normal(size=(60, 2))
    repaired = repair_contour(wild, SECTOR, closed=closed)
    assert repaired.shape == wild.shape
    assert np.all(np.isfinite(repaired))
    assert not is_crossed(repaired)
    assert Problem.OUTSIDE not in check_contour(repaired, SECTOR)


def test_clipping_moves_only_what_is_outside() -> None:
    curve = circle(40, (64, 70))
    clipped = clip_to_sector(curve, SECTOR)
    stayed = np.all(clipped == curve, axis=1)
    assert 0 < stayed.sum() < len(curve)
    assert Problem.OUTSIDE not in check_contour(clipped, SECTOR)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_small_polygons_are_not_crossed(count: int) -> None:
    angle = 2 * np.pi * np.arange(count) / count
    assert not is_crossed(np.stack([np.cos(angle), np.sin(angle)], axis=1) * 30 + 60)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    wildness=st.floats(0.0, 200.0),
    factor=st.floats(0.05, 20.0),
    closed=st.booleans(),
)
def test_no_edit_leaves_a_curve_crossed_or_outside(
    seed: int, wildness: float, factor: float, closed: bool
) -> None:
    rng = np.random.default_rng(seed)
    sector = Fan((60.0, -4.0), (-0.7, 0.7), (6.0, 98.0)).mask((100, 120))
    angle = np.linspace(np.pi, (3 if closed else 2) * np.pi, 40, endpoint=not closed)
    inner = np.stack([60 + 15 * np.cos(angle), 60 + 25 * np.sin(angle)], axis=1)
    outer = offset_contours(inner[None], 6.0, closed=closed)
    wild = inner + wildness * rng.normal(size=inner.shape)
    contours = Contours(wild[None], outer, closed=closed, keyframes=(0,))
    segment = int(rng.integers(6))
    thick = set_thickness(contours, 0, segment, factor, Scope.LOOP, segments=6)
    assert thick.epicardial is not None
    for curve in (thick.endocardial[0], thick.epicardial[0]):
        repaired = repair_contour(curve, sector, closed=closed)
        assert not is_crossed(repaired)
        assert Problem.OUTSIDE not in check_contour(repaired, sector)
        assert repaired.shape == curve.shape
