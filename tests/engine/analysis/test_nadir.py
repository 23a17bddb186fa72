"""End-systole by the largest shortening: only where the loop shows that it was the largest."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.events import LOOP_START, STRAIN_NADIR, HeartCycle
from engine.cycle import UNKNOWN


def _cycle(end: int | None) -> HeartCycle:
    return HeartCycle(0, LOOP_START, None, UNKNOWN, end, UNKNOWN, None, UNKNOWN)


def test_the_largest_shortening_within_the_beat_is_end_systole() -> None:
    strain = -np.sin(np.linspace(0, np.pi, 21))
    cycle = _cycle(20).with_nadir(strain)
    assert cycle.end_systole == 10
    assert cycle.end_systole_origin == STRAIN_NADIR


@pytest.mark.parametrize("strain", [np.linspace(0, -0.2, 12), np.linspace(0, 0.2, 12)])
def test_a_wall_that_still_shortens_or_only_lengthens_shows_none(strain: np.ndarray) -> None:
    assert _cycle(None).with_nadir(strain).end_systole is None
