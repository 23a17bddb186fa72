"""Facts about polygons as pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from engine.masks.rasterise import fill_polygon, fill_ring
from engine.masks.shape import ellipses


def test_a_square_holds_the_pixel_centres_inside_it() -> None:
    square = np.array([[1.5, 2.5], [5.5, 2.5], [5.5, 6.5], [1.5, 6.5]])
    mask = fill_polygon(square, (10, 10))
    assert mask.sum() == 16
    assert mask[3:7, 2:6].all()


def test_the_area_of_an_ellipse_is_right_to_a_percent() -> None:
    ellipse = ellipses(np.array([[50.2, 40.7, 30.0, 20.0, 0.4]]), 200)[0]
    assert fill_polygon(ellipse, (80, 100)).sum() == pytest.approx(np.pi * 600, rel=0.01)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 12))
def test_it_agrees_with_scikit_image(seed: int, count: int) -> None:
    polygon = np.random.default_rng(seed).uniform(-5, 25, (count, 2)) + 1e-3
    mine = fill_polygon(polygon, (20, 20))
    theirs = polygon2mask((20, 20), polygon[:, ::-1])
    assert np.array_equal(mine, theirs)


def test_a_ring_has_the_area_between_two_circles_and_no_hole_filled() -> None:
    inner = ellipses(np.array([[50.0, 50.0, 20.0, 20.0, 0.0]]), 100)[0]
    outer = ellipses(np.array([[50.0, 50.0, 30.0, 30.0, 0.0]]), 100)[0]
    ring = fill_ring(inner, outer, (100, 100), closed=True)
    assert ring.sum() == pytest.approx(np.pi * 500, rel=0.02)
    assert not ring[50, 50]


def test_an_open_ring_is_closed_at_its_ends_only() -> None:
    angle = np.linspace(np.pi, 2 * np.pi, 60)
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ring = fill_ring(50 + 20 * arc, 50 + 30 * arc, (100, 100), closed=False)
    assert ring.sum() == pytest.approx(np.pi * 250, rel=0.03)
    assert not ring[51:].any()
    assert not ring[40, 50]


def test_a_polygon_outside_or_degenerate_is_empty() -> None:
    assert not fill_polygon(np.array([[50.0, 50], [60, 50], [60, 60]]), (20, 20)).any()
    assert not fill_polygon(np.array([[5.0, 5], [6, 6]]), (20, 20)).any()
