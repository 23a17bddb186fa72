"""Folds go, and what does not fold stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.registration.known_motion import smooth_motion
from engine.registration.unfold import unfolded
from engine.registration.warp import folding_fraction


@pytest.mark.parametrize("seed", range(6))
def test_nothing_folds_afterwards(seed: int) -> None:
    random = np.random.default_rng(seed)
    field = torch.cat([smooth_motion(random, (70, 90), 8, length) for length in (6, 12, 30)])
    assert folding_fraction(field).max() > 0.01
    assert folding_fraction(unfolded(field)).max() == 0


def test_what_does_not_fold_stays_to_the_last_digit() -> None:
    field = smooth_motion(np.random.default_rng(0), (60, 80), 2, 25)
    assert folding_fraction(field).max() == 0
    assert unfolded(field) is field
    with_seam = torch.cat([field, field])
    with_seam[1, 0, 20:24, 30:34] -= 12
    found = unfolded(with_seam)
    assert torch.equal(found[0], field[0])
    assert torch.equal(found[1, :, 45:, 55:], field[0, :, 45:, 55:])
    assert folding_fraction(found).max() == 0
    assert with_seam[1, 0, 21, 31] == field[0, 0, 21, 31] - 12
