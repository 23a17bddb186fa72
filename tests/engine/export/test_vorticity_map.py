"""One map of vorticity in the window and on paper."""

from __future__ import annotations

import numpy as np
import pytest

from app.flow_view import make_flow_view
from engine.analysis.gradients import velocity_gradient
from engine.analysis.velocity import velocity_field
from engine.export.vorticity_map import cover, stencil
from engine.model import Scale, ScaleField


def test_the_stencil_is_as_long_in_px_at_every_sampling() -> None:
    assert [stencil(stride) * stride for stride in (1, 2, 3, 6)] == [6, 6, 6, 6]
    assert stencil(40) == 1


def test_the_map_covers_by_strength_and_not_where_nothing_turns() -> None:
    values = np.array([np.nan, 0.0, 0.1, -0.225, 0.9])
    np.testing.assert_allclose(cover(values, 0.5), [0, 0, 0.444, 1, 1], atol=1e-3)


def test_a_lamb_oseen_vortex_looks_alike_sampled_and_whole() -> None:
    y, x = np.mgrid[0:120, 0:120] - 60.0
    turn = (1 - np.exp(-(x**2 + y**2) / 200.0)) / np.maximum(x**2 + y**2, 1e-9) * 60
    field = np.stack([y * turn, -x * turn])[None].astype(np.float32)
    mask = np.ones((2, 120, 120), bool)
    view = make_flow_view(ScaleField(Scale.FULL, field), mask, None, None)
    sampled = view.vorticity(1, 3)
    velocity = velocity_field(field, None, None)
    whole = velocity_gradient(velocity, 0, mask[1], stencil(1)).vorticity[1::3, 1::3]
    assert sampled is not None
    assert np.abs(sampled - whole).max() < 0.03 * np.abs(whole).max()
    assert np.abs(whole).max() == pytest.approx(0.6, rel=0.03), "2 * 60 / 200"
