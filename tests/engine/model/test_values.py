"""Frozen values: shapes are checked, arrays are read-only, units are plain."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from engine.errors import InputError
from engine.model import (
    Cine,
    Contours,
    Mask,
    MaskKind,
    Measurement,
    Measurements,
    Provenance,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
    View,
)
from engine.model.arrays import frozen_array

SOURCE = Provenance("loop", "00", "phantom")


def cine(**changes: object) -> Cine:
    values: dict[str, object] = {"frames": np.zeros((3, 4, 5), np.uint8), "provenance": SOURCE}
    return Cine(**(values | changes))  # type: ignore[arg-type]


def test_arrays_are_read_only_and_the_callers_own_stays_writable() -> None:
    mine = np.zeros((3, 4, 5), np.uint8)
    loop = cine(frames=mine)
    with pytest.raises(ValueError, match="read-only"):
        loop.frames[0, 0, 0] = 1
    mine[0, 0, 0] = 1
    assert np.shares_memory(mine, loop.frames), "large arrays are not copied"
    with pytest.raises(dataclasses.FrozenInstanceError):
        loop.first_frame = 3  # type: ignore[misc]


def test_frozen_array_says_what_it_wants() -> None:
    with pytest.raises(InputError, match=r"flow must have the shape \(any, 2\), but has \(3,\)"):
        frozen_array(np.zeros(3), "flow", np.float32, (None, 2))
    strided = np.zeros((4, 6))[:, ::2]
    assert frozen_array(strided, "x", np.float32, (4, 3)).flags["C_CONTIGUOUS"]


def test_values_made_of_one_another_share_their_arrays() -> None:
    mine = np.zeros(3)
    frozen = frozen_array(mine, "times", np.float64, (3,))
    assert frozen_array(frozen, "times", np.float64, (3,)) is frozen
    assert not frozen.flags.writeable
    assert mine.flags.writeable


def test_intervals_and_rate_follow_the_times() -> None:
    loop = cine(frame_times_s=[1.0, 1.02, 1.06])
    np.testing.assert_allclose(loop.frame_intervals_s, [0.02, 0.04])
    assert loop.frame_rate_hz == pytest.approx(1 / 0.03)
    assert cine().frame_rate_hz is None
    single = cine(frames=np.zeros((1, 4, 5)), frame_times_s=[0.0])
    assert single.frame_rate_hz is None


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": np.zeros((0, 4, 5))},
        {"frames": np.zeros((4, 5))},
        {"frame_times_s": [0.0, 0.0, 1.0]},
        {"frame_times_s": [0.0, 1.0]},
        {"frame_times_s": [0.0, np.nan, 1.0]},
        {"spacing_mm": (0.3, 0.0)},
        {"spacing_mm": (0.3, float("nan"))},
    ],
)
def test_loops_that_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        cine(**changes)


def test_scales_are_fractions_with_labels() -> None:
    assert [scale.fraction for scale in Scale] == [
        Fraction(1, 8),
        Fraction(1, 4),
        Fraction(1, 2),
        Fraction(1),
    ]
    assert [Scale.parse(scale.label) for scale in Scale] == list(Scale)
    assert Scale.parse(" 1/4 ") is Scale.QUARTER
    with pytest.raises(InputError, match="1/8, 1/4, 1/2, 1"):
        Scale.parse("1/3")


def test_masks_and_contours_are_checked() -> None:
    with pytest.raises(InputError, match="empty"):
        Mask(np.zeros((2, 3, 3), bool), MaskKind.WALL)
    with pytest.raises(InputError, match="one curve for every frame"):
        Contours(np.zeros((3, 5, 2)), np.zeros((2, 5, 2)))
    with pytest.raises(InputError, match="shape"):
        Contours(np.zeros((3, 5, 3)))
    different = Contours(np.zeros((3, 5, 2)), np.zeros((3, 7, 2)))
    assert different.epicardial is not None


def scale_field(scale: Scale = Scale.FULL, pairs: int = 2) -> ScaleField:
    return ScaleField(scale, np.zeros((pairs, 2, 4, 5), np.float32))


def result(**changes: object) -> TrackingResult:
    values: dict[str, object] = {
        "fields": (scale_field(Scale.HALF), scale_field()),
        "mask": np.ones((3, 4, 5), bool),
        "method": "ssmsr",
        "target": Target.TISSUE,
        "source_sha256": "00",
        "software_version": "0",
    }
    return TrackingResult(**(values | changes))  # type: ignore[arg-type]


def test_results_find_their_scales() -> None:
    found = result()
    assert found.finest.scale is Scale.FULL
    assert found.at_scale(Scale.HALF).scale is Scale.HALF
    with pytest.raises(InputError, match="1/8"):
        found.at_scale(Scale.EIGHTH)


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": ()},
        {"fields": (scale_field(), scale_field(pairs=3))},
        {"mask": np.ones((2, 4, 5), bool)},
        {"frames": np.ones((3, 4, 6), np.uint8)},
        {"frame_times_s": [0.0, 1.0]},
    ],
)
def test_results_whose_parts_do_not_fit(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        result(**changes)


def test_fields_need_two_frames_and_matching_uncertainty() -> None:
    with pytest.raises(InputError, match="two frames"):
        scale_field(pairs=0)
    with pytest.raises(InputError, match="uncertainty"):
        ScaleField(Scale.FULL, np.zeros((2, 2, 4, 5)), uncertainty=np.zeros((2, 4, 6)))


def test_views_know_their_axis_and_code() -> None:
    assert View("A4C").snomed == "399214001"
    assert not View.A4C.is_short_axis
    assert View.PSAX_APEX.is_short_axis
    assert View.PSAX_APEX.snomed is None


def test_rows_are_selected_by_quantity_and_region() -> None:
    rows = tuple(
        Measurement("strain_longitudinal", "Lagrangian", region, value, "%")
        for region, value in (("global", -18.0), ("apical_septal", -20.0))
    )
    table = Measurements(rows)
    assert [row.value for row in table.select("strain_longitudinal")] == [-18.0, -20.0]
    assert [row.value for row in table.select("strain_longitudinal", "global")] == [-18.0]
    assert not list(table.select("speed_mean"))


@pytest.mark.parametrize(
    ("asked", "stopped"),
    [(["1_8", "1_4", "1_2", "1"], True), (["1_8", "1_2"], False), (["new", 3], False), ([], False)],
)
def test_a_result_knows_whether_its_finest_scale_is_missing(
    asked: list[object], stopped: bool
) -> None:
    half = result(fields=(scale_field(Scale.HALF),), config={"tracking": {"scales": asked}})
    assert half.stopped is stopped
    assert not result().stopped, "a file of another program says nothing"
