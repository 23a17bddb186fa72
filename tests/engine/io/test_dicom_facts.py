"""Calibration, frame times, R waves and view as the DICOM standard words them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from engine.io.calibration import calibrate
from engine.io.dicom_facts import frame_times, heart_rate, r_times, view_hint
from engine.model import Cine

Read = Callable[..., Cine]
SIZE = (640, 480)


def region(**changes: float) -> Dataset:
    """Return a 2D tissue region of 0.3 by 0.2 mm, with changes."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 10, 20
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = 609, 459
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.03, 0.02
    for name, value in changes.items():
        setattr(item, name, value)
    return item


def with_regions(*regions: Dataset) -> Dataset:
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = list(regions)
    return dataset


def test_a_2d_region_gives_spacing_x_then_y_and_its_box() -> None:
    found = calibrate(with_regions(region()), *SIZE)
    assert found.spacing_mm == pytest.approx((0.3, 0.2))
    assert found.region == (10, 20, 610, 460)
    assert not found.warnings


def test_the_first_region_is_passed_over_where_it_is_no_2d_image() -> None:
    doppler = region(RegionSpatialFormat=3, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=7)
    m_mode = region(RegionSpatialFormat=2, PhysicalUnitsXDirection=4, PhysicalDeltaX=0.001)
    found = calibrate(with_regions(doppler, m_mode, region(PhysicalDeltaX=0.05)), *SIZE)
    assert found.spacing_mm == pytest.approx((0.5, 0.2))


def test_high_priority_then_tissue_wins_and_differing_sizes_warn() -> None:
    low = region(RegionFlags=1, PhysicalDeltaX=0.01)
    colour = region(RegionDataType=2, PhysicalDeltaX=0.04)
    found = calibrate(with_regions(low, colour, region()), *SIZE)
    assert found.spacing_mm == pytest.approx((0.3, 0.2))
    assert any("different pixel size" in item for item in found.warnings)


@pytest.mark.parametrize(
    "changes",
    [
        {"RegionLocationMaxX1": 641},
        {"RegionLocationMaxY1": 500},
        {"RegionLocationMaxX1": 10},
        {"RegionLocationMinY0": 470},
    ],
)
def test_a_box_that_leaves_the_image_is_refused(changes: dict[str, float]) -> None:
    found = calibrate(with_regions(region(**changes)), *SIZE)
    assert found.spacing_mm is None
    assert found.region is None
    assert "refused" in found.origin
    assert any("--spacing-mm" in item for item in found.warnings)


def test_a_box_that_ends_at_the_image_size_is_inside() -> None:
    found = calibrate(with_regions(region(RegionLocationMaxX1=640, RegionLocationMaxY1=480)), *SIZE)
    assert found.region == (10, 20, 640, 480)


@pytest.mark.parametrize(
    "changes",
    [
        {"PhysicalDeltaX": 0.0},
        {"PhysicalDeltaY": float("nan")},
        {"PhysicalDeltaX": 25.0},
        {"PhysicalUnitsYDirection": 4},
        {"RegionSpatialFormat": 5},
    ],
)
def test_regions_without_a_usable_pixel_size_are_refused(changes: dict[str, float]) -> None:
    found = calibrate(with_regions(region(**changes)), *SIZE)
    assert found.spacing_mm is None
    assert found.warnings


def test_negative_deltas_give_their_size_and_a_warning() -> None:
    found = calibrate(with_regions(region(PhysicalDeltaY=-0.02)), *SIZE)
    assert found.spacing_mm == pytest.approx((0.3, 0.2))
    assert any("backwards" in item for item in found.warnings)


def test_pixel_spacing_is_row_then_column_and_only_without_regions() -> None:
    dataset = Dataset()
    dataset.PixelSpacing = ["0.4", "0.25"]
    found = calibrate(dataset, *SIZE)
    assert found.spacing_mm == pytest.approx((0.25, 0.4))
    assert "Pixel Spacing" in found.origin
    assert found.warnings
    dataset.SequenceOfUltrasoundRegions = [region(RegionLocationMaxX1=9000)]
    assert calibrate(dataset, *SIZE).spacing_mm is None


