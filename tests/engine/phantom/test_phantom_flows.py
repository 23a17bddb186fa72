"""Analytic flows: gradients against differences, signs, displacement against velocity."""

from __future__ import annotations

import numpy as np
import pytest

from engine.phantom.flows import (
    Flow,
    LambOseen,
    SumFlow,
    affine_displacement,
    expansion,
    flow_displacement,
    pixel_places,
    pure_strain,
    shear,
    solid_body,
    uniform_drift,
)

SIZE = (40, 60)
SPACING = (0.5, 0.3)
CENTRE = (14.0, -6.0)

FLOWS: list[Flow] = [
    uniform_drift(3.0, -2.0),
    solid_body(30.0, CENTRE),
    expansion(4.0, CENTRE),
    shear(30.0, CENTRE),
    pure_strain(5.0, CENTRE),
    LambOseen(900.0, 2.5, CENTRE),
    SumFlow((LambOseen(900.0, 2.5, CENTRE), uniform_drift(5.0, 1.0), shear(2.0, (0.0, 0.0)))),
]


@pytest.mark.parametrize("flow", FLOWS)
def test_gradient_is_the_derivative_of_the_velocity(flow: Flow) -> None:
    x, y = pixel_places(SIZE, SPACING)
    step = 1e-5
    along_x = (flow.velocity(x + step, y) - flow.velocity(x - step, y)) / (2 * step)
    along_y = (flow.velocity(x, y + step) - flow.velocity(x, y - step)) / (2 * step)
    gradient = flow.gradient(x, y)
    np.testing.assert_allclose(gradient[:, 0], along_x, atol=1e-4)
    np.testing.assert_allclose(gradient[:, 1], along_y, atol=1e-4)


def test_signs_of_vorticity_and_divergence() -> None:
    x, y = pixel_places(SIZE, SPACING)

    def both(flow: Flow) -> tuple[float, float]:
        gradient = flow.gradient(x, y)
        vorticity = gradient[1, 0] - gradient[0, 1]
        divergence = gradient[0, 0] + gradient[1, 1]
        return float(vorticity.mean()), float(divergence.mean())

    assert both(solid_body(30.0, CENTRE)) == (60.0, 0.0)
    assert both(expansion(4.0, CENTRE)) == (0.0, 8.0)
    assert both(shear(30.0, CENTRE)) == (-30.0, 0.0)
    assert both(pure_strain(5.0, CENTRE)) == (0.0, 0.0)


def test_lamb_oseen_vorticity_is_its_gradients_and_integrates_to_its_circulation() -> None:
    vortex = LambOseen(-700.0, 2.0, CENTRE)
    x, y = pixel_places((400, 400), (0.1, 0.1))
    x, y = x - 6.0, y + 14.0
    gradient = vortex.gradient(x, y)
    vorticity = gradient[1, 0] - gradient[0, 1]
    np.testing.assert_allclose(vorticity, vortex.vorticity(x, y), atol=1e-6)
    assert vorticity.sum() * 0.01 == pytest.approx(-700.0, rel=1e-6)


def test_displacement_gives_the_velocity_back_by_the_contract() -> None:
    times = np.array([0.0, 0.01, 0.03])
    flow = SumFlow((solid_body(3.0, CENTRE), uniform_drift(2.0, 5.0)))
    fields = flow_displacement(flow, SIZE, SPACING, times)
    assert fields.shape == (2, 2, *SIZE)
    velocity = flow.velocity(*pixel_places(SIZE, SPACING))
    for pair, interval in enumerate(np.diff(times)):
        np.testing.assert_allclose(-fields[pair, 0] * 0.5 / interval, velocity[0], rtol=1e-4)
        np.testing.assert_allclose(fields[pair, 1] * 0.3 / interval, velocity[1], rtol=1e-4)


def test_affine_pull_back_leads_back_exactly() -> None:
    stretch = np.array([np.eye(2), [[0.9, 0.05], [0.0, 1.1]], [[0.8, 0.1], [-0.1, 1.2]]])
    fields = affine_displacement(stretch, SIZE, SPACING, CENTRE)
    x, y = pixel_places(SIZE, SPACING)
    rest = np.stack([x - CENTRE[0], y - CENTRE[1]])
    for pair in range(2):
        now = np.tensordot(np.linalg.inv(stretch[pair + 1]), rest, axes=1)
        before = np.tensordot(stretch[pair], now, axes=1)
        np.testing.assert_allclose(fields[pair, 0], (before - rest)[0] / 0.5, atol=1e-4)
        np.testing.assert_allclose(fields[pair, 1], -(before - rest)[1] / 0.3, atol=1e-4)
