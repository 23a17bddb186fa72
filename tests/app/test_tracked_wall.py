"""The review shows what strain is measured on: the wall as the field carries it."""

from __future__ import annotations

import itertools

import numpy as np
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, wait_idle

from app.engine_verbs import EngineVerbs
from app.main_window import MainWindow
from app.operations.confirm import confirm_view
from app.views.overlays.tracked_wall import shown_wall
from engine.model import Contours, Scale, ScaleField, Target, TrackingResult, View
from engine.progress import NullProgress

SHAPE = (96, 128)
FRAMES = 5
REVIEW = 3


def drifting(*, closed: bool) -> TrackingResult:
    """Return a wall that drifts by (2, -1) px a frame, with contours that stay where they were."""
    displacement = np.zeros((FRAMES - 1, 2, *SHAPE), np.float32)
    displacement[:, 0], displacement[:, 1] = -2.0, 1.0
    turn = 2 * np.pi if closed else np.pi
    angle = np.pi + np.linspace(0, turn, 60, endpoint=not closed)
    around = np.stack([np.cos(angle), np.sin(angle)], 1)
    inner, outer = np.array([56.0, 56.0]) + 20 * around, np.array([56.0, 56.0]) + 30 * around
    contours = Contours(
        np.repeat(inner[None], FRAMES, 0).astype(np.float32),
        np.repeat(outer[None], FRAMES, 0).astype(np.float32),
        closed=closed,
    )
    noise = np.random.default_rng(3).integers(0, 255, SHAPE, dtype=np.uint8)
    frames = np.stack([np.roll(noise, (-index, 2 * index), (0, 1)) for index in range(FRAMES)])
    return TrackingResult(
        (ScaleField(Scale.FULL, displacement),), np.ones((FRAMES, *SHAPE), bool), "ssmsr",
        Target.TISSUE, "0" * 64, "0", frames=frames, contours=contours, ed_frame=1, es_frame=3,
        view=View.PSAX_MID if closed else View.A4C,
    )  # fmt: skip


def test_the_wall_goes_where_the_field_goes_and_not_where_the_mask_is() -> None:
    for closed in (False, True):
        result = drifting(closed=closed)
        wall = EngineVerbs().follow_wall(result, NullProgress())
        inner = wall.contours.endocardial
        for frame in range(FRAMES):
            moved = inner[frame] - inner[1]
            assert np.allclose(moved, (2.0 * (frame - 1), -1.0 * (frame - 1)), atol=0.02)


def test_segments_cover_the_whole_wall_in_order() -> None:
    wall = EngineVerbs().follow_wall(drifting(closed=False), NullProgress())
    spans = list(wall.segments.values())
    assert next(iter(wall.segments)) == "basal_inferoseptal"
    assert spans[0][0] == 0
    assert spans[-1][1] == wall.contours.endocardial.shape[1] - 1
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))


def test_the_review_step_shows_the_tracked_wall_and_no_other_step_does(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    view, session = tracked.stage.view, tracked.context.session
    assert "follow_wall" not in verbs.calls
    tracked.steps.open_step(REVIEW)
    wait_idle(tracked, qtbot)
    scene = view.scene()
    assert scene is not None
    assert shown_wall(scene) is not None
    assert tracked.actions_["wall"].isChecked()
    assert not view.grab().isNull()
    tracked.steps.open_step(REVIEW + 1)
    scene = view.scene()
    assert scene is not None
    assert shown_wall(scene) is None
    assert session.loop is not None
    assert verbs.calls.count("follow_wall") == 1


def test_a_confirmed_view_names_the_segments_of_the_wall(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    tracked.steps.open_step(REVIEW)
    wait_idle(tracked, qtbot)
    confirm_view(tracked.context, View.A4C)
    wait_idle(tracked, qtbot)
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.wall is not None
    assert list(loop.wall.segments) == ["basal_inferoseptal", "mid_inferoseptal"]
    assert verbs.calls.count("follow_wall") == 2
    assert not tracked.stage.view.grab().isNull()
