"""Thickness handles, contours that follow the motion, and which wall is on the left."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from small_engine import wait_idle

from app.main_window import MainWindow
from app.operations.make_mask import apply_mask
from app.panels.mask_panel import walls_of
from app.views.contour_editor import EditMode
from app.views.thickness_stroke import SEGMENTS
from engine.config import MaskConfig
from engine.masks.editing import Scope, starts_on_the_right
from engine.masks.wall import thickness_handles
from engine.model import Contours, Mask, View
from engine.progress import NullProgress


def mask_of(window: MainWindow) -> Mask:
    """Return the current mask."""
    loop = window.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    return loop.mask


def contours_of(window: MainWindow) -> Contours:
    """Return the current contours."""
    contours = mask_of(window).contours
    assert contours is not None
    return contours


def thickness(contours: Contours) -> np.ndarray:
    """Return the wall's thickness at every frame and point, px."""
    assert contours.epicardial is not None
    return np.linalg.norm(contours.epicardial - contours.endocardial, axis=2)


@pytest.fixture
def thick(opened: MainWindow) -> MainWindow:
    """The window with the editor's thickness handles on, for the whole loop."""
    opened.context.session.set_frame(3)
    opened.actions_["edit_contour"].trigger()
    opened.edit_bar.mode_chosen.emit(EditMode.THICKNESS)
    opened.edit_bar.scope_chosen.emit(Scope.LOOP)
    return opened


def test_a_handle_dragged_outwards_thickens_its_segment_alone(
    thick: MainWindow, qtbot: QtBot
) -> None:
    before = contours_of(thick)
    inner, outer = thickness_handles(before, 3, SEGMENTS)
    scene = thick.stage.view.scene()
    assert scene is not None
    segment = 1
    wanted = outer[segment] + 0.5 * (outer[segment] - inner[segment])
    start, end = (QPoint(*np.rint(place).astype(int).tolist())
                  for place in scene.to_screen(np.stack([outer[segment], wanted])))  # fmt: skip
    view = thick.stage.view
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    wait_idle(thick, qtbot)
    after = contours_of(thick)
    ratio = thickness(after) / thickness(before)
    middle = round((segment + 0.5) / SEGMENTS * (ratio.shape[1] - 1))
    assert ratio[:, middle] == pytest.approx(1.5, abs=0.1)
    assert ratio[:, -8:] == pytest.approx(1, abs=1e-3)
    assert np.array_equal(after.endocardial, before.endocardial)
    thick.context.session.undo_group.undo()
    assert np.allclose(thickness(contours_of(thick)), thickness(before), atol=1e-4)


def test_keys_choose_a_segment_and_change_its_thickness(thick: MainWindow, qtbot: QtBot) -> None:
    before = contours_of(thick)
    qtbot.keyClick(thick, Qt.Key.Key_N)
    qtbot.keyClick(thick, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    wait_idle(thick, qtbot)
    change = thickness(contours_of(thick)) - thickness(before)
    assert 0.3 < change.max() <= 1.1
    assert change[:, 12:] == pytest.approx(0, abs=1e-3)


def test_contours_follow_the_tracked_motion_and_tell_how_far_they_agree(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    before = contours_of(tracked)
    tracked.actions_["edit_contour"].trigger()
    tracked.edit_bar.follow_requested.emit()
    wait_idle(tracked, qtbot)
    after = contours_of(tracked)
    for frame in before.keyframes:
        assert np.allclose(after.endocardial[frame], before.endocardial[frame], atol=1e-4)
    assert mask_of(tracked).notes[0].startswith("Interpolated and tracked contour: Dice")
    assert tracked.context.session.undo_group.canUndo()


def test_without_a_field_following_is_one_sentence(opened: MainWindow) -> None:
    told: list[str] = []
    opened.context.errors.raised.connect(lambda text, more: told.append(text))
    opened.actions_["edit_contour"].trigger()
    opened.edit_bar.follow_requested.emit()
    assert told == ["There is no motion to follow yet: track the loop first."]


def test_walls_swap_by_the_users_word_alone(opened: MainWindow, qtbot: QtBot) -> None:
    panel = opened.mask_panel
    assert not starts_on_the_right(contours_of(opened))
    panel.choose_view(View.A4C)
    assert not starts_on_the_right(contours_of(opened))
    panel.choose_left_wall(mirrored=True)
    assert starts_on_the_right(contours_of(opened))
    # A new mask of the same loop keeps what the user said.
    loop = opened.context.session.loop
    assert loop is not None
    fresh = opened.context.verbs.build_mask  # the small engine's contours begin on the left
    apply_mask(opened.context, loop.loop_id, fresh(loop.cine, MaskConfig(), NullProgress()))
    assert starts_on_the_right(contours_of(opened))
    panel.choose_left_wall(mirrored=False)
    assert not starts_on_the_right(contours_of(opened))


def test_a_tracked_loop_is_named_anew_after_the_swap(tracked: MainWindow, qtbot: QtBot) -> None:
    tracked.mask_panel.choose_view(View.A4C)
    tracked.mask_panel.choose_left_wall(mirrored=True)
    wait_idle(tracked, qtbot)
    session = tracked.context.session
    for mirrored in (True, False):
        loop = session.loop
        assert loop is not None
        assert loop.result is not None
        assert loop.result.contours is not None
        assert starts_on_the_right(loop.result.contours) == mirrored
        assert not loop.stale, "nothing is to be tracked again"
        session.undo_group.undo()


@pytest.mark.parametrize(
    ("view", "walls"),
    [
        (View.A4C, ("inferoseptal", "anterolateral")),
        (View.A2C, ("inferior", "anterior")),
        (View.APLAX, ("inferolateral", "anteroseptal")),
    ],
)
def test_walls_of_the_views_are_the_usual_ones(view: View, walls: tuple[str, str]) -> None:
    assert walls_of(view) == walls
