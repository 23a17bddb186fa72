"""Pressure of flows with a closed form."""

import numpy as np
import pytest

from engine.analysis.pressure import PASCAL_PER_MMHG, pressure_gradient, relative_pressure

PIXEL = (0.4e-3, 0.3e-3)


def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:60, :70].astype(float)
    x, y = (columns - 35) * PIXEL[0], -(rows - 30) * PIXEL[1]
    return x, y, np.hypot(columns - 35, rows - 30) < 25


def test_solid_body_rotation_has_a_parabolic_pressure() -> None:
    x, y, mask = grid()
    rate = 40.0
    velocity = np.stack([-rate * y, rate * x])
    slope = pressure_gradient(
        velocity, np.zeros_like(velocity), mask, PIXEL, density_kg_m3=1060, viscosity_pa_s=0.004
    )
    pressure = relative_pressure(slope, mask, PIXEL)
    exact = 0.5 * 1060 * rate**2 * (x**2 + y**2) / PASCAL_PER_MMHG
    exact -= exact[mask].mean()
    assert np.abs(pressure - exact)[mask].max() < 0.01 * np.ptp(exact[mask])


def test_accelerated_column_has_a_linear_pressure() -> None:
    _, y, mask = grid()
    velocity = np.zeros((2, *mask.shape))
    change = np.stack([np.zeros(mask.shape), np.full(mask.shape, 5.0)])
    slope = pressure_gradient(
        velocity, change, mask, PIXEL, density_kg_m3=1060, viscosity_pa_s=0.004
    )
    pressure = relative_pressure(slope, mask, PIXEL)
    fitted = np.polyfit(y[mask], pressure[mask], 1)[0]
    assert fitted == pytest.approx(-1060 * 5.0 / PASCAL_PER_MMHG, rel=1e-3)
