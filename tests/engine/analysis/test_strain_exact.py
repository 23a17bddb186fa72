"""Exact motions of a wall: strain, rotation and thickness come out as the closed form."""

import numpy as np
import pytest

from engine.analysis import strain
from engine.analysis.band import Band, track_band
from engine.analysis.dense import deformation
from engine.analysis.sampling import LoopSampler, extend_beyond_mask
from engine.analysis.trajectories import composed_pull_backs
from engine.errors import InputError
from engine.model import Contours

SHAPE = (150, 170)
CENTRE = np.array([84.0, 76.0])
SPACING = (0.3, 0.22)
STEPS = 12


def affine_loop(step: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A ring-shaped wall under x -> CENTRE + A^k (x - CENTRE) in mm: field, mask, full matrices."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    grid = np.stack([columns, rows], axis=-1)
    unit = np.diag(SPACING)
    in_px = np.linalg.inv(unit) @ step @ unit
    back = np.linalg.inv(in_px)
    field = np.moveaxis((grid - CENTRE) @ (back - np.eye(2)).T, -1, 0)
    matrices = [np.linalg.matrix_power(in_px, k) for k in range(STEPS + 1)]
    mask = []
    for matrix in matrices:
        origin = (grid - CENTRE) @ np.linalg.inv(matrix).T
        radius = np.hypot(*np.moveaxis(origin, -1, 0))
        mask.append((radius > 27) & (radius < 43))
    fields = np.where(np.array(mask)[1:, None], field[None], 77.0)
    return fields.astype(np.float32), np.array(mask), np.array(matrices)


def ring_contours(closed: bool = True) -> Contours:
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    if not closed:
        angle = np.linspace(np.pi * 0.9, 2.1 * np.pi, 71)
    curves = [CENTRE + r * np.stack([np.cos(angle), np.sin(angle)], 1) for r in (28.0, 42.0)]
    repeat = (STEPS + 1, 1, 1)
    return Contours(np.tile(curves[0], repeat), np.tile(curves[1], repeat), closed=closed)


def tracked(step: np.ndarray, closed: bool = True) -> Band:
    fields, mask, _ = affine_loop(step)
    return track_band(LoopSampler(fields, mask), ring_contours(closed), 0)


def turn(degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])


@pytest.mark.parametrize("closed", [True, False])
def test_rotation_of_30_degrees_has_no_strain(closed: bool) -> None:
    band = tracked(turn(30 / STEPS), closed)
    lengths = strain.contour_lengths(band, "midwall", SPACING, [[(0, 1)], [(0.2, 0.4)]])
    assert np.abs(strain.lagrangian(lengths, 0)).max() < 1e-3
    wall = strain.thickness(band, SPACING, [[(0, 1)], [(0.1, 0.3)]])
    assert np.abs(strain.lagrangian(wall, 0)).max() < 1e-3
    if closed:
        for layer in strain.LAYERS:
            # Rows run down: this matrix turns counter-clockwise on the screen.
            assert strain.rotation(band, layer, SPACING)[-1] == pytest.approx(30, abs=0.1)


def test_uniform_shortening_is_the_same_everywhere() -> None:
    factor = 0.8 ** (1 / STEPS)
    band = tracked(np.diag([factor, factor]))
    lengths = strain.contour_lengths(band, "endocardial", SPACING, [[(0, 1)], [(0.3, 0.5)]])
    assert strain.lagrangian(lengths, 0)[-1] == pytest.approx([-0.2, -0.2], abs=1e-3)
    assert strain.natural(strain.lagrangian(lengths, 0))[-1] == pytest.approx(
        [-0.2231, -0.2231], abs=2e-3
    )
    wall = strain.thickness(band, SPACING, [[(0, 1)]])
    assert strain.lagrangian(wall, 0)[-1, 0] == pytest.approx(-0.2, abs=1e-3)


def test_the_next_beat_goes_on_from_where_the_last_one_closed() -> None:
    # A field that drifts: every frame of the next beat lies one step, not a beat's drift, away.
    fields, mask, matrices = affine_loop(np.diag([0.99, 1.01]))
    band = track_band(LoopSampler(fields, mask), ring_contours(), 2, (8,))
    ring = band.curve(0.5)
    for frame in range(8, STEPS + 1):
        move = np.linalg.matrix_power(matrices[1], frame - 8)
        assert np.abs(ring[frame] - (CENTRE + (ring[2] - CENTRE) @ move.T)).max() < 0.02


