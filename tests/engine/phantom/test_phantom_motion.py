"""Motion maps: exact inverses, positive determinants, kept areas, true steps."""

from __future__ import annotations

import numpy as np
import pytest

from engine.phantom import PhantomConfig, PhantomKind
from engine.phantom.monotone import mean_slopes, monotone_forward, monotone_inverse
from engine.phantom.scene import Scene, make_scene

SIZE = (96, 128)
FRAMES = 24


def scene_of(kind: PhantomKind, **options: object) -> Scene:
    config = PhantomConfig(
        kind=kind,
        size=SIZE,
        frames=FRAMES,
        spacing_mm=(1.3, 1.1),
        **options,  # type: ignore[arg-type]
    )
    return make_scene(config)


def view_points(scene: Scene, count: int = 800) -> np.ndarray:
    rng = np.random.default_rng(3)
    height, width = SIZE
    return rng.uniform((0, 0), (width - 1, height - 1), (count, 2))


def determinant(scene: Scene, points: np.ndarray, frame: int) -> np.ndarray:
    step = 1e-4
    columns = [
        (scene.motion.forward(points + shift, frame) - scene.motion.forward(points - shift, frame))
        / (2 * step)
        for shift in (np.array([step, 0.0]), np.array([0.0, step]))
    ]
    return columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0]


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_inverse_undoes_forward(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    points = view_points(scene)
    for frame in (0, 5, 9, 17, FRAMES - 1):
        there = scene.motion.forward(points, frame)
        np.testing.assert_allclose(scene.motion.inverse(there, frame), points, atol=1e-6)


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_steps_chain_to_the_whole_motion(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    points = view_points(scene)
    place = points
    for frame in range(6):
        before = place
        place = scene.motion.step(place, frame)
        np.testing.assert_allclose(scene.motion.step_back(place, frame), before, atol=1e-6)
    np.testing.assert_allclose(place, scene.motion.forward(points, 6), atol=1e-5)


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_motion_starts_at_rest_position(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    points = view_points(scene)
    np.testing.assert_allclose(scene.motion.forward(points, 0), points, atol=1e-6)


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_determinant_is_positive(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    for frame in (4, 9, 12, 18):
        assert determinant(scene, view_points(scene), frame).min() > 0.05


@pytest.mark.parametrize(
    "kind",
    [
        PhantomKind.RIGID,
        PhantomKind.SMALL,
        PhantomKind.SINUSOID,
        PhantomKind.VORTEX,
        PhantomKind.JET,
        PhantomKind.NONE,
    ],
)
def test_area_is_kept_where_claimed(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    np.testing.assert_allclose(determinant(scene, view_points(scene), 7), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    "kind", [PhantomKind.APICAL, PhantomKind.REGIONAL, PhantomKind.SHORT_AXIS, PhantomKind.RIGID]
)
def test_a_beat_ends_where_it_began(kind: PhantomKind) -> None:
    scene = scene_of(kind)
    points = view_points(scene)
    np.testing.assert_allclose(scene.motion.forward(points, scene.config.cycle), points, atol=1e-6)


def test_small_motion_stays_between_a_tenth_and_three_tenths_of_a_pixel() -> None:
    scene = scene_of(PhantomKind.SMALL)
    points = scene.layout.grid()
    for frame in (0, 11, 22):
        length = np.linalg.norm(scene.motion.step_back(points, frame) - points, axis=1)
        assert length.min() >= 0.1 - 1e-9
        assert length.max() <= 0.3 + 1e-9


@pytest.mark.parametrize("wavelength", [8.0, 32.0, 128.0])
def test_sinusoid_has_its_wavelength(wavelength: float) -> None:
    scene = scene_of(PhantomKind.SINUSOID, wavelength_px=wavelength)
    along = np.array([np.cos(1.1), np.sin(1.1)])
    start = np.array([[20.0, 30.0]])
    here = scene.motion.step_back(start, 1) - start
    shifted = start + wavelength * along
    np.testing.assert_allclose(scene.motion.step_back(shifted, 1) - shifted, here, atol=1e-9)
    half = start + 0.5 * wavelength * along
    np.testing.assert_allclose(scene.motion.step_back(half, 1) - half, -here, atol=1e-9)


def test_larger_amplitude_moves_further() -> None:
    for kind in (PhantomKind.APICAL, PhantomKind.SHORT_AXIS, PhantomKind.VORTEX):
        steps = [
            np.linalg.norm(
                scene.motion.step(view_points(scene), 4) - view_points(scene), axis=1
            ).mean()
            for scene in (scene_of(kind, amplitude=0.5), scene_of(kind, amplitude=1.0))
        ]
        assert 1.6 < steps[1] / steps[0] < 2.4


def test_monotone_map_meets_its_knots_and_slopes() -> None:
    knots = [0.0, 1.0, 2.5, 4.0]
    values = [0.5, 1.1, 4.0, 5.0]
    slopes = mean_slopes(knots, values, last=1.0)
    x = np.array(knots)
    np.testing.assert_allclose(monotone_forward(x, knots, values, slopes), values, atol=1e-12)
    step = 1e-6
    ends = monotone_forward(x + step, knots, values, slopes)
    starts = monotone_forward(x - step, knots, values, slopes)
    np.testing.assert_allclose((ends - starts) / (2 * step), slopes, rtol=1e-4)
    dense = np.linspace(-2, 7, 4001)
    mapped = monotone_forward(dense, knots, values, slopes)
    assert np.all(np.diff(mapped) > 0)
    np.testing.assert_allclose(monotone_inverse(mapped, knots, values, slopes), dense, atol=1e-9)
