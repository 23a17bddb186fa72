"""What lies beside the main courses of a loop is taken out; what points really do is kept."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.registration.main_courses import along_main_courses
from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs

SIZE = (96, 128)
PAIRS = 12


def pairs_of(inside: Tensor | None = None, count: int = PAIRS) -> ImagePairs:
    """Return pairs whose pictures do not matter."""
    frames = torch.zeros(count, *SIZE)
    mask = torch.ones(count, *SIZE, dtype=torch.bool) if inside is None else inside
    return ImagePairs(frames, frames, mask, torch.device("cpu"))


def fields(count: int, seed: int) -> Tensor:
    """Return fields, ``(count, 2, *SIZE)``, with a root mean square of 1 px.

    They are so smooth that a point of the material sees the same in all pairs.
    """
    chosen = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 2, 3, 4, generator=chosen)
    smooth = torch.nn.functional.interpolate(coarse, SIZE, mode="bicubic", align_corners=True)
    return smooth / smooth.square().mean().sqrt()


def told(displacement: Tensor, expected: float) -> Motion:
    """Return a motion with an expected error, px."""
    log_scale = torch.full((len(displacement), 1, *SIZE), math.log(expected))
    return Motion(displacement, log_scale)


def size_of(displacement: Tensor) -> float:
    """Return the root mean square of a component away from the border, px."""
    return float(displacement[:, :, 12:-12, 12:-12].square().mean().sqrt())


def swinging(course: Tensor, field: Tensor) -> Tensor:
    """Return a field of a fifth of a pixel times a course through time."""
    return 0.2 * course.view(-1, 1, 1, 1) * field


@pytest.fixture
def motion() -> Tensor:
    """Return a motion along two courses, ``(12, 2, *SIZE)`` px."""
    time = torch.arange(PAIRS) / PAIRS
    first, second = fields(2, 1)
    return swinging(torch.sin(math.tau * time), first) + swinging(
        torch.cos(math.tau * time), 0.4 * second
    )


def test_errors_beside_the_courses_are_taken_out(motion: Tensor) -> None:
    # Twelve independent errors: two courses hold a sixth of their energy, and cannot lose it.
    errors = 0.02 * fields(PAIRS, 2)
    found = along_main_courses(pairs_of(), told(motion + errors, 0.06), 1.0)
    assert size_of(found.displacement - motion) < 0.6 * size_of(errors)


def test_motion_along_few_courses_stays(motion: Tensor) -> None:
    found = along_main_courses(pairs_of(), told(motion, 0.06), 1.0)
    assert size_of(found.displacement - motion) < 0.05 * size_of(motion)


def test_a_course_that_stands_out_stays_and_one_that_does_not_goes() -> None:
    time = torch.arange(PAIRS) / PAIRS
    first, second = fields(2, 3)
    second = second - (first * second).sum() / first.square().sum() * first
    main = swinging(torch.sin(math.tau * time), first)
    # Its square, summed over the pairs, is 12 times (0.08 px)^2, half of it in either component.
    late = swinging(torch.cos(math.tau * time), 0.4 * second)
    for expected, left in ((0.1, 1.0), (0.4, 0.0)):
        found = along_main_courses(pairs_of(), told(main + late, expected), 1.0)
        kept = found.displacement - main
        assert size_of(kept - left * late) < 0.2 * size_of(late), expected


def test_motion_along_many_courses_is_left_alone() -> None:
    motion = fields(PAIRS, 4)
    found = along_main_courses(pairs_of(), told(motion, 0.15), 1.0)
    assert torch.equal(found.displacement, motion)


def affine_field() -> Tensor:
    """Return a shift with a stretch and a turn, ``(2, *SIZE)``, about 1 px."""
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, side) for side in SIZE), indexing="ij")
    return torch.stack([1 + 0.5 * columns + 0.3 * rows, -0.5 - 0.2 * columns + 0.4 * rows])


def test_the_first_course_stays_however_small() -> None:
    motion = swinging(torch.ones(PAIRS), 0.02 * affine_field()[None])
    found = along_main_courses(pairs_of(), told(motion, 0.4), 1.0)
    assert size_of(found.displacement - motion) < 0.05 * size_of(motion)


def test_a_motion_that_is_affine_but_for_the_noise_becomes_affine() -> None:
    motion = swinging(torch.ones(PAIRS), affine_field()[None])
    # The same error in every pair: it lies along the motion's own course.
    errors = 0.02 * fields(1, 8)
    found = along_main_courses(pairs_of(), told(motion + errors, 0.15), 1.0).displacement
    design = torch.stack([torch.ones(SIZE), *affine_field()]).flatten(1)
    for component in found[3]:
        fitted = torch.linalg.lstsq(design.T, component.flatten()[:, None]).solution
        left = component.flatten() - (design.T @ fitted)[:, 0]
        assert float(left.square().mean().sqrt()) < 0.002
    assert size_of(found - motion) < size_of(errors)


def test_a_bend_that_stands_out_stays() -> None:
    bend = swinging(torch.full((PAIRS,), 0.3), affine_field() + 2 * fields(1, 9))
    found = along_main_courses(pairs_of(), told(bend, 0.05), 1.0).displacement
    assert size_of(found - bend) < 0.05 * size_of(bend)


@pytest.mark.parametrize("count", [1, 3])
def test_a_short_loop_is_left_alone(count: int) -> None:
    motion = fields(count, 6)
    found = along_main_courses(pairs_of(count=count), told(motion, 9.0), 1.0)
    assert torch.equal(found.displacement, motion)


def test_an_empty_mask_changes_nothing(motion: Tensor) -> None:
    empty = torch.zeros(PAIRS, *SIZE, dtype=torch.bool)
    found = along_main_courses(pairs_of(empty), told(motion, 9.0), 1.0)
    assert torch.equal(found.displacement, motion)


def test_each_stretch_of_a_long_loop_has_courses_of_its_own() -> None:
    # 60 pairs are two stretches of 30, each along one field.
    first, second = fields(2, 7)
    motion = torch.cat([(0.02 * field).expand(30, -1, -1, -1) for field in (first, second)])
    found = along_main_courses(pairs_of(count=60), told(motion, 0.1), 1.0)
    assert size_of(found.displacement - motion) < 0.05 * size_of(motion)


def test_a_cautious_look_keeps_what_may_be_motion_and_leaves_rest_alone() -> None:
    time = torch.arange(PAIRS) / PAIRS
    first, second = fields(2, 3)
    late = swinging(torch.cos(math.tau * time), 0.4 * second)
    motion = told(swinging(2 * torch.sin(math.tau * time), first) + late, 0.3)
    lost = [
        size_of(
            along_main_courses(pairs_of(), motion, 1.0, cautious=cautious).displacement
            - motion.displacement
        )
        for cautious in (False, True)
    ]
    assert lost[1] < 0.2 * size_of(late) < 0.5 * size_of(late) < lost[0]
    resting = told(0.02 * fields(PAIRS, 2), 0.06)
    found = along_main_courses(pairs_of(), resting, 1.0, cautious=True)
    assert torch.equal(found.displacement, resting.displacement)
