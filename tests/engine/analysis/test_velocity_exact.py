"""Exact fields give the closed-form values, with unequal spacing and y up."""

import numpy as np
import pytest

from engine.analysis.measure import measure
from engine.analysis.velocity import flux_through_line, profile_along_line, velocity_field
from engine.config import MeasureConfig
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.progress import NullProgress

SPACING = (0.2857, 0.2286)
TIMES = np.array([1.0, 1.02, 1.05])
SHAPE = (90, 110)


def physical_grid() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in cm from the middle, x right and y up."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    x = (columns - SHAPE[1] / 2) * SPACING[0] / 10
    y = -(rows - SHAPE[0] / 2) * SPACING[1] / 10
    return x, y


def result_of(vx: np.ndarray, vy: np.ndarray, target: Target = Target.BLOOD) -> TrackingResult:
    """A loop whose velocity is (vx, vy) cm/s in every pair."""
    intervals = np.diff(TIMES)[:, None, None, None]
    per_second = np.stack([-vx * 10 / SPACING[0], vy * 10 / SPACING[1]])
    field = (per_second[None] * intervals).astype(np.float32)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    disk = np.hypot(columns - SHAPE[1] / 2, rows - SHAPE[0] / 2) < 38
    return TrackingResult(
        fields=(ScaleField(Scale.FULL, field),),
        mask=np.repeat(disk[None], len(TIMES), axis=0),
        method="exact",
        target=target,
        source_sha256="0",
        software_version="0",
        frame_times_s=TIMES,
        spacing_mm=SPACING,
        first_frame=7,
    )


def flow(kind: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = physical_grid()
    return {
        "drift": (0 * x + 3.0, 0 * x - 4.0),
        "solid": (-30.0 * y + 2.0, 30.0 * x),
        "shear": (30.0 * y, 0 * x),
        "expansion": (5.0 * x, 5.0 * y),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drift", {"speed_mean": 5, "velocity_x_mean": 3, "velocity_y_mean": -4}),
        (
            "drift",
            {"vorticity_mean": 0, "divergence_mean": 0, "q_mean": 0, "swirling_strength_mean": 0},
        ),
        ("solid", {"vorticity_mean": 60, "q_mean": 900, "swirling_strength_mean": 30}),
        ("solid", {"divergence_mean": 0, "energy_loss": 0}),
        ("shear", {"vorticity_mean": -30, "q_mean": 0, "swirling_strength_mean": 0}),
        ("expansion", {"divergence_mean": 10, "vorticity_mean": 0}),
    ],
)
def test_rows_hold_the_closed_form(kind: str, expected: dict[str, float]) -> None:
    measured = measure(result_of(*flow(kind)), MeasureConfig(), NullProgress())
    for quantity, value in expected.items():
        rows = list(measured.select(quantity, "mask"))
        assert [row.frame for row in rows] == [8, 9]
        assert [row.time_s for row in rows] == [1.02, 1.05]
        for row in rows:
            assert row.value == pytest.approx(value, rel=0.01, abs=0.02)


def test_shear_dissipates_viscosity_times_the_squared_rate() -> None:
    result = result_of(*flow("shear"))
    measured = measure(result, MeasureConfig(), NullProgress())
    area_m2 = result.mask[1].sum() * SPACING[0] * SPACING[1] * 1e-6
    loss = next(measured.select("energy_loss")).value
    assert loss / area_m2 == pytest.approx(0.004 * 900, rel=0.01)


def test_kinetic_energy_of_a_drift() -> None:
    result = result_of(*flow("drift"))
    measured = measure(result, MeasureConfig(), NullProgress())
    area_m2 = result.mask[1].sum() * SPACING[0] * SPACING[1] * 1e-6
    energy = next(measured.select("kinetic_energy")).value
    assert energy == pytest.approx(0.5 * 1060 * 0.05**2 * area_m2, rel=1e-4)


def test_profile_and_flux_of_a_drift() -> None:
    result = result_of(*flow("drift"))
    field = velocity_field(result.finest.displacement, SPACING, TIMES)
    distance, velocity = profile_along_line(field, (10, 20), (60, 20))
    assert distance[-1] == pytest.approx(50 * SPACING[0] / 10)
    assert velocity[0, 1] == pytest.approx(-4, rel=1e-4)
    # Walking to the right, down-flow crosses from the left-hand to the right-hand side.
    assert flux_through_line(field, (10, 20), (60, 20)) == pytest.approx(
        -4 * distance[-1], rel=1e-4
    )


def test_without_times_nothing_is_per_second() -> None:
    known = result_of(*flow("solid"))
    result = TrackingResult(
        fields=known.fields,
        mask=known.mask,
        method="exact",
        target=Target.BLOOD,
        source_sha256="0",
        software_version="0",
        spacing_mm=SPACING,
    )
    measured = measure(result, MeasureConfig(), NullProgress())
    units = {row.unit for row in measured.rows}
    assert not units & {"cm/s", "1/s", "1/s^2", "ms", "1/min", "J/m", "W/m", "m^2/s"}
    row = next(measured.select("vorticity_mean"))
    assert row.unit == "1/frame"
    assert row.value == pytest.approx(60 * 0.02, rel=0.01)
    assert row.time_s is None
