"""What the picture allows for: precise where speckle stands, not where the echo is lost."""

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.texture import blurred, brightness, darkness, imprecision
from engine.analysis.trust import trust_map
from engine.analysis.wall_trust import wall_findings
from engine.analysis.witness import witness_of_pair
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom
from engine.progress import NullProgress

SHAPE = (96, 128)
INSIDE = np.ones(SHAPE, dtype=bool)


def speckle(seed: int, level: float = 40.0) -> np.ndarray:
    """Smooth random grey values around 120."""
    image = blurred(np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32), 1.5)
    return (120 + level * image / image.std()).astype(np.float32)


def test_matching_speckle_is_precise_and_lost_echo_is_not() -> None:
    fixed, other = speckle(0), speckle(1)
    half = np.where(np.arange(SHAPE[1]) < 64, fixed, other)
    found = imprecision(fixed, half)
    assert found[:, 96:].mean() > 3 * found[:, :32].mean()
    flat = np.full(SHAPE, 5.0, dtype=np.float32)
    assert imprecision(flat, flat).min() > 25


def test_an_edge_alone_is_as_imprecise_as_nothing() -> None:
    """The aperture problem: along a straight edge the motion is unknown."""
    rows = np.tile(np.linspace(0, 200, SHAPE[0], dtype=np.float32)[:, None], (1, SHAPE[1]))
    assert imprecision(rows, rows)[20:-20, 20:-20].min() > 25


def test_imprecision_does_not_depend_on_the_gain() -> None:
    fixed, moving = speckle(0, 20.0), speckle(0, 20.0) + speckle(1, 5.0) - 120
    once = imprecision(fixed, moving)
    twice = imprecision(fixed * 2, moving * 2)
    assert np.median(twice / once) == pytest.approx(1, abs=0.1)


def test_darkness_counts_from_the_median_of_the_mask() -> None:
    image = np.where(np.arange(SHAPE[1]) < 96, 150.0, 50.0) * np.ones(SHAPE)
    found = darkness(brightness(image.astype(np.float32), image.astype(np.float32)), INSIDE)
    assert found[:, :70].max() == pytest.approx(0, abs=1e-3)
    assert found[:, 120:].mean() == pytest.approx(2, abs=0.01)


@pytest.fixture(scope="module")
def wall() -> Phantom:
    """A noisy wall with a flank that is lost."""
    return make_phantom(
        PhantomConfig(
            PhantomKind.APICAL, (192, 256), 6, seed=3, cycle_frames=30, noise=0.25, drop_out=1.0
        )
    )


def result_of(phantom: Phantom, displacement: np.ndarray) -> TrackingResult:
    sure = np.full((len(displacement), *phantom.cine.shape[1:]), 0.15, dtype=np.float16)
    return TrackingResult(
        (ScaleField(Scale.FULL, displacement, sure),), phantom.mask, "ssmsr", Target.TISSUE,
        "0", "0", frames=phantom.cine.frames,
    )  # fmt: skip


def test_a_wall_is_doubted_where_its_echo_is_lost(wall: Phantom) -> None:
    """The same motion, once with and once without the flank: only the picture tells."""
    full = make_phantom(replace(wall.config, drop_out=0.0))
    lost = full.cine.frames[3].astype(int) - wall.cine.frames[3] > 60
    before, after = (
        trust_map(result_of(phantom, wall.displacement)).expected_error_px[2]
        for phantom in (full, wall)
    )
    share = blurred(lost * 1.0, 4)
    flank, rest = (wall.mask[3] & part for part in (share > 0.5, share < 0.05))
    assert after[flank].mean() > 1.5 * before[flank].mean()
    assert after[rest].mean() == pytest.approx(before[rest].mean(), rel=0.1)


def test_a_place_pinned_by_static_echo_departs_from_its_surroundings(wall: Phantom) -> None:
    moved = np.array(wall.displacement)
    moved[:, 0] += 2.0
    rows, columns = np.mgrid[:192, :256]
    there = np.array([columns[wall.mask[3]][500], rows[wall.mask[3]][500]])
    pinned = np.hypot(columns - there[0], rows - there[1]) < 8
    moved[:, :, pinned] = 0.0
    result = result_of(wall, moved)
    departure = witness_of_pair(result, result.finest, 2).departure
    inside = wall.mask[3]
    assert departure[pinned & inside].mean() > 3 * departure[~pinned & inside].mean()


def test_what_moves_beside_the_walls_course_is_doubted(wall: Phantom) -> None:
    """One place jumps to and fro while the wall follows its course."""
    rows, columns = np.mgrid[:192, :256]
    there = np.array([columns[wall.mask[3]][500], rows[wall.mask[3]][500]])
    jumping = np.exp(-(np.hypot(columns - there[0], rows - there[1]) ** 2) / (2 * 12**2))
    moved = np.array(wall.displacement)
    moved[::2, 0] += jumping
    moved[1::2, 0] -= jumping
    calm, jumps = (
        wall_findings(result, result.finest, NullProgress()).weighed["beside"][2]
        for result in (result_of(wall, wall.displacement), result_of(wall, moved))
    )
    inside = wall.mask[3]
    box = np.ix_(np.any(wall.mask[1:], axis=(0, 2)), np.any(wall.mask[1:], axis=(0, 1)))
    near, far = ((part & inside)[box] for part in (jumping > 0.5, jumping < 0.01))
    assert np.exp(jumps[near].astype(float)).mean() == pytest.approx(0.75, abs=0.3)
    assert np.exp(jumps[far].astype(float)).mean() < 0.2
    assert np.exp(calm[near].astype(float)).mean() < 0.2


def test_the_pace_of_the_main_course_is_what_all_points_share() -> None:
    pace = np.array([0.2, 1.0, 1.6, 1.0, -0.8, -1.4])
    shape = (64, 64)
    pattern = np.stack(np.meshgrid(np.linspace(-1, 1, 64), np.linspace(2, 0, 64)))
    flow = (pace[:, None, None, None] * pattern).astype(np.float32)
    doubt = np.full((len(pace), *shape), 0.1, np.float16)
    result = TrackingResult(
        fields=(ScaleField(Scale.FULL, flow, uncertainty=doubt),),
        mask=np.ones((len(pace) + 1, *shape), np.bool_),
        method="truth",
        target=Target.TISSUE,
        source_sha256="0",
        software_version="0",
    )
    found = wall_findings(result, result.finest, NullProgress()).weighed["course"]
    expected = np.log(np.abs(pace) / np.sqrt(np.mean(pace**2)))
    # The first and the last pair have neighbours on one side only and count as an average one.
    expected[[0, -1]] = 0.0
    np.testing.assert_allclose(found[:, 0, 0], expected, atol=1e-4)