@pytest.mark.parametrize("values", [["1", "1"], ["0", "0.3"], ["-1", "0.3"], ["50", "50"]])
def test_placeholders_in_pixel_spacing_are_refused(values: list[str]) -> None:
    dataset = Dataset()
    dataset.PixelSpacing = values
    assert calibrate(dataset, *SIZE).spacing_mm is None


def test_without_any_calibration_there_is_no_spacing() -> None:
    found = calibrate(Dataset(), *SIZE)
    assert found.spacing_mm is None
    assert "no ultrasound region" in found.origin


def test_frame_time_vector_and_pointer() -> None:
    dataset = Dataset()
    dataset.FrameTime = "40"
    dataset.FrameTimeVector = ["0", "10", "20", "30"]
    dataset.FrameIncrementPointer = Tag(0x00181065)
    found = frame_times(dataset, 4)
    np.testing.assert_allclose(found.times_s, [0, 0.01, 0.03, 0.06])
    assert "Vector" in found.origin
    dataset.FrameIncrementPointer = Tag(0x00181063)
    np.testing.assert_allclose(frame_times(dataset, 4).times_s, np.arange(4) * 0.04)


@pytest.mark.parametrize(
    "vector", [["0", "10"], ["0", "10", "-5", "10"], ["0", "0", "0", "0"], [], ["0"] + ["1"] * 9]
)
def test_a_vector_that_does_not_fit_is_not_used(vector: list[str]) -> None:
    dataset = Dataset()
    dataset.FrameTimeVector = vector
    dataset.FrameTime = "25"
    dataset.FrameIncrementPointer = Tag(0x00181065)
    found = frame_times(dataset, 4)
    np.testing.assert_allclose(found.times_s, np.arange(4) * 0.025)
    assert any("Vector" in item for item in found.warnings)


def test_a_vector_without_its_leading_zero_is_understood() -> None:
    dataset = Dataset()
    dataset.FrameTimeVector = ["10", "20", "30"]
    np.testing.assert_allclose(frame_times(dataset, 4).times_s, [0, 0.01, 0.03, 0.06])


@pytest.mark.parametrize("name", ["CineRate", "RecommendedDisplayFrameRate"])
def test_whole_numbered_rates_are_a_fall_back_that_warns(name: str) -> None:
    dataset = Dataset()
    setattr(dataset, name, 50)
    dataset.FrameTime = "0"
    found = frame_times(dataset, 3)
    np.testing.assert_allclose(found.times_s, [0, 0.02, 0.04])
    assert any("--fps" in item for item in found.warnings)
    assert "approximate" in found.origin


def test_without_any_rate_times_are_unknown() -> None:
    found = frame_times(Dataset(), 3)
    assert found.times_s is None
    assert any("--fps" in item for item in found.warnings)
    assert not frame_times(Dataset(), 1).warnings


def test_r_waves_heart_rate_and_view() -> None:
    dataset = Dataset()
    dataset.RWaveTimeVector = [905.5, 12.5]
    dataset.HeartRate = 67
    code = Dataset()
    code.CodeValue, code.CodeMeaning = "399214001", "Apical four chamber"
    dataset.ViewCodeSequence = [code]
    assert r_times(dataset) == pytest.approx((0.0125, 0.9055))
    assert heart_rate(dataset) == 67
    assert view_hint(dataset) == "A4C"
    code.CodeValue = "1"
    assert view_hint(dataset) == "Apical four chamber"
    dataset.HeartRate = 0
    assert heart_rate(dataset) is None
    assert r_times(Dataset()) == ()
    assert view_hint(Dataset()) is None


def test_the_real_cine_keeps_its_times_and_loses_its_calibration(read: Read) -> None:
    loop = read(Path(get_testdata_file("examples_ybr_color.dcm")))
    assert loop.shape == (30, 240, 320)
    assert loop.frame_rate_hz == pytest.approx(1000 / 33.333)
    assert loop.spacing_mm is None
    assert loop.region is None
    assert "leaves the image" in loop.provenance.spacing_origin
    assert sum("leaves the image" in item for item in loop.provenance.warnings) == 1
    assert loop.heart_rate_bpm is None
    given = read(
        Path(get_testdata_file("examples_ybr_color.dcm")), spacing_mm=(1.02, 1.01), fps=30.0
    )
    assert given.spacing_mm == (1.02, 1.01)
    assert given.provenance.spacing_origin == "given by the user"
    assert "given by the user" in given.provenance.times_origin
