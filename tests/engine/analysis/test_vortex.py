"""Vortices: found where they are, as strong as they are, and the same one from frame to frame."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.analysis.gamma import gamma_field
from engine.analysis.measure import measure
from engine.analysis.velocity import VelocityField, velocity_field
from engine.analysis.vortex import Vortex, find_vortices
from engine.analysis.vortex_tracking import track_vortices
from engine.config import MeasureConfig
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.progress import NullProgress

SHAPE = (160, 180)
PARTICLES = Path(__file__).parents[4] / "shared/data/vortex"


def lamb_oseen(
    vortices: list[tuple[float, float, float, float]],
    drift: tuple[float, float] = (0.0, 0.0),
    pixel: tuple[float, float] = (1.0, 1.0),
) -> VelocityField:
    """Velocity of vortices (x, y, circulation, core) in px and lengths of ``pixel``."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    u, v = np.full(SHAPE, drift[0]), np.full(SHAPE, drift[1])
    for x, y, circulation, core in vortices:
        dx, dy = (columns - x) * pixel[0], -(rows - y) * pixel[1]
        squared = dx**2 + dy**2 + 1e-12
        rate = circulation / (2 * np.pi * squared) * -np.expm1(-squared / core**2)
        u, v = u - rate * dy, v + rate * dx
    return VelocityField(np.stack([u, v])[None].astype(np.float32), "cm/s", pixel, (1.0, 1.0))


@pytest.mark.parametrize("core", [8.0, 14.0])
def test_lamb_oseen_centre_and_circulation(core: float) -> None:
    field = lamb_oseen([(80.3, 76.7, 300.0, core)], drift=(0.8, -0.5))
    (vortex,) = find_vortices(field, 0, np.ones(SHAPE, dtype=bool))
    assert np.hypot(*(np.array(vortex.centre) - (80.3, 76.7))) < 0.1
    within = 300.0 * -np.expm1(-vortex.area_px / (np.pi * core**2))
    assert vortex.circulation == pytest.approx(within, rel=0.01)


def test_unequal_spacing_keeps_centre_and_circulation() -> None:
    pixel = (0.03, 0.02)
    field = lamb_oseen([(90.0, 80.0, -40.0, 0.3)], pixel=pixel)
    (vortex,) = find_vortices(field, 0, np.ones(SHAPE, dtype=bool))
    assert np.hypot(*(np.array(vortex.centre) - (90, 80))) < 0.2
    area = vortex.area_px * pixel[0] * pixel[1]
    assert vortex.circulation == pytest.approx(40 * np.expm1(-area / (np.pi * 0.09)), rel=0.01)


def test_gamma_of_rotation_and_shear() -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    x, y = columns - 90, 80 - rows
    mask = np.ones(SHAPE, dtype=bool)
    turning = gamma_field(np.stack([-y + 9.0, x]), mask, (1.0, 1.0), 10)
    assert turning.gamma2[60:100, 60:120] == pytest.approx(1.0, abs=1e-3)
    still = gamma_field(np.stack([-y, x]), mask, (1.0, 1.0), 10)
    assert still.gamma1[80, 90] == pytest.approx(1.0, abs=1e-3)
    shear = gamma_field(np.stack([30 * y, 0 * y]), mask, (1.0, 1.0), 10)
    assert np.abs(shear.gamma2[60:100, 60:120]) == pytest.approx(2 / np.pi, abs=0.02)


def test_pure_shear_holds_no_vortex() -> None:
    rows, _ = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    flow = np.stack([30 * (80 - rows), 0 * rows])[None].astype(np.float32)
    field = VelocityField(flow, "cm/s", (1.0, 1.0), (1.0, 1.0))
    assert find_vortices(field, 0, np.ones(SHAPE, dtype=bool)) == ()


def test_trusted_share_of_a_vortex_is_reported() -> None:
    field = lamb_oseen([(80.0, 76.0, 300.0, 10.0)])
    trusted = np.ones(SHAPE, dtype=bool)
    trusted[:, :80] = False
    (vortex,) = find_vortices(field, 0, np.ones(SHAPE, dtype=bool), trusted=trusted)
    assert vortex.trust == pytest.approx(0.5, abs=0.05)


def test_particle_image_pair_is_found() -> None:
    paths = [PARTICLES / f"vortex_pair_particles_{i}.tif" for i in (1, 2)]
    if not all(path.exists() for path in paths):
        pytest.skip("the public particle images are not on this machine")
    first, second = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.moveaxis(search.calc(second, first, None), -1, 0)
    field = velocity_field(flow[None], None, None)
    found = find_vortices(field, 0, np.ones(first.shape, dtype=bool))
    assert len(found) == 2
    upper, lower = sorted(found, key=lambda vortex: vortex.centre[1])
    assert np.hypot(*(np.array(upper.centre) - (248, 167))) < 3
    assert np.hypot(*(np.array(lower.centre) - (251, 329))) < 3
    # OpenPIV 0.26.1, once: 32 px windows 8 px apart, taken at their middles; an Oseen pair in a
    # uniform stream fitted to its vectors within x 150 to 350 and y 100 to 400.
    assert np.hypot(*(np.array(upper.centre) - (247.1, 164.8))) < 2.5
    assert np.hypot(*(np.array(lower.centre) - (250.4, 331.6))) < 1.5
    # The upper one turns clockwise on the screen.
    assert upper.circulation < 0 < lower.circulation
    assert -upper.circulation == pytest.approx(lower.circulation, rel=0.1)


