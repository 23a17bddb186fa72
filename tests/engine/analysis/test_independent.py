"""Vorticity, areas and centres agree with other programs' within rounding."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import sum_labels
from skimage.draw import polygon2mask
from skimage.measure import label, regionprops

from engine.analysis.gradients import velocity_gradient
from engine.analysis.velocity import VelocityField
from engine.analysis.volume import cavity_area
from engine.analysis.vortex import find_vortices
from engine.phantom.flows import LambOseen, SumFlow, pixel_places, uniform_drift

SHAPE, SPACING_MM = (70, 90), (0.4, 0.3)
PIXEL_CM = (0.04, 0.03)


@pytest.fixture(scope="module")
def field() -> VelocityField:
    """Two vortices in a stream, cm/s."""
    flow = SumFlow(
        (
            uniform_drift(12.0, -7.0),
            LambOseen(900.0, 3.0, (11.0, -10.5)),
            LambOseen(-700.0, 2.6, (25.0, -11.0)),
        )
    )
    velocity = 0.1 * flow.velocity(*pixel_places(SHAPE, SPACING_MM))
    return VelocityField(velocity[None].astype(np.float32), "cm/s", PIXEL_CM, (1.0, 1.0))


def inner(values: np.ndarray) -> np.ndarray:
    """Leave out the border, where stencils differ."""
    return values[1:-1, 1:-1]


def test_vorticity_is_that_of_numpy(field: VelocityField) -> None:
    mine = velocity_gradient(field, 0, np.ones(SHAPE, dtype=bool), half_width=1).vorticity
    u, v = field.values[0].astype(np.float64)
    theirs = np.gradient(v, PIXEL_CM[0], axis=1) + np.gradient(u, PIXEL_CM[1], axis=0)
    assert inner(mine) == pytest.approx(inner(theirs), rel=1e-6, abs=1e-6)


def test_vorticity_is_that_of_vtk(field: VelocityField) -> None:
    """VTK 9's gradient filter; y is turned up as its grids have it."""
    modules = [
        pytest.importorskip(f"vtkmodules.{name}", reason="vtk is not installed: pip install vtk")
        for name in ("util.numpy_support", "vtkCommonDataModel", "vtkFiltersGeneral")
    ]
    support, data, filters = modules
    upright = field.values[0][:, ::-1].astype(np.float64)
    vectors = np.stack([*upright, np.zeros(SHAPE)], axis=-1).reshape(-1, 3)
    grid = data.vtkImageData()
    grid.SetDimensions(SHAPE[1], SHAPE[0], 1)
    grid.SetSpacing(*PIXEL_CM, 1.0)
    array = support.numpy_to_vtk(vectors, deep=True)
    array.SetName("velocity")
    grid.GetPointData().AddArray(array)
    grid.GetPointData().SetActiveVectors("velocity")
    derive = filters.vtkGradientFilter()
    derive.SetInputData(grid)
    derive.SetInputScalars(0, "velocity")
    derive.ComputeVorticityOn()
    derive.ComputeDivergenceOn()
    derive.Update()
    points = derive.GetOutput().GetPointData()
    mine = velocity_gradient(field, 0, np.ones(SHAPE, dtype=bool), half_width=1)
    for name, ours in (("Vorticity", mine.vorticity), ("Divergence", mine.divergence)):
        found = support.vtk_to_numpy(points.GetArray(name)).reshape(*SHAPE, -1)[::-1, :, -1]
        assert inner(ours) == pytest.approx(inner(found), rel=1e-5, abs=1e-5)


def test_area_and_place_of_vortices_are_those_of_scikit_image(field: VelocityField) -> None:
    found = find_vortices(field, 0, np.ones(SHAPE, dtype=bool))
    assert len(found) == 2
    vorticity = velocity_gradient(field, 0, np.ones(SHAPE, dtype=bool)).vorticity
    for vortex in found:
        (region,) = regionprops(label(vortex.region))
        assert vortex.area_px == region.area
        row, column = region.centroid
        assert np.hypot(vortex.centre[0] - column, vortex.centre[1] - row) < 1.0
        circulation = sum_labels(vorticity, vortex.region) * np.prod(PIXEL_CM)
        assert vortex.circulation == pytest.approx(circulation, rel=1e-6)


def test_area_within_a_contour_is_that_of_scikit_image() -> None:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 150 + 25 * np.cos(3 * angle)
    contour = np.stack([210 + radius * np.cos(angle), 200 + radius * np.sin(angle)], axis=1)
    pixels = polygon2mask((420, 420), contour[:, ::-1]).sum()
    assert cavity_area(contour, None) == pytest.approx(pixels, rel=1e-3)
    assert cavity_area(contour, SPACING_MM) == pytest.approx(0.12 * pixels, rel=1e-3)
