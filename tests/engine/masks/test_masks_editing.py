"""Edits make a new value, change only what they should, and reach the right frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.masks.editing import (
    Brush,
    Layer,
    Scope,
    apply_edit,
    brush_stroke,
    delete_point,
    insert_point,
    move_point,
    nearest_point,
    push,
    reinterpolate,
    snap_to_gradient,
)
from engine.masks.shape import ellipses, resample
from engine.model import Contours


def circle(radius: float = 20.0, count: int = 60) -> np.ndarray:
    return ellipses(np.array([[60.0, 60.0, radius, radius, 0.0]]), count)[0]


def loop(frames: int = 9) -> Contours:
    inner = np.repeat(circle()[None], frames, axis=0)
    return Contours(inner, inner * 1.2, closed=True, keyframes=(0, 8))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 59), st.floats(-10, 10), st.floats(-10, 10), st.floats(0, 40))
def test_a_moved_point_arrives_and_far_ones_stay(
    index: int, right: float, down: float, reach: float
) -> None:
    before = circle()
    place = (float(before[index, 0] + right), float(before[index, 1] + down))
    after = move_point(before, index, place, reach=reach, closed=True)
    assert after[index] == pytest.approx(place)
    opposite = (index + 30) % 60
    assert np.array_equal(after[opposite], before[opposite])
    assert np.array_equal(before, circle())


def test_neighbours_follow_around_the_seam_of_a_closed_curve_only() -> None:
    before = circle()
    closed = move_point(before, 0, (85.0, 60.0), reach=15, closed=True)
    opened = move_point(before, 0, (85.0, 60.0), reach=15, closed=False)
    assert closed[-1, 0] > before[-1, 0]
    assert np.array_equal(opened[-1], before[-1])


def test_the_nearest_point_is_told_with_its_distance() -> None:
    assert nearest_point(circle(), (83.0, 60.0)) == (0, pytest.approx(3.0))


def test_points_are_put_in_and_taken_out() -> None:
    before = circle()
    more = insert_point(before, (60.0, 81.0), closed=True)
    assert len(more) == 61
    assert any(np.array_equal(point, (60.0, 81.0)) for point in more)
    index, distance = nearest_point(more, (60.0, 81.0))
    assert distance == 0
    assert np.array_equal(delete_point(more, index), before)
    with pytest.raises(InputError, match="four points"):
        delete_point(before[:4], 0)


def test_an_open_curve_takes_no_point_into_its_base_line() -> None:
    arc = circle()[:31]
    more = insert_point(arc, (60.0, 60.0), closed=False)
    assert np.array_equal(more[0], arc[0])
    assert np.array_equal(more[-1], arc[-1])


def test_the_push_tool_moves_what_it_covers() -> None:
    before = circle()
    after = push(before, (80.0, 60.0), (85.0, 60.0), radius=10)
    assert after[0] == pytest.approx((85.0, 60.0))
    away = np.linalg.norm(before - (80, 60), axis=1) > 10
    assert np.array_equal(after[away], before[away])


def test_a_stroke_adds_and_erases_its_own_width() -> None:
    empty = np.zeros((60, 80), np.bool_)
    path = np.array([[20.0, 30.0], [60.0, 30.0]])
    drawn = brush_stroke(empty, path, 5, Brush.ADD)
    assert drawn.sum() == pytest.approx(40 * 11 + np.pi * 25, rel=0.1)
    assert not empty.any()
    assert not brush_stroke(drawn, path, 7, Brush.ERASE).any()


def test_snapping_finds_the_edge_of_a_disk() -> None:
    y, x = np.mgrid[:120, :120]
    frame = np.where(np.hypot(x - 60, y - 60) < 25, 30, 150).astype(np.uint8)
    snapped = snap_to_gradient(frame, circle(22.0), radius=6, closed=True)
    radius = np.linalg.norm(snapped - 60, axis=1)
    assert radius == pytest.approx(np.full(60, 25.0), abs=0.7)


def test_an_edit_becomes_a_keyframe_and_fades_to_its_neighbours() -> None:
    before = loop()
    after = apply_edit(before, 4, circle() + np.array([6, 0]), Layer.ENDOCARDIAL, Scope.FRAME)
    shift = (after.endocardial - before.endocardial)[:, 0, 0]
    assert shift == pytest.approx([0, 1.5, 3, 4.5, 6, 4.5, 3, 1.5, 0], abs=1e-4)
    assert after.keyframes == (0, 4, 8)
    assert np.array_equal(after.epicardial, before.epicardial)


def test_an_edit_of_the_loop_reaches_every_frame() -> None:
    before = loop()
    assert before.epicardial is not None
    after = apply_edit(before, 2, before.epicardial[2] + 3, Layer.EPICARDIAL, Scope.LOOP)
    assert after.epicardial is not None
    assert after.epicardial - before.epicardial == pytest.approx(3, abs=1e-4)


def test_an_edit_outside_the_loop_or_without_epicardium_is_told() -> None:
    with pytest.raises(InputError, match="outside the loop"):
        apply_edit(loop(), 9, circle(), Layer.ENDOCARDIAL, Scope.FRAME)
    bare = Contours(loop().endocardial, closed=True)
    with pytest.raises(InputError, match="epicardial"):
        apply_edit(bare, 0, circle(), Layer.EPICARDIAL, Scope.FRAME)


def test_a_curve_of_other_length_is_brought_to_the_loops() -> None:
    after = apply_edit(
        loop(), 4, resample(circle(), 75, closed=True), Layer.ENDOCARDIAL, Scope.LOOP
    )
    assert after.endocardial.shape == (9, 60, 2)


def test_frames_between_keyframes_are_linear() -> None:
    curves = np.repeat(circle()[None], 9, axis=0)
    curves[8] += (8, 0)
    curves[3] += (50, 50)
    between = reinterpolate(Contours(curves, closed=True, keyframes=(0, 8)))
    assert between.endocardial[3] == pytest.approx(circle() + np.array([3, 0]), abs=1e-3)
    single = reinterpolate(Contours(curves, closed=True, keyframes=(8,)))
    assert single.endocardial[0] == pytest.approx(circle() + np.array([8, 0]), abs=1e-3)
    with pytest.raises(InputError, match="keyframe"):
        reinterpolate(Contours(curves, closed=True))


@pytest.mark.parametrize("layer", list(Layer))
def test_a_border_drawn_past_the_other_pushes_it_on(layer: Layer) -> None:
    """The wall, 10 px thick, stays a wall; where nothing was drawn nothing changes."""
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    out = np.stack([np.cos(angle), np.sin(angle)], 1)
    before = Contours(
        np.repeat((80 + 30 * out)[None], 5, 0).astype(np.float32),
        np.repeat((80 + 40 * out)[None], 5, 0).astype(np.float32),
        closed=True,
        keyframes=(0, 4),
    )
    bump = 20 * np.exp(-(((angle - np.pi) / 0.3) ** 2))
    radius = 30 + bump if layer is Layer.ENDOCARDIAL else 40 - bump
    after = apply_edit(before, 2, 80 + radius[:, None] * out, layer, Scope.FRAME)
    assert after.epicardial is not None
    assert before.epicardial is not None
    inner = np.linalg.norm(after.endocardial - 80, axis=-1)
    outer = np.linalg.norm(after.epicardial - 80, axis=-1)
    assert (outer - inner).min() == pytest.approx(5.0, abs=1e-3)
    assert (outer if layer is Layer.EPICARDIAL else inner)[2] == pytest.approx(radius, abs=1e-3)
    still = np.abs(angle - np.pi) > 0.5
    assert np.array_equal(after.endocardial[[0, 4]], before.endocardial[[0, 4]])
    assert np.array_equal(after.epicardial[[0, 4]], before.epicardial[[0, 4]])
    other = ("epicardial", "endocardial")[layer is Layer.EPICARDIAL]
    assert np.array_equal(getattr(after, other)[:, still], getattr(before, other)[:, still])
