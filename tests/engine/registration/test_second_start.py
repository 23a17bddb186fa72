"""The second start: a search finds a far shift, and the better fit stays where they differ."""

from __future__ import annotations

import torch
from torch.nn import functional

from engine.registration.network import MotionEstimate
from engine.registration.second_start import better_of, searched_start

SIZE = (120, 160)


def shifted_pair(shift: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a fixed picture and a moving one whose content lies ``shift`` px further left."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 1, SIZE[0], SIZE[1] + shift, generator=generator)
    smooth = functional.avg_pool2d(noise, 5, 1, 2)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return smooth[..., : SIZE[1]], smooth[..., shift:]


def constant(x: float) -> MotionEstimate:
    """Return a displacement along x with an expected error of 1 px."""
    field = torch.zeros(1, 2, *SIZE)
    field[:, 0] = x
    return MotionEstimate(field, torch.zeros(1, 1, *SIZE))


def test_the_search_points_from_fixed_to_moving() -> None:
    fixed, moving = shifted_pair(6)
    start = searched_start(fixed, moving, (60, 80))
    inner = start.displacement[..., 15:-15, 15:-15]
    # fixed(p) = moving(p - 6): six px of the searched grid are three of the result's.
    assert abs(float(inner[:, 0].median()) + 3) < 0.2
    assert abs(float(inner[:, 1].median())) < 0.2


def test_the_better_fit_stays() -> None:
    fixed, moving = shifted_pair(6)
    right, wrong = constant(-6), constant(0)
    inner = (..., slice(20, -20), slice(20, -20))
    replaced = better_of(fixed, moving, wrong, right).displacement[inner]
    torch.testing.assert_close(replaced, right.displacement[inner])
    kept = better_of(fixed, moving, right, wrong).displacement[inner]
    torch.testing.assert_close(kept, right.displacement[inner])


def test_starts_that_agree_change_nothing() -> None:
    fixed, moving = shifted_pair(6)
    own, close = constant(-6), constant(-6.2)
    assert torch.equal(better_of(fixed, moving, own, close).displacement, own.displacement)


def test_what_gains_too_little_stays_out() -> None:
    fixed, moving = shifted_pair(6)
    wrong, right = constant(0), constant(-6)
    found = better_of(fixed, moving, wrong, right, least_gain=1.5)
    assert torch.equal(found.displacement, wrong.displacement)


def test_every_pair_is_judged_by_itself() -> None:
    fixed, moving = shifted_pair(6)
    pairs = torch.cat([fixed, fixed]), torch.cat([moving, fixed])
    still = MotionEstimate(torch.zeros(2, 2, *SIZE), torch.zeros(2, 1, *SIZE))
    shifted = MotionEstimate(constant(-6).displacement.repeat(2, 1, 1, 1), still.log_scale)
    found = better_of(*pairs, still, shifted).displacement[..., 20:-20, 20:-20]
    assert torch.allclose(found[0, 0], torch.tensor(-6.0))
    assert float(found[1].abs().max()) == 0
