"""Volumes of bodies with a closed form."""

import numpy as np
import pytest

from engine.analysis.volume import (
    biplane_volume,
    cavity_area,
    disk_diameters,
    ejection_fraction,
    single_plane_volume,
)


def ellipse(length_mm: float, width_mm: float, spacing: tuple[float, float]) -> np.ndarray:
    """A whole ellipse, begun and ended at its lower end, (x, y) px."""
    angle = np.linspace(0, 2 * np.pi, 721)
    x = 0.5 * width_mm * np.sin(angle)
    y = 0.5 * length_mm * np.cos(angle)
    return np.stack([80 + x / spacing[0], 70 + y / spacing[1]], axis=1)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.4, 0.7)])
def test_sphere_of_3_cm_by_20_disks(spacing: tuple[float, float]) -> None:
    contour = ellipse(60, 60, spacing)
    assert single_plane_volume(contour, spacing) == pytest.approx(113.24, abs=0.02)
    assert cavity_area(contour, spacing) == pytest.approx(np.pi * 900, rel=1e-3)
    diameters, length = disk_diameters(contour, spacing)
    assert length == pytest.approx(60, rel=1e-4)
    assert diameters[9] == pytest.approx(60, rel=2e-3)


def test_biplane_of_an_ellipsoid_and_its_ejection_fraction() -> None:
    spacing = (0.5, 0.4)
    a, b = ellipse(90, 50, spacing), ellipse(90, 40, spacing)
    volume, difference = biplane_volume(a, spacing, b, spacing)
    assert volume == pytest.approx(np.pi / 6 * 9 * 5 * 4, rel=2e-3)
    assert difference == pytest.approx(0, abs=1e-6)
    _, difference = biplane_volume(a, spacing, ellipse(75, 40, spacing), spacing)
    assert difference == pytest.approx(1 / 6, rel=1e-3)
    assert ejection_fraction(120, 50) == pytest.approx(70 / 120)


@pytest.mark.parametrize("tilt", [-20.0, 0.0, 15.0])
@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_a_tilted_mitral_plane_cuts_as_much_off_as_it_leaves(tilt: float, turn: float) -> None:
    # A cylinder of radius 20 and height 50 under a hemisphere; the plane goes through its axis.
    radius, height = 20.0, 50.0
    angle = np.radians(np.linspace(180, 0, 181))
    dome = np.stack([radius * np.cos(angle), height + radius * np.sin(angle)], axis=1)
    low = radius * np.tan(np.radians(tilt))
    curve = np.concatenate([[[-radius, -low]], dome, [[radius, low]]])
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    turned = curve @ np.array([[cosine, sine], [-sine, cosine]])
    exact = np.pi * radius**2 * (height + 2 * radius / 3) / 1000
    assert single_plane_volume(turned, (1.0, 1.0)) == pytest.approx(exact, rel=2e-3)
