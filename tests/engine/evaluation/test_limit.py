"""The oracle: no noise leaves no spread, a coarse grid averages noise and misses fine motion."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.limit import best_limit, oracle_limits
from engine.phantom import Phantom, PhantomConfig, make_phantom


def _phantom(kind: str, **settings: float) -> Phantom:
    return make_phantom(
        PhantomConfig(kind=kind, size=(128, 160), frames=3, cycle_frames=32, **settings)  # type: ignore[arg-type]
    )


def test_without_noise_the_oracle_stays_at_the_truth() -> None:
    clean = _phantom("none", decorrelation=0.0, noise=0.0, clutter=0.0)
    (limit,) = oracle_limits(clean, (0, 1), (32,))
    assert limit.spread < 1e-6
    assert limit.bias < 1e-6


def test_a_coarse_grid_averages_noise_and_misses_fine_motion() -> None:
    noisy = _phantom("sinusoid", wavelength_px=32.0)
    fine, coarse = oracle_limits(noisy, (0,), (8, 48))
    assert coarse.spread < 0.5 * fine.spread
    assert fine.bias < 0.1 * coarse.bias
    assert best_limit((fine, coarse)).total == min(fine.total, coarse.total)


def test_a_uniform_shift_has_no_bias_on_any_grid() -> None:
    rigid = _phantom("rigid", amplitude=0.5)
    motion = np.hypot(*rigid.displacement[0])[rigid.mask[1]].mean()
    (limit,) = oracle_limits(rigid, (0,), (48,))
    assert limit.bias < 0.05 * motion
    assert limit.total == pytest.approx(np.hypot(limit.spread, limit.bias))
