"""The contour moves as the heart does: from frame to frame it does not jump."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from engine.config import MaskConfig
from engine.masks.build import build_mask
from engine.masks.contour import without_outliers
from engine.masks.shape import even_halves, resample
from engine.model import Contours
from engine.phantom import Phantom, PhantomConfig, make_phantom, real_like
from engine.progress import NullProgress

Array = np.ndarray
ALLOWED_PX = 1.0
"""What a point may move beyond the true motion there."""


def layers(phantom: Phantom) -> list[tuple[Array, Array]]:
    """Return inner and outer contours made without a click, each with the true ones."""
    made, true = build_mask(phantom.cine, MaskConfig(), NullProgress()).contours, phantom.contours
    assert made is not None
    assert true is not None
    return list(zip(_curves(made), _curves(true), strict=True))


def excess(curves: Array, true: Array) -> tuple[Array, Array]:
    """Return how far points move beyond the truth nearest to them: in all, and across the curve.

    Args:
        curves: ``(T, N, 2)``, px.
        true: ``(T, M, 2)``, px.

    Returns:
        Both ``(T-1, N)``, px.
    """
    shift = np.diff(curves, axis=0)
    true_step = np.linalg.norm(np.diff(true, axis=0), axis=2)
    nearest = [cKDTree(there).query(here)[1] for here, there in zip(curves, true, strict=True)]
    allowed = np.stack([step[index] for step, index in zip(true_step, nearest, strict=False)])
    along = np.gradient(curves, axis=1)[:-1]
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    across = np.abs(shift[..., 0] * along[..., 1] - shift[..., 1] * along[..., 0])
    return np.linalg.norm(shift, axis=2) - allowed, across - allowed


def test_no_point_of_a_ring_jumps(short_axis: Phantom) -> None:
    for made, true in layers(short_axis):
        assert excess(made, true)[0].max() < ALLOWED_PX


def test_no_apical_boundary_jumps_across_itself(apical: Phantom) -> None:
    for made, true in layers(apical):
        assert excess(made, true)[1].max() < ALLOWED_PX


def test_no_apical_point_jumps(apical: Phantom) -> None:
    for made, true in layers(apical):
        assert excess(made, true)[0].max() < ALLOWED_PX


def test_no_point_of_a_noisy_loop_jumps(noisy: Phantom) -> None:
    for made, true in layers(noisy):
        assert excess(made, true)[0].max() < ALLOWED_PX


FAST = PhantomConfig(size=(192, 256), frames=20, cycle_frames=20, seed=7)


@pytest.mark.parametrize("config", [FAST, real_like(replace(FAST, seed=8))], ids=["plain", "noisy"])
def test_no_point_of_a_fast_heart_jumps(config: PhantomConfig) -> None:
    for made, true in layers(make_phantom(config)):
        assert excess(made, true)[0].max() < ALLOWED_PX


def test_points_of_one_side_stay_when_the_other_end_slides() -> None:
    angle = np.linspace(np.pi, 2 * np.pi, 400)
    whole = np.stack([40 * np.cos(angle), 90 * np.sin(angle)], axis=1)
    loop = np.stack([resample(whole[: 400 - 4 * k], 100, closed=False) for k in range(12)])
    moved = even_halves(loop)
    assert moved[:, [0, -1]] == pytest.approx(loop[:, [0, -1]], abs=1e-9)
    assert np.ptp(moved[:, :45], axis=0).max() < 0.6 < np.ptp(loop[:, 45], axis=0).max()


def test_a_frame_unlike_its_neighbours_is_replaced_and_motion_kept() -> None:
    beat = np.cos(np.linspace(0, 2 * np.pi, 30))[:, None] * np.ones(3)
    assert without_outliers(beat) == pytest.approx(beat, abs=0.2)
    caught = beat.copy()
    caught[12] += 4
    assert without_outliers(caught) == pytest.approx(beat, abs=0.2)


def _curves(contours: Contours) -> list[Array]:
    curves = [contours.endocardial, contours.epicardial]
    return [np.asarray(curve, np.float64) for curve in curves if curve is not None]
