"""What all pairs leave over alike is found from the loop; what shares no course is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom
from engine.registration.course_paths import followed_back, shared_courses
from engine.registration.course_size import missing_motion
from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs
from engine.registration.shared_course import along_shared_courses

SIZE = (144, 192)


@pytest.fixture(scope="module")
def wall() -> Phantom:
    """Return the systole of a ring."""
    kind = PhantomKind.SHORT_AXIS
    return make_phantom(PhantomConfig(kind=kind, size=SIZE, frames=13, cycle_frames=32, seed=3))


def pairs_of(phantom: Phantom, gain: Tensor | None = None) -> ImagePairs:
    """Return the pairs of a phantom, each frame times a gain if given."""
    frames = torch.from_numpy(np.array(phantom.cine.frames)).float() / 255
    if gain is not None:
        frames = frames * gain.view(-1, 1, 1)
    mask = torch.from_numpy(np.array(phantom.mask))
    return ImagePairs(frames[1:], frames[:-1], mask[1:], torch.device("cpu"))


def scaled_truth(phantom: Phantom, factor: float, expected: float = 0.1) -> Motion:
    """Return the true motion times a factor, with an expected error in px."""
    pairs = len(phantom.cine.frames) - 1
    displacement = torch.from_numpy(np.array(phantom.displacement[:pairs])) * factor
    log_scale = torch.full((pairs, 1, *SIZE), math.log(expected))
    return Motion(displacement, log_scale)


def mean_error(phantom: Phantom, motion: Motion) -> float:
    """Return the mean endpoint error in the mask, px."""
    truth = phantom.displacement[: len(motion.displacement)]
    error = np.hypot(*(motion.displacement.numpy() - truth).swapaxes(0, 1))
    return float(error[phantom.mask[1:]].mean())


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_an_error_of_every_pair_is_found(wall: Phantom, factor: float) -> None:
    start = scaled_truth(wall, factor)
    found = along_shared_courses(pairs_of(wall), start, 1.0)
    assert mean_error(wall, found) < 0.8 * mean_error(wall, start)


def test_the_truth_stays_nearly_where_it_is(wall: Phantom) -> None:
    found = along_shared_courses(pairs_of(wall), scaled_truth(wall, 1.0), 1.0)
    motion = np.hypot(*wall.displacement[:12].swapaxes(0, 1))[wall.mask[1:]].mean()
    assert mean_error(wall, found) < 0.05 * motion


def test_a_rising_gain_is_no_motion(wall: Phantom) -> None:
    start = scaled_truth(wall, 1.0)
    gain = torch.linspace(0.7, 1.0, len(wall.cine.frames))
    steady = along_shared_courses(pairs_of(wall), start, 1.0)
    rising = along_shared_courses(pairs_of(wall, gain), start, 1.0)
    difference = (rising.displacement - steady.displacement).abs().amax()
    assert float(difference) < 0.01


def test_what_is_not_believed_is_not_looked_at(wall: Phantom) -> None:
    start = scaled_truth(wall, 0.9, expected=3.0)
    found = along_shared_courses(pairs_of(wall), start, 1.0)
    assert torch.allclose(found.displacement, start.displacement, atol=1e-5)


def test_a_short_loop_and_one_without_expected_errors_stay(wall: Phantom) -> None:
    whole = scaled_truth(wall, 0.9)
    pairs = pairs_of(wall)
    untold = Motion(whole.displacement)
    assert along_shared_courses(pairs, untold, 1.0) is untold
    few = ImagePairs(pairs.fixed[:3], pairs.moving[:3], pairs.mask[:3], pairs.device)
    short = whole.batch(range(3))
    assert along_shared_courses(few, short, 1.0) is short


def test_points_that_share_no_course_stay(wall: Phantom) -> None:
    generator = torch.Generator().manual_seed(0)
    start = scaled_truth(wall, 1.0)
    wild = torch.randn(12, 2, 4, 4, generator=generator)
    wild = torch.nn.functional.interpolate(wild, SIZE, mode="bicubic", align_corners=False)
    motion = Motion(wild, start.log_scale)
    found = along_shared_courses(pairs_of(wall), motion, 1.0)
    assert torch.equal(found.displacement, wild)


def test_nothing_moves_and_nothing_shows(wall: Phantom) -> None:
    blank = torch.zeros(13, *SIZE)
    pairs = ImagePairs(blank[1:], blank[:-1], torch.ones(12, *SIZE) > 0, torch.device("cpu"))
    still = Motion(torch.zeros(12, 2, *SIZE), torch.zeros(12, 1, *SIZE) - 2)
    found = along_shared_courses(pairs, still, 1.0)
    assert torch.equal(found.displacement, still.displacement)
    moving = scaled_truth(wall, 1.0)
    unseen = along_shared_courses(pairs, moving, 1.0)
    assert torch.allclose(unseen.displacement, moving.displacement, atol=1e-3)


@pytest.mark.parametrize("factor", [0.6, 0.8])
def test_motion_of_which_much_is_missing_gets_its_size_back(wall: Phantom, factor: float) -> None:
    motion = scaled_truth(wall, factor)
    points = followed_back(pairs_of(wall), motion, range(12), 1.0)
    missing = missing_motion(points, first=True)
    assert missing is not None
    courses, fields = missing
    assert courses.shape == (13, len(fields))
    found = shared_courses(points.moved)
    assert found is not None
    size = fields.square().sum(1)[:, points.inside].mean().sqrt() / found.sizes[0]
    # A step is linear in the way, so it goes part of a long one, and never beyond it.
    assert 0.5 < float(size) / (1 / factor - 1) < 1.1
    told = along_shared_courses(pairs_of(wall), motion, 1.0)
    assert mean_error(wall, told) < 0.5 * mean_error(wall, motion)


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_whole_motion_is_not_made_larger(wall: Phantom, factor: float) -> None:
    points = followed_back(pairs_of(wall), scaled_truth(wall, factor), range(12), 1.0)
    assert missing_motion(points, first=True) is None


def test_motion_without_a_shared_course_has_no_size(wall: Phantom) -> None:
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=(12, 2, 500))).float()
    assert shared_courses(noise) is None


def test_courses_and_what_moves_along_them_give_the_motion_back(wall: Phantom) -> None:
    points = followed_back(pairs_of(wall), scaled_truth(wall, 1.0), range(12), 1.0)
    courses = shared_courses(points.moved)
    assert courses is not None
    rates = courses.positions[:-1] - courses.positions[1:]
    again = torch.einsum("nr,rcp->ncp", rates, courses.moved)
    left = (again - points.moved).square().sum() / points.moved.square().sum()
    assert float(left) < 0.05
    assert float(rates.square().mean(0)[0]) == pytest.approx(1.0, rel=1e-4)