def test_every_beat_that_ends_is_closed() -> None:
    fields, mask, matrices = affine_loop(np.diag([0.99, 1.01]))
    band = track_band(LoopSampler(fields, mask), ring_contours(), 1, (5, 10))
    ring = band.curve(0.5)
    for frame in (5, 10):
        assert np.abs(ring[frame] - ring[1]).max() < 1e-9
    assert np.abs(ring[7] - ring[1]).max() > 1e-3
    beyond = CENTRE + (ring[1] - CENTRE) @ matrices[2].T
    assert np.abs(ring[12] - beyond).max() < 0.02
    with pytest.raises(InputError, match="Beats"):
        track_band(LoopSampler(fields, mask), ring_contours(), 5, (3,))


def test_a_wall_is_carried_from_a_middle_frame_both_ways() -> None:
    fields, mask, matrices = affine_loop(np.diag([0.99, 1.01]))
    ring = track_band(LoopSampler(fields, mask), ring_contours(), 5).curve(0.5, raw=True)
    for frame in (0, 12):
        move = matrices[frame] @ np.linalg.inv(matrices[5])
        assert np.abs(ring[frame] - (CENTRE + (ring[5] - CENTRE) @ move.T)).max() < 0.02


def test_field_continues_linearly_beyond_its_mask() -> None:
    rows, columns = np.mgrid[:60, :70].astype(float)
    field = np.stack([0.02 * columns - 0.03 * rows + 1, 0.01 * rows])
    mask = np.hypot(columns - 35, rows - 30) < 15
    near = np.hypot(columns - 35, rows - 30) < 20
    extended = extend_beyond_mask(np.where(mask, field, -50.0), mask)
    assert np.abs(extended - field)[:, near].max() < 5e-3


def test_a_wall_that_is_trusted_is_trusted_up_to_its_borders() -> None:
    fields, mask, _ = affine_loop(turn(2.0))
    score = np.where(mask[1:], 0.9, 0.0).astype(np.float32)
    band = track_band(LoopSampler(fields, mask), ring_contours(), 0, trust=score)
    assert band.trust == pytest.approx(np.full_like(band.trust, 0.9), abs=1e-6)


def test_what_leaves_the_mask_is_not_trusted_any_more() -> None:
    fields, mask, _ = affine_loop(np.eye(2))
    score = np.where(mask[1:], 0.9, 0.0).astype(np.float32)
    sampler = LoopSampler(fields, mask)[0]
    along = CENTRE + np.array([[35.0, 0.0], [43.0, 0.0], [46.0, 0.0], [60.0, 0.0], [400.0, 0.0]])
    inside, border, beyond, *far = sampler.known(score[0], along)
    assert inside == pytest.approx(0.9)
    assert inside > border > 0.75
    assert border > beyond > 0.5
    assert far == [0.0, 0.0]


def test_dense_strain_of_a_uniform_deformation() -> None:
    step = np.array([[0.985, 0.01], [0.0, 1.02]])
    fields, mask, _ = affine_loop(step)
    *_, (frame, pull_back) = composed_pull_backs(fields, mask, 0)
    dense = deformation(pull_back, mask[frame], SPACING)
    flip = np.diag([1.0, -1.0])
    full = flip @ np.linalg.matrix_power(step, STEPS) @ flip
    inside = mask[frame]
    assert np.abs(dense.gradient[inside] - full).max() < 2e-3
    assert dense.determinant[inside] == pytest.approx(np.linalg.det(full), abs=3e-3)
    assert np.abs(dense.green_lagrange[inside] - 0.5 * (full.T @ full - np.eye(2))).max() < 3e-3
    along = dense.strain_along(np.array([1.0, 0.0]))
    assert along[inside].mean() == pytest.approx(np.linalg.norm(full[:, 0]) - 1, abs=1e-3)


def test_events_of_a_post_systolic_curve() -> None:
    curve = -0.01 * np.array([0, 5, 10, 12, 16, 8, 0])
    events = strain.strain_events(curve, 0, 3, 6)
    assert events.end_systolic == pytest.approx(-0.12)
    assert events.peak_systolic == pytest.approx(-0.12)
    assert events.peak == pytest.approx(-0.16)
    assert events.peak_index == 4
    assert events.post_systolic_index == pytest.approx(0.25)
