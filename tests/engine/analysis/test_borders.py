"""Contours of every frame give back the in-and-out motion that tracking lost."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis import strain
from engine.analysis.band import Band, track_band
from engine.analysis.borders import BorderGain, follow_borders
from engine.analysis.sampling import LoopSampler
from engine.model import Contours

SHAPE = (120, 130)
CENTRE = np.array([64.0, 58.0])
STEPS = 10
INNER, OUTER = 24.0, 38.0
SHORTENING = 0.8
LOST = 0.8


def scale(frame: int) -> float:
    """How far the true wall has contracted at a frame: to 0.8 and back."""
    return 1.0 - (1.0 - SHORTENING) * np.sin(np.pi * frame / STEPS) ** 2


def tracked_scale(frame: int) -> float:
    """The same, as a tracking finds it that loses a fifth of the motion."""
    return 1.0 - LOST * (1.0 - scale(frame))


def tracked(*, closed: bool) -> Band:
    """Return the sheet of a wall whose tracking loses a fifth of the motion."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    grid = np.stack([columns, rows])
    centre = CENTRE.reshape(2, 1, 1)
    fields = [
        (tracked_scale(k) / tracked_scale(k + 1) - 1.0) * (grid - centre) for k in range(STEPS)
    ]
    mask = np.ones((STEPS + 1, *SHAPE), dtype=bool)
    loop = LoopSampler(np.array(fields, dtype=np.float32), mask)
    return track_band(loop, contours(closed=closed), 0)


@pytest.fixture(scope="module")
def band() -> Band:
    return tracked(closed=False)


def contours(*, closed: bool, moving: bool = True, jitter: float = 0.0) -> Contours:
    if closed:
        angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    else:
        angle = np.linspace(np.pi * 0.9, 2.1 * np.pi, 71)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    sizes = [scale(k) if moving else 1.0 for k in range(STEPS + 1)]
    rng = np.random.default_rng(4)
    off = jitter * rng.normal(size=(2, STEPS + 1, 1, 2))
    off[:, 0] = 0.0
    curves = [
        np.array([CENTRE + radius * size * unit for size in sizes]) + shift
        for radius, shift in zip((INNER, OUTER), off, strict=True)
    ]
    return Contours(*(curve.astype(np.float32) for curve in curves), closed=closed)


def peak(band: Band) -> list[float]:
    lengths = [
        strain.contour_lengths(band, layer, None, [strain.WHOLE])[:, 0] for layer in strain.LAYERS
    ]
    thick = strain.thickness(band, None, [strain.WHOLE])[:, 0]
    return [float(strain.lagrangian(values, 0)[STEPS // 2]) for values in (*lengths, thick)]


def test_what_tracking_lost_is_given_back(band: Band) -> None:
    """Shortening of all layers and of the wall, 16 % as tracked, is the true 20 %."""
    assert peak(band) == pytest.approx([-LOST * 0.2] * 4, abs=2e-3)
    moved, gain = follow_borders(band, contours(closed=False), STEPS)
    assert gain.endocardial == pytest.approx(1 / LOST, rel=0.01)
    assert gain.epicardial == pytest.approx(1 / LOST, rel=0.01)
    found = peak(moved)
    # The midwall is moved by half of what the inner border is.
    assert found == pytest.approx([-0.2, found[1], -0.2, -0.2], abs=6e-3)
    assert -0.201 < found[1] < peak(band)[1]


def test_contours_that_jump_from_frame_to_frame_count_in_the_mean(band: Band) -> None:
    _, gain = follow_borders(band, contours(closed=False, jitter=0.5), STEPS)
    assert gain.endocardial == pytest.approx(1 / LOST, rel=0.12)


def test_contours_of_one_frame_change_nothing(band: Band) -> None:
    still = contours(closed=False, moving=False)
    moved, gain = follow_borders(band, still, STEPS)
    assert gain == BorderGain()
    assert peak(moved) == pytest.approx(peak(band), abs=1e-3)
    one = Contours(still.endocardial, closed=still.closed)
    assert follow_borders(band, one, STEPS) == (band, BorderGain())


def test_contours_without_a_curve_in_some_frames_are_passed_over(band: Band) -> None:
    given = contours(closed=False)
    endocardial = np.array(given.endocardial)
    endocardial[3:6] = np.nan
    endocardial[7] = CENTRE
    holed = Contours(endocardial, given.epicardial, closed=given.closed)
    _, gain = follow_borders(band, holed, STEPS)
    assert gain.endocardial == pytest.approx(1 / LOST, rel=0.03)


def test_layers_of_a_ring_share_its_area_whatever_the_contours_tell() -> None:
    """Every layer is tracked inwards by 8 px, which leaves the outer ones too much area."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    arm = np.stack([columns, rows]) - CENTRE.reshape(2, 1, 1)
    field = 0.8 * arm / np.maximum(np.hypot(*arm), 1.0)
    mask = np.ones((STEPS + 1, *SHAPE), dtype=bool)
    loop = LoopSampler(np.repeat(field[None], STEPS, axis=0).astype(np.float32), mask)
    ring = track_band(loop, contours(closed=True, moving=False), 0)
    moved, gain = follow_borders(ring, contours(closed=True), STEPS)
    assert gain == BorderGain()
    halfway = 0.5 * (INNER + OUTER)
    as_before = (halfway**2 - INNER**2) / (OUTER**2 - INNER**2)
    for band, expected in ((ring, None), (moved, as_before)):
        inner, middle, outer = (
            np.hypot(*(band.curve(w)[STEPS] - CENTRE).T).mean() for w in (0.0, 0.5, 1.0)
        )
        assert (inner, outer) == pytest.approx((INNER - 8.0, OUTER - 8.0), abs=0.1)
        share = (middle**2 - inner**2) / (outer**2 - inner**2)
        if expected is None:
            assert share < as_before - 0.015
        else:
            assert share == pytest.approx(expected, abs=0.002)
