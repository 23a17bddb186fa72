"""The outer border is found where brightness ends, also where the wall is thin: at the apex."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from engine.masks.check import is_crossed, sound_contours
from engine.masks.epicardium import find_epicardium, usual_thickness
from engine.masks.sector import analyse_sector
from engine.masks.shape import bullets, ellipses, normals, resample
from engine.masks.wall import cavity_length
from engine.masks.working import make_working
from engine.phantom import PhantomConfig, PhantomKind, make_phantom
from engine.phantom.config import real_like

POINTS = 100


def circles(radius: float, frames: int) -> np.ndarray:
    one = ellipses(np.array([[60.0, 60.0, radius, radius, 0.0]]), POINTS)
    return np.repeat(one, frames, axis=0)


def test_the_epicardium_is_found_where_the_brightness_ends() -> None:
    y, x = np.mgrid[:120, :120]
    radius = np.hypot(x - 60, y - 60)
    frame = np.where(radius < 20, 20.0, np.where(radius < 29, 160.0, 60.0)).astype(np.float32)
    outer = find_epicardium(np.repeat(frame[None], 3, 0), circles(20, 3), 7.0, closed=True)
    assert np.linalg.norm(outer - 60, axis=2).mean() == pytest.approx(29, abs=0.7)


def test_without_an_edge_the_usual_thickness_stands() -> None:
    frames = np.full((2, 120, 120), 90, np.float32)
    outer = find_epicardium(frames, circles(20, 2), 7.0, closed=True)
    assert np.linalg.norm(outer - 60, axis=2) == pytest.approx(np.full((2, POINTS), 27.0), abs=0.5)


def test_edges_outside_the_sector_count_nothing() -> None:
    y, x = np.mgrid[:120, :120]
    radius = np.hypot(x - 60, y - 60)
    frames = np.where(radius < 31, 120.0, 20.0).astype(np.float32)[None]
    outer = find_epicardium(frames, circles(20, 1), 7.0, closed=True, sector=radius < 26)
    assert np.linalg.norm(outer - 60, axis=2) == pytest.approx(np.full((1, POINTS), 27.0), abs=1.3)


def test_an_apical_wall_is_usually_thinner_at_its_apex_and_a_ring_even() -> None:
    apical = usual_thickness(101, closed=False)
    assert int(apical.argmin()) == 50
    assert apical == pytest.approx(apical[::-1])
    assert apical.mean() == pytest.approx(1.0, abs=0.05)
    assert np.ptp(usual_thickness(100, closed=True)) == 0


@pytest.mark.parametrize("noisy", [False, True])
def test_the_apex_is_found_as_thin_as_it_is(noisy: bool) -> None:
    config = PhantomConfig(PhantomKind.APICAL, (240, 320), 6, seed=51, cycle_frames=32)
    phantom = make_phantom(real_like(config) if noisy else config)
    true = phantom.contours
    assert true is not None
    assert true.epicardial is not None
    assert phantom.cine.spacing_mm is not None
    sector = analyse_sector(phantom.cine)
    loop = make_working(phantom.cine, sector, 230, 1.2)
    inner = np.stack([resample(curve, POINTS, closed=False) for curve in true.endocardial])
    local = loop.to_working(inner)
    thickness = 0.11 * cavity_length(local[0], closed=False)
    found = loop.to_source(
        find_epicardium(loop.frames, local, thickness, closed=False, sector=loop.sector)
    )
    apex = found[:, POINTS // 2 - 5 : POINTS // 2 + 5]
    away = [
        cKDTree(resample(curve, 1000, closed=False)).query(part)[0].mean()
        for curve, part in zip(np.asarray(true.epicardial, np.float64), apex, strict=True)
    ]
    assert np.mean(away) * phantom.cine.spacing_mm[0] < 0.7


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_outer_border_never_crosses_itself(seed: int) -> None:
    """Wavy cavities of any width in pictures of noise, whose edges mean nothing."""
    rng = np.random.default_rng(seed)
    left, right = rng.uniform(70, 90), rng.uniform(130, 170)
    shape = [left, 170, right, 170, 110, rng.uniform(30, 70), *rng.uniform(0, 0.12, 2), 2.0, 0.05]
    curve = bullets(np.array([shape]), POINTS)[0]
    along = np.linspace(0, np.pi, POINTS)
    waves = [rng.normal(0, 3 / k) * np.sin(k * along + rng.uniform(0, 6)) for k in range(2, 9)]
    wavy = curve + sum(waves)[:, None] * normals(curve, closed=False)
    noise = gaussian_filter(rng.normal(size=(220, 220)), rng.uniform(1.5, 5))
    frame = (100 + 60 * noise / noise.std()).clip(0, 255).astype(np.float32)
    sector = np.ones(frame.shape, dtype=bool)
    inner = sound_contours(wavy[None], sector, closed=False)
    thickness = 0.11 * cavity_length(inner[0], closed=False)
    outer = find_epicardium(frame[None], inner, thickness, closed=False, sector=sector)
    assert not is_crossed(outer[0])
