"""What ``measure`` gives, and what it must not give, for results of any producer."""

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from engine.analysis.measure import measure
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import (
    Contours,
    Measurements,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
    View,
)
from engine.progress import NullProgress, RecordingProgress

FRAMES = 13
SHAPE = (130, 140)
CENTRE = np.array([70.0, 62.0])
SPACING = (0.5, 0.4)
ES = 6


def stretch(frame: int) -> float:
    """Length over its end-diastolic value: 1 at frames 0 and 12, 0.8 at frame 6."""
    return 1.0 - 0.2 * np.sin(np.pi * frame / (FRAMES - 1)) ** 2


def curves(frame: int, points: int = 61, closed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if closed:
        angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    else:
        # From the left annulus point over the top (rows run down) to the right one.
        angle = np.linspace(-1.25 * np.pi, 0.25 * np.pi, points)
    rays = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    scale = stretch(frame)
    return CENTRE + 34 * scale * rays, CENTRE + 46 * scale * rays


def beating(closed: bool = False, moving: bool = True, **changes: Any) -> TrackingResult:
    """A wall that shrinks to 80 % in every direction and returns."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    grid = np.stack([columns, rows])
    from_centre = grid - CENTRE.reshape(2, 1, 1)
    radius = np.hypot(*from_centre)
    fields = [from_centre * (stretch(k) / stretch(k + 1) - 1.0) for k in range(FRAMES - 1)]
    mask = [(radius > 33 * stretch(k)) & (radius < 47 * stretch(k)) for k in range(FRAMES)]
    both = [curves(k if moving else 0, closed=closed) for k in range(FRAMES)]
    values: dict[str, Any] = {
        "fields": (ScaleField(Scale.FULL, np.array(fields, dtype=np.float32)),),
        "mask": np.array(mask),
        "method": "exact",
        "target": Target.TISSUE,
        "source_sha256": "0",
        "software_version": "0",
        "frame_times_s": 5.0 + np.arange(FRAMES) / 20,
        "spacing_mm": SPACING,
        "contours": Contours(
            np.array([inner for inner, _ in both], dtype=np.float32),
            np.array([outer for _, outer in both], dtype=np.float32),
            closed=closed,
        ),
        "view": View.PSAX_MID if closed else View.A4C,
        "ed_frame": 20,
        "es_frame": 20 + ES,
        "first_frame": 20,
        "r_times_s": (5.0, 5.6),
    }
    return TrackingResult(**(values | changes))


def measured(result: TrackingResult, **config: Any) -> Measurements:
    return measure(result, MeasureConfig(**config), NullProgress())


@functools.cache
def usual() -> Measurements:
    """Rows of the whole result with the usual settings."""
    return measured(beating())


def value(rows: Measurements, quantity: str, region: str = "global") -> float:
    return next(rows.select(quantity, region)).value


@pytest.mark.parametrize("moving", [True, False])
def test_strain_comes_from_the_carried_end_diastolic_contour(moving: bool) -> None:
    rows = measured(beating(moving=moving))
    curve = list(rows.select("strain_longitudinal", "global"))
    assert [row.frame for row in curve] == list(range(20, 33))
    assert curve[ES].value == pytest.approx(-20, abs=0.3)
    assert curve[ES].time_s == pytest.approx(5.3)
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)
    assert value(rows, "ls_a4c_peak_systolic") == pytest.approx(-20, abs=0.3)
    assert value(rows, "time_to_peak") == pytest.approx(300)
    assert value(rows, "post_systolic_index") == 0
    assert abs(value(rows, "drift")) < 0.3
    assert value(rows, "heart_rate") == pytest.approx(100)
    # A body that shrinks alike in all directions loses 1 - 0.8^3 of its volume.
    assert value(rows, "ejection_fraction") == pytest.approx(48.8, abs=1)
    assert not list(rows.select("gls"))


def test_segments_run_from_the_septum_on_the_left() -> None:
    rows = usual()
    named = [row.region for row in rows.select("ls_a4c")][1:]
    assert named == [
        "basal_inferoseptal",
        "mid_inferoseptal",
        "apical_inferoseptal",
        "apical_anterolateral",
        "mid_anterolateral",
        "basal_anterolateral",
    ]
    for name in named:
        assert value(rows, "ls_a4c", name) == pytest.approx(-20, abs=0.5)


def test_layers_radial_and_rates() -> None:
    rows = usual()
    for layer in ("endocardial", "midwall", "epicardial"):
        curve = list(rows.select("strain_longitudinal", f"layer-{layer}"))
        assert curve[ES].value == pytest.approx(-20, abs=0.5)
    assert list(rows.select("strain_radial", "global"))[ES].value == pytest.approx(-20, abs=1)
    natural = list(rows.select("strain_longitudinal_natural", "global"))
    assert natural[ES].value == pytest.approx(-22.3, abs=0.5)
    rate = list(rows.select("strain_rate_longitudinal", "global"))
    exact = -0.2 * np.pi / 0.6 * np.sin(2 * np.pi * 3 / 12)
    assert rate[3].value == pytest.approx(exact, rel=0.06)
    assert rate[3].unit == "1/s"


def test_short_axis_has_twist_and_no_volume() -> None:
    rows = measured(beating(closed=True))
    assert value(rows, "strain_circumferential", "mid_anterior") == pytest.approx(0, abs=1e-6)
    ring = list(rows.select("strain_circumferential", "global"))
    assert ring[ES].value == pytest.approx(-20, abs=0.3)
    assert abs(list(rows.select("twist", "global"))[ES].value) < 0.1
    assert not list(rows.select("strain_longitudinal"))
    assert not list(rows.select("volume"))
    assert any(row.region == "mid_inferolateral" for row in rows.rows)


def test_without_a_view_no_segment_has_a_name() -> None:
    rows = measured(beating(view=None))
    regions = {row.region for row in rows.rows}
    assert regions <= {"mask", "global", "layer-endocardial", "layer-midwall", "layer-epicardial"}
    assert not any(row.quantity.startswith("ls_") for row in rows.rows)
    assert "segments" in dict(rows.omitted)


def test_a_mirrored_loop_names_no_segment() -> None:
    rows = measured(beating(config={"mirrored": True}))
    assert "mirrored" in dict(rows.omitted)["segments"]
    assert not any("septal" in row.region for row in rows.rows)


def test_without_contours_there_is_no_strain_and_a_reason() -> None:
    rows = measured(beating(contours=None))
    assert not any(row.quantity.startswith("strain") for row in rows.rows)
    assert "contour" in dict(rows.omitted)["strain"]
    assert list(rows.select("speed_mean"))


def test_endocardium_alone_gives_its_layer_alone() -> None:
    full = beating()
    assert full.contours is not None
    rows = measured(beating(contours=Contours(full.contours.endocardial)))
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.5)
    layers = {row.region for row in rows.rows if row.region.startswith("layer")}
    assert layers == {"layer-endocardial"}
    assert "strain_radial" in dict(rows.omitted)


def test_without_times_there_is_strain_but_nothing_per_second() -> None:
    rows = measured(beating(frame_times_s=None))
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)
    units = {row.unit for row in rows.rows}
    assert not units & {"cm/s", "1/s", "1/s^2", "ms", "1/min"}
    assert all(row.time_s is None for row in rows.rows)


def test_without_spacing_nothing_is_in_mm() -> None:
    rows = measured(beating(spacing_mm=None))
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)
    assert value(rows, "ejection_fraction") == pytest.approx(48.8, abs=1)
    units = {row.unit for row in rows.rows}
    assert not units & {"cm/s", "cm^2", "mL", "mm"}


def test_one_beat_that_does_not_close_has_no_drift() -> None:
    rows = measured(beating(r_times_s=(5.0,)))
    assert not list(rows.select("drift"))
    assert not list(rows.select("heart_rate"))
    assert "drift" in dict(rows.omitted)
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)


def test_unequal_frame_times_change_rates_alone() -> None:
    times = np.cumsum([5.0, *([0.03, 0.07] * 6)])
    rows = measured(beating(frame_times_s=times, r_times_s=(5.0, 5.6)))
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)
    speeds = [row.value for row in rows.select("speed_mean")]
    even = [row.value for row in usual().select("speed_mean")]
    assert speeds[0] / even[0] == pytest.approx(0.05 / 0.03, rel=1e-4)
    assert speeds[1] / even[1] == pytest.approx(0.05 / 0.07, rel=1e-4)


def test_no_row_is_without_a_value_and_trust_is_a_fraction() -> None:
    for row in usual().rows:
        assert np.isfinite(row.value)
        assert row.trust is None or 0 <= row.trust <= 1


def test_unknown_layer_and_missing_scale_are_told() -> None:
    with pytest.raises(InputError, match="layer"):
        measured(beating(), layer="outer")
    with pytest.raises(InputError, match="1/4"):
        measured(beating(), scale="1/4")


def test_measuring_can_be_cancelled() -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Exception, match="Stopped"):
        measure(beating(), MeasureConfig(), progress)


def test_contours_with_other_point_numbers_and_order_give_the_same_strain() -> None:
    full = beating()
    assert full.contours is not None
    inner = full.contours.endocardial[:, ::3]
    outer = full.contours.epicardial
    assert outer is not None
    other = dataclasses.replace(full, contours=Contours(inner[:, ::-1], outer))
    rows = measured(other)
    assert value(rows, "ls_a4c") == pytest.approx(-20, abs=0.3)
    assert next(rows.select("ls_a4c", "basal_inferoseptal")).value == pytest.approx(-20, abs=0.5)


def test_a_frame_found_in_the_image_is_not_called_given() -> None:
    row = next(
        measured(beating(mark_origins=("", "smallest cavity: a surrogate"))).select("ls_a4c")
    )
    assert "end-systole: smallest cavity: a surrogate" in row.definition
    assert "end-diastole: given" in row.definition
    assert "end-systole: given" in next(usual().select("ls_a4c")).definition
