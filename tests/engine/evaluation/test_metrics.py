"""Metrics against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.evaluation.metrics import (
    carry_points,
    compose,
    derivative_error,
    endpoint_error,
    recovered_amplitude,
    round_trip_error,
    segment_strains,
)

SIZE = (40, 48)


def _field(ux: object, uy: object) -> NDArray[np.float32]:
    return np.stack([np.broadcast_to(ux, SIZE), np.broadcast_to(uy, SIZE)]).astype(np.float32)


def _everywhere(pairs: int = 1) -> NDArray[np.bool_]:
    return np.ones((pairs, *SIZE), bool)


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = np.indices(SIZE, float)
    return columns - 24, rows - 20


def test_endpoint_error_of_a_constant_offset_is_its_length() -> None:
    error = endpoint_error(_field(3.0, 4.0)[None], _field(0.0, 0.0)[None], _everywhere())
    assert error.mean == pytest.approx(5)
    assert error.p95 == pytest.approx(5)


def test_expansion_rotation_and_shear_have_their_closed_forms() -> None:
    x, y = _grid()
    still = _field(0.0, 0.0)[None]
    # Tissue expands by s a frame: the pull-back is p / (1 + s) - p.
    s = 0.02
    shrink = 1 / (1 + s) - 1
    expansion = derivative_error(_field(shrink * x, shrink * y)[None], still, _everywhere())
    green = ((1 + s) ** 2 - 1) / 2
    # Two of the three components carry it.
    assert expansion.strain == pytest.approx(100 * green * np.sqrt(2 / 3), rel=1e-4)
    assert expansion.divergence == pytest.approx(-2 * shrink, rel=1e-4)
    assert expansion.vorticity == pytest.approx(0, abs=1e-6)
    angle = 0.05
    ux = (np.cos(angle) - 1) * x - np.sin(angle) * y
    uy = np.sin(angle) * x + (np.cos(angle) - 1) * y
    rotation = derivative_error(_field(ux, uy)[None], still, _everywhere())
    assert rotation.strain == pytest.approx(0, abs=1e-4)
    assert rotation.vorticity == pytest.approx(2 * np.sin(angle), rel=1e-4)
    drift = derivative_error(_field(2.0, -1.0)[None], still, _everywhere())
    assert (drift.strain, drift.vorticity, drift.divergence) == (0, 0, 0)


def test_recovered_amplitude_is_the_share_of_a_sinusoid_and_ignores_drift() -> None:
    x, _ = _grid()
    truth = _field(np.sin(2 * np.pi * x / 16), 0.0)[None]
    assert recovered_amplitude(0.7 * truth + 3, truth, _everywhere()) == pytest.approx(0.7)
    assert np.isnan(recovered_amplitude(truth, _field(1.0, 0.0)[None], _everywhere()))


def test_points_carried_through_a_rotation_stay_on_their_circle() -> None:
    x, y = _grid()
    angle = np.deg2rad(3)
    # Points turn by +angle a frame; the pull-back turns by -angle.
    ux = (np.cos(angle) - 1) * x + np.sin(angle) * y
    uy = -np.sin(angle) * x + (np.cos(angle) - 1) * y
    paths = carry_points(np.repeat(_field(ux, uy)[None], 10, axis=0), np.array([[34.0, 20.0]]))
    turned = np.deg2rad(30)
    expected = (24 + 10 * np.cos(turned), 20 + 10 * np.sin(turned))
    np.testing.assert_allclose(paths[-1][0], expected, atol=1e-3)


def test_there_and_back_is_nothing() -> None:
    forward, backward = _field(1.5, -2.0), _field(-1.5, 2.0)
    np.testing.assert_allclose(compose(forward, backward), 0, atol=1e-6)
    assert round_trip_error(forward[None], forward[None], _everywhere()) == pytest.approx(5)


@pytest.mark.parametrize("closed", [False, True])
def test_every_segment_of_a_scaled_contour_has_the_same_strain(closed: bool) -> None:
    angle = np.linspace(0, 2 * np.pi if closed else np.pi, 120, endpoint=not closed)
    contour = 30 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    strains = segment_strains(contour, 0.8 * contour, 6, closed=closed)
    np.testing.assert_allclose(strains, -20, atol=1e-9)


def test_one_shortened_segment_is_found_where_it_is() -> None:
    start = np.stack([np.linspace(0, 60, 121), np.zeros(121)], axis=1)
    end = start.copy()
    # The second of six segments (10 to 20 px) shortens by one tenth.
    end[:, 0] = np.interp(start[:, 0], [0, 10, 20, 60], [0, 10, 19, 59])
    strains = segment_strains(start, end, 6, closed=False)
    np.testing.assert_allclose(strains, [0, -10, 0, 0, 0, 0], atol=1e-9)
