"""Phantoms tell the truth about their own images, contours, strain and flow."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, map_coordinates

from engine.errors import Cancelled, InputError
from engine.model.view import Target
from engine.phantom import Phantom, PhantomConfig, PhantomKind, SpeckleModel, make_phantom
from engine.phantom.apical import ANNULUS, FOCUS_MM, INNER_WIDTH_MM
from engine.phantom.flow_motion import VortexPair
from engine.phantom.flows import turning_rate
from engine.phantom.volume_truth import cavity_volume
from engine.progress import RecordingProgress

SIZE = (128, 160)
FLOWS = (PhantomKind.VORTEX, PhantomKind.JET)


@cache
def phantom(kind: PhantomKind, speckle: SpeckleModel = SpeckleModel.SCATTERER) -> Phantom:
    return make_phantom(
        PhantomConfig(
            kind=kind,
            size=SIZE,
            frames=14,
            speckle=speckle,
            decorrelation=0.0,
            noise=0.0,
            clutter=0.0,
        )
    )


def warped(image: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    at = [rows + displacement[1], columns + displacement[0]]
    return map_coordinates(image, at, order=3, mode="nearest")


def at_points(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.stack(
        [map_coordinates(part, [points[:, 1], points[:, 0]], order=3) for part in field], axis=1
    )


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_pull_back_leads_along_material_paths(kind: PhantomKind) -> None:
    made = phantom(kind)
    rows, columns = np.nonzero(made.mask[0])
    points = np.stack([columns, rows], axis=1)[::37].astype(float)
    path = made.material_path(points)
    assert path.shape == (14, len(points), 2)
    for pair in (0, 4, 9):
        inside = np.all((path[pair + 1] > 2) & (path[pair + 1] < np.array(SIZE[::-1]) - 3), axis=1)
        there = path[pair + 1][inside]
        back = there + at_points(made.displacement[pair].astype(float), there)
        error = np.linalg.norm(back - path[pair][inside], axis=1)
        # Sampling the field off its grid costs a little where its gradient bends.
        assert np.median(error) < 1e-3
        assert error.max() < 0.15


@pytest.mark.parametrize("kind", list(PhantomKind))
def test_pull_back_on_the_grid_is_the_step_back(kind: PhantomKind) -> None:
    made = phantom(kind)
    rows, columns = np.nonzero(made.mask[6])
    points = np.stack([columns, rows], axis=1).astype(float)
    expected = made.motion.step_back(points, 5) - points
    found = made.displacement[5][:, rows, columns].T
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("speckle", [SpeckleModel.SCATTERER, SpeckleModel.SECTOR])
@pytest.mark.parametrize(
    "kind", [PhantomKind.APICAL, PhantomKind.REGIONAL, PhantomKind.SHORT_AXIS, PhantomKind.RIGID]
)
def test_truth_aligns_the_images(kind: PhantomKind, speckle: SpeckleModel) -> None:
    made = phantom(kind, speckle)
    frames = made.cine.frames.astype(float)
    still = true = 0.0
    for pair in (2, 3, 7):
        inside = made.mask[pair + 1]
        back = warped(frames[pair], made.displacement[pair])
        still += ((frames[pair] - frames[pair + 1])[inside] ** 2).mean()
        true += ((back - frames[pair + 1])[inside] ** 2).mean()
    # On turning beams the carrier's phase follows strain and rotation: speckle changes more.
    assert true < (0.35 if speckle is SpeckleModel.SCATTERER else 0.5) * still


def test_truth_aligns_the_contrast_blood() -> None:
    made = phantom(PhantomKind.VORTEX)
    frames = made.cine.frames.astype(float)
    inside = cv2.erode(made.mask[5].astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    back = warped(frames[4], made.displacement[4])
    true = ((back - frames[5])[inside] ** 2).mean()
    assert true < 0.3 * ((frames[4] - frames[5])[inside] ** 2).mean()


def test_the_seed_decides_everything() -> None:
    config = PhantomConfig(kind=PhantomKind.VORTEX, size=(64, 80), frames=3, haze=0.2)
    first, again = make_phantom(config), make_phantom(config)
    np.testing.assert_array_equal(first.cine.frames, again.cine.frames)
    assert first.cine.provenance.sha256 == again.cine.provenance.sha256
    other = make_phantom(PhantomConfig(kind="vortex", size=(64, 80), frames=3, haze=0.2, seed=1))  # type: ignore[arg-type]
    assert (other.cine.frames != first.cine.frames).mean() > 0.3
    np.testing.assert_array_equal(other.displacement, first.displacement)


def test_healthy_strain_is_physiological() -> None:
    strain = phantom(PhantomKind.APICAL).strain
    assert strain is not None
    es = phantom(PhantomKind.APICAL).es_frame
    assert -20.5 < strain.midwall[es] < -17.5
    assert strain.endocardial[es] < strain.midwall[es] < strain.epicardial[es]
    assert 25 < strain.radial[es] < 50
    np.testing.assert_allclose(strain.segments[es], strain.midwall[es], atol=0.6)
    assert strain.midwall[-1] == pytest.approx(0.0, abs=1e-6)


def test_regional_disease_stays_regional() -> None:
    made = phantom(PhantomKind.REGIONAL)
    assert made.strain is not None
    segments = made.strain.segments
    es = made.es_frame
    assert np.abs(segments[:, 1]).max() < 0.8
    assert segments[es, 2] > 4
    assert segments[:, 4].argmin() > es
    for healthy in (0, 3, 5):
        assert segments[es, healthy] < -16


def test_strain_is_the_change_of_contour_length() -> None:
    made = phantom(PhantomKind.REGIONAL)
    assert made.contours is not None
    assert made.strain is not None
    points = made.contours.endocardial.astype(float) * made.cine.spacing_mm
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)
    np.testing.assert_allclose(made.strain.endocardial, 100 * (length / length[0] - 1), atol=1e-2)


@pytest.mark.parametrize("kind", [PhantomKind.RIGID, PhantomKind.NONE])
def test_rigid_motion_has_no_strain(kind: PhantomKind) -> None:
    config = PhantomConfig(kind=kind, size=(64, 96), frames=6, spacing_mm=(1.1, 1.8))
    strain = make_phantom(config).strain
    assert strain is not None
    for values in (strain.endocardial, strain.segments, strain.radial_segments):
        np.testing.assert_allclose(values, 0.0, atol=1e-9)


def test_short_axis_keeps_its_volume_and_twists_to_the_left() -> None:
    made = phantom(PhantomKind.SHORT_AXIS)
    assert made.strain is not None
    assert made.strain.twist is not None
    es = made.es_frame
    area = made.mask.sum(axis=(1, 2))
    assert area[es] / area[0] == pytest.approx(1 / 0.83, rel=0.02)
    assert 8 < made.strain.twist[es] < 12
    assert -32 < made.strain.endocardial[es] < -24
    start, end = (made.contours.endocardial[frame, 0] for frame in (0, es))  # type: ignore[union-attr]
    # Counter-clockwise on the screen: the point on the right rises, so its row falls.
    assert end[1] < start[1] - 1


@pytest.mark.parametrize("kind", [PhantomKind.APICAL, PhantomKind.REGIONAL, PhantomKind.SHORT_AXIS])
def test_contours_lie_on_the_masks_boundary(kind: PhantomKind) -> None:
    made = phantom(kind)
    assert made.contours is not None
    for frame in (0, made.es_frame):
        wall = made.mask[frame]
        distance = np.maximum(distance_transform_edt(wall), distance_transform_edt(~wall))
        for curve in (made.contours.endocardial[frame], made.contours.epicardial[frame]):  # type: ignore[index]
            columns, rows = np.rint(curve).astype(int).T
            assert distance[rows, columns].max() < 2.0
        inside = made.contours.endocardial[frame].mean(axis=0)
        column, row = np.rint(inside).astype(int)
        assert made.cavity[frame, row, column]


def test_a_lamb_oseen_pair_has_its_circulation() -> None:
    flow = phantom(PhantomKind.VORTEX).flow
    assert flow is not None
    assert phantom(PhantomKind.VORTEX).target is Target.BLOOD
    sx, sy = phantom(PhantomKind.VORTEX).cine.spacing_mm  # type: ignore[misc]
    vorticity = flow.vorticity(3)
    columns = np.arange(SIZE[1])[None]
    middle = flow.centres_px[3, :, 0].mean()
    for side, circulation in zip(
        (columns < middle, columns > middle), flow.circulation_m2_s, strict=True
    ):
        total = (vorticity * side).sum() * sx * sy * 1e-6
        # Each vortex spills a little over the axis of the pair.
        assert total == pytest.approx(circulation, rel=0.02)
    at_centres = [vorticity[round(y), round(x)] for x, y in flow.centres_px[3]]
    assert at_centres[0] < 0 < at_centres[1]
    assert 15 < flow.peak_speed_cm_s < 50


def test_vortex_displacement_is_the_velocity_of_the_mid_time() -> None:
    made = phantom(PhantomKind.VORTEX)
    assert made.flow is not None
    assert made.cine.spacing_mm is not None
    sx, sy = made.cine.spacing_mm
    velocity = 10 * made.flow.velocity_cm_s(6.5)
    expected = np.stack([-velocity[0] / sx, velocity[1] / sy]) / made.config.fps
    error = np.linalg.norm(made.displacement[6] - expected, axis=0)[made.mask[7]]
    length = np.linalg.norm(expected, axis=0)[made.mask[7]]
    # A chord of a turning path differs from a straight step in the second order.
    assert error.mean() < 0.15 * length.mean()


def test_the_jet_peaks_at_80_cm_per_s() -> None:
    made = phantom(PhantomKind.JET)
    assert made.flow is not None
    assert made.flow.peak_speed_cm_s == pytest.approx(80, rel=0.06)
    up = made.flow.velocity_cm_s(made.config.cycle / 2)[1]
    assert up.max() == pytest.approx(80, rel=0.005)
    assert made.displacement[6, 1][made.mask[7]].max() > 0
    gradient = np.gradient(up, axis=1) * 10 / made.cine.spacing_mm[0]  # type: ignore[index]
    np.testing.assert_allclose(
        made.flow.vorticity(made.config.cycle / 2)[:, 2:-2], gradient[:, 2:-2], atol=1.0
    )


def test_errors_of_identity_and_truth() -> None:
    made = phantom(PhantomKind.APICAL)
    assert made.mean_error(made.displacement) == 0.0
    lengths = np.linalg.norm(made.displacement, axis=1)[made.mask[1:]]
    assert made.mean_error(np.zeros_like(made.displacement)) == pytest.approx(lengths.mean())


def test_the_cine_carries_its_calibration_and_beats() -> None:
    made = make_phantom(
        PhantomConfig(
            kind=PhantomKind.NONE, size=(48, 64), frames=9, cycle_frames=4, spacing_mm=(0.5, 0.4)
        )
    )
    cine = made.cine
    assert cine.spacing_mm == (0.5, 0.4)
    assert cine.frame_rate_hz == pytest.approx(75.0)
    np.testing.assert_allclose(cine.r_times_s, np.array([0, 4, 8]) / 75)
    assert cine.heart_rate_bpm == pytest.approx(60 * 75 / 4)
    assert cine.provenance.format == "phantom"


def test_cancelling_stops_at_the_next_frame() -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        make_phantom(PhantomConfig(size=(48, 64), frames=3), progress)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("kind", "cube"),
        ("frames", 1),
        ("size", (8, 8)),
        ("decorrelation", 1.5),
        ("noise", -1.0),
        ("spacing_mm", (0.3, 0.0)),
        ("fps", float("nan")),
        ("cycle_frames", 2),
    ],
)
def test_impossible_settings_are_refused(option: str, value: object) -> None:
    with pytest.raises(InputError):
        PhantomConfig(**{option: value})  # type: ignore[arg-type]


def test_volume_is_the_ellipsoids_and_the_heart_ejects_half() -> None:
    made = make_phantom(PhantomConfig(kind=PhantomKind.APICAL, size=(64, 96), frames=12))
    assert made.volume_ml is not None
    wide, long = INNER_WIDTH_MM, np.hypot(INNER_WIDTH_MM, FOCUS_MM)
    end = -long * np.cos(ANNULUS)
    # Disks of the ellipse from its tip to the annulus, which lies beyond its centre.
    exact = np.pi * wide**2 * (end - end**3 / (3 * long**2) + 2 / 3 * long) / 1000
    assert made.volume_ml[0] == pytest.approx(exact, rel=2e-3)
    assert 0.5 < 1 - made.volume_ml[made.es_frame] / made.volume_ml[0] < 0.65
    assert made.volume_ml[-1] == pytest.approx(made.volume_ml[0])


def test_wall_keeps_its_volume_within_a_few_percent() -> None:
    made = make_phantom(PhantomConfig(kind=PhantomKind.APICAL, size=(64, 96), frames=12))
    assert made.contours is not None
    assert made.contours.epicardial is not None
    inner = made.contours.endocardial.astype(float)
    outer = made.contours.epicardial.astype(float)
    spacing = made.config.spacing
    wall = cavity_volume(outer, spacing) - cavity_volume(inner, spacing)
    np.testing.assert_allclose(wall, wall[0], rtol=0.06)


def test_a_vortex_step_follows_the_superposed_velocity() -> None:
    made = phantom(PhantomKind.VORTEX)
    motion = made.motion
    assert isinstance(motion, VortexPair)
    rng = np.random.default_rng(0)
    start = motion.layout.to_px(rng.uniform((-20, 40), (20, 90), (200, 2)))
    place = motion.layout.to_mm(start)
    substeps = 20
    time = motion.frame_time_s / substeps

    def velocity(at: np.ndarray, elapsed: float) -> np.ndarray:
        total = np.tile(np.asarray(motion.drift_mm_s, float), (len(at), 1))
        for centre, circulation in zip(motion.centres_mm, motion.circulation, strict=True):
            arm = at - centre - np.asarray(motion.drift_mm_s) * elapsed
            rate = turning_rate((arm**2).sum(axis=1), circulation, motion.core_mm)
            # Counter-clockwise on the screen, with y down.
            total += rate[:, None] * np.stack([arm[:, 1], -arm[:, 0]], axis=1)
        return total

    for index in range(substeps):
        now = index * time
        k1 = velocity(place, now)
        k2 = velocity(place + 0.5 * time * k1, now + 0.5 * time)
        k3 = velocity(place + 0.5 * time * k2, now + 0.5 * time)
        k4 = velocity(place + time * k3, now + time)
        place = place + time / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    error = np.linalg.norm(motion.step(start, 0) - motion.layout.to_px(place), axis=1)
    moved = np.linalg.norm(motion.layout.to_px(place) - start, axis=1)
    assert error.max() < 0.01 * moved.max()