def state(x: float, y: float, circulation: float) -> Vortex:
    rows, columns = np.mgrid[:60, :60]
    return Vortex((x, y), circulation, np.hypot(columns - x, rows - y) < 6, 1.0, None)


def test_identity_survives_crossing_rows_and_a_gap() -> None:
    frames = [
        [state(10 + 2 * k, 20, 5.0), state(40 - 2 * k, 30, -3.0)] if k != 4 else []
        for k in range(9)
    ]
    tracks = track_vortices(frames)
    assert len(tracks) == 2
    assert all(s.circulation == 5.0 for s in tracks[0].states)
    assert tracks[0].frames == (1, 2, 3, 4, 6, 7, 8, 9)


def test_a_vortex_that_leaves_ends_and_flicker_is_dropped() -> None:
    frames = [[state(10, 20, 5.0)] if k < 4 else [] for k in range(9)]
    frames[6] = [state(40, 40, 4.0)]
    (track,) = track_vortices(frames)
    assert track.frames == (1, 2, 3, 4)


def test_rows_of_a_drifting_vortex() -> None:
    spacing, times = (0.3, 0.25), np.arange(5) * 0.02
    pixel_cm = (0.03, 0.025)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    fields = []
    for k in range(4):
        velocity = lamb_oseen([(80.0 + 2 * k, 76.0, 20.0, 0.35)], pixel=pixel_cm).values[0]
        to_px = np.reshape([-0.02 / pixel_cm[0], 0.02 / pixel_cm[1]], (2, 1, 1))
        fields.append(velocity * to_px)
    mask = np.hypot((columns - 85) / 1.2, rows - 78) < 62
    result = TrackingResult(
        fields=(ScaleField(Scale.FULL, np.array(fields, dtype=np.float32)),),
        mask=np.repeat(mask[None], 5, axis=0),
        method="exact",
        target=Target.BLOOD,
        source_sha256="0",
        software_version="0",
        frame_times_s=times,
        spacing_mm=spacing,
        first_frame=10,
    )
    measured = measure(result, MeasureConfig(in_plane_research=True), NullProgress())
    places = list(measured.select("vortex_x", "vortex-1"))
    assert [row.frame for row in places] == [11, 12, 13, 14]
    assert [row.value for row in places] == pytest.approx(
        [0.3 * (80 + 2 * k) for k in range(4)], abs=0.1
    )
    area = next(measured.select("vortex_area", "vortex-1"))
    circulation = next(measured.select("circulation", "vortex-1"))
    assert circulation.unit == "m^2/s"
    closed = 20e-4 * -np.expm1(-area.value / (np.pi * 0.35**2))
    assert circulation.value == pytest.approx(closed, rel=0.02)
    assert next(measured.select("sphericity", "vortex-1")).value == pytest.approx(1, abs=0.1)
    for quantity in ("vortex_depth", "vortex_length", "vortex_width", "sphericity_indexed"):
        assert next(measured.select(quantity, "vortex-1")).unit == ""
    assert any(measured.select("pressure_difference"))
    assert any(measured.select("relative_strength"))


def test_a_shear_layer_with_noise_is_no_vortex() -> None:
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    fields = []
    for _ in range(6):
        noise = [cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), 10.0) for _ in range(2)]
        noise = [0.12 * part / part.std() for part in noise]
        jet = 3.0 * np.exp(-0.5 * ((columns - 90) / 14.0) ** 2)
        fields.append(np.stack([noise[0], jet + noise[1]]))
    mask = np.hypot(columns - 90, (rows - 80) / 1.2) < 60
    result = TrackingResult(
        fields=(ScaleField(Scale.FULL, np.array(fields, dtype=np.float32)),),
        mask=np.repeat(mask[None], 7, axis=0),
        method="exact",
        target=Target.BLOOD,
        source_sha256="0",
        software_version="0",
        frame_times_s=np.arange(7) * 0.02,
        spacing_mm=(0.3, 0.3),
    )
    velocity = velocity_field(result.finest.displacement, (0.3, 0.3), result.frame_times_s)
    # The noise makes the layer swirl, so that it looks like vortices in single frames.
    assert sum(len(find_vortices(velocity, pair, mask)) for pair in range(6)) > 5
    measured = measure(result, MeasureConfig(), NullProgress())
    assert not any(row.region.startswith("vortex") for row in measured.rows)
    assert "vortex" in dict(measured.omitted)
