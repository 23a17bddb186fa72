"""The ring and its thickness, and the paper's blood pool step by step."""

import numpy as np
import pytest

from engine.errors import InputError
from engine.masks.blood_pool import blood_pool_steps
from engine.masks.check import is_crossed
from engine.masks.contour import areas, refine, smooth_in_time
from engine.masks.rasterise import fill_polygon
from engine.masks.settings import BloodPoolConfig
from engine.masks.shape import bullets, ellipses, normals, resample, signed_area
from engine.masks.spline import rbf_boundary
from engine.masks.wall import (
    cavity_length,
    offset_contours,
    segment_thickness,
    wall_mask,
)

BULLET = np.array([[40.0, 90.0, 80.0, 90.0, 60.0, 20.0, 0.05, 0.05, 2.5, 0.0]])


def circles(radius: float, frames: int = 1) -> np.ndarray:
    one = ellipses(np.array([[60.0, 60.0, radius, radius, 0.0]]), 100)
    return np.repeat(one, frames, axis=0)


def test_a_bullet_runs_from_annulus_over_apex_to_annulus() -> None:
    curve = bullets(BULLET, 100)[0]
    assert curve[0] == pytest.approx((40, 90))
    assert curve[-1] == pytest.approx((80, 90))
    assert curve[:, 1].min() == pytest.approx(20, abs=0.3)
    assert cavity_length(curve, closed=False) == pytest.approx(70, abs=0.5)
    assert signed_area(curve) > 0


def test_normals_point_out_whichever_way_the_curve_runs() -> None:
    curve = circles(20)[0]
    for one in (curve, curve[::-1]):
        outward = normals(one, closed=True)
        assert ((one - 60) / 20 * outward).sum(1) == pytest.approx(np.ones(100), abs=0.01)


def test_resampling_spaces_points_evenly() -> None:
    curve = resample(np.array([[0.0, 0], [10, 0], [10, 4]]), 8, closed=False)
    assert np.linalg.norm(np.diff(curve, axis=0), axis=1) == pytest.approx(np.full(7, 2.0))


def test_an_offset_circle_is_a_circle() -> None:
    outer = offset_contours(circles(20), 6.0, closed=True)
    assert np.linalg.norm(outer[0] - 60, axis=1) == pytest.approx(np.full(100, 26.0), abs=0.05)


def test_handles_set_the_thickness_where_they_stand() -> None:
    width = segment_thickness(np.array([4.0, 8.0]), 101, closed=False)
    assert width[25] == pytest.approx(4)
    assert width[75] == pytest.approx(8)
    assert width[50] == pytest.approx(6)
    with pytest.raises(InputError, match="larger than 0"):
        segment_thickness(np.array([4.0, 0.0]), 10, closed=False)


def test_a_margin_widens_the_ring_on_both_sides() -> None:
    inner, outer = circles(20), circles(30)
    plain = wall_mask(inner, outer, (120, 120), closed=True)
    wide = wall_mask(inner, outer, (120, 120), closed=True, margin=0.2)
    assert plain.sum() == pytest.approx(np.pi * 500, rel=0.02)
    assert wide.sum() == pytest.approx(np.pi * (32**2 - 18**2), rel=0.02)


def test_refinement_puts_a_rough_circle_onto_the_edge() -> None:
    y, x = np.mgrid[:120, :120]
    frame = np.where(np.hypot(x - 60, y - 60) < 24, 30.0, 150.0).astype(np.float32)
    moved = refine(np.repeat(frame[None], 2, 0), circles(21, 2), closed=True, radius=6)
    assert np.linalg.norm(moved - 60, axis=2) == pytest.approx(np.full((2, 100), 24.0), abs=0.8)


def test_smoothing_in_time_keeps_a_steady_motion() -> None:
    steady = circles(20, 12) + np.arange(12)[:, None, None]
    assert smooth_in_time(steady, 2.0) == pytest.approx(steady, abs=1e-9)


def test_radial_basis_functions_are_periodic_and_smooth_out_noise() -> None:
    rng = np.random.default_rng(0)
    noisy = circles(20, 10) + rng.normal(scale=1.0, size=(10, 100, 2))
    smooth = rbf_boundary(noisy, knots=24, smoothing=1.0)
    radius = np.linalg.norm(smooth - 60, axis=2)
    assert radius.mean() == pytest.approx(20, abs=0.4)
    gaps = np.linalg.norm(smooth - np.roll(smooth, 1, axis=1), axis=2)
    assert gaps.max() < 3 * np.median(gaps)
    assert not any(is_crossed(curve) for curve in smooth)


def test_every_step_of_the_papers_blood_pool_is_what_it_says() -> None:
    shape = (120, 120)
    large = fill_polygon(bullets(BULLET, 100)[0], shape)
    small = fill_polygon(ellipses(np.array([[60.0, 62.0, 14.0, 22.0, 0.0]]), 100)[0], shape)
    steps = blood_pool_steps({0: large, 6: small}, 9, BloodPoolConfig())
    assert steps.circles.shape == (2, 100, 2)
    assert np.ptp(np.linalg.norm(steps.circles[0] - steps.circles[0].mean(0), axis=1)) < 1e-6
    for mask, curve in zip(steps.masks, steps.fitted, strict=True):
        filled = fill_polygon(curve, shape)
        assert 2 * (filled & mask).sum() / (filled.sum() + mask.sum()) > 0.93
    half = 0.5 * (steps.interpolated[0] + steps.interpolated[6])
    assert steps.interpolated[3] == pytest.approx(half)
    assert steps.interpolated[8] == pytest.approx(steps.interpolated[6])
    size = areas(steps.boundary)
    assert size[0] > size[3] > size[6]
    assert not any(is_crossed(curve) for curve in steps.boundary)


def test_the_papers_blood_pool_needs_a_mask_at_a_frame_of_the_loop() -> None:
    some = fill_polygon(circles(10)[0], (120, 120))
    with pytest.raises(InputError, match="cavity at one frame"):
        blood_pool_steps({}, 5)
    with pytest.raises(InputError, match="outside the loop"):
        blood_pool_steps({7: some}, 5)
    with pytest.raises(InputError, match="empty"):
        blood_pool_steps({0: np.zeros((120, 120), np.bool_)}, 5)
    single = blood_pool_steps({2: some}, 4)
    assert np.ptp(areas(single.boundary)) < 2
