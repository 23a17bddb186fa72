"""The contour editor, by mouse and keyboard, on the real widget."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, wait_idle

from app.main_window import MainWindow
from app.operations.edit_contour import commit_brush
from app.views.contour_editor import EditMode
from engine.masks.editing import Brush, Scope
from engine.model import Cine, Contours, Mask, MaskKind, Target


@pytest.fixture
def editing(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with the editor on, at a frame between two keyframes."""
    opened.context.session.set_frame(3)
    opened.actions_["edit_contour"].trigger()
    assert opened.editing.active
    return opened


def contours_of(window: MainWindow) -> Contours:
    """Return the current contours."""
    loop = window.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    assert loop.mask.contours is not None
    return loop.mask.contours


def on_screen(window: MainWindow, place: NDArray[np.floating]) -> QPoint:
    """Return where an image place is on the view."""
    scene = window.stage.view.scene()
    assert scene is not None
    x, y = scene.to_screen(np.array([place]))[0]
    return QPoint(round(x), round(y))


def drag(window: MainWindow, qtbot: QtBot, start: QPoint, end: QPoint) -> None:
    """Drag with the left button."""
    view = window.stage.view
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, (start + end) / 2)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    wait_idle(window, qtbot)


def test_dragging_moves_the_curve_and_makes_a_keyframe(editing: MainWindow, qtbot: QtBot) -> None:
    before = contours_of(editing)
    apex = before.endocardial[3, 12]
    start = on_screen(editing, apex)
    drag(editing, qtbot, start, start + QPoint(0, -30))
    after = contours_of(editing)
    assert after.endocardial[3, 12, 1] < apex[1] - 2
    assert after.keyframes == (0, 3, 6)
    # The stroke fades out at the keyframes around it and reaches nothing beyond.
    assert np.array_equal(after.endocardial[0], before.endocardial[0])
    assert np.array_equal(after.endocardial[6:], before.endocardial[6:])
    assert after.epicardial is not None
    assert before.epicardial is not None
    assert np.array_equal(after.epicardial, before.epicardial)


def test_each_stroke_is_one_undo_step(editing: MainWindow, qtbot: QtBot) -> None:
    session = editing.context.session
    versions = [contours_of(editing)]
    for _ in range(2):
        start = on_screen(editing, contours_of(editing).endocardial[3, 12])
        drag(editing, qtbot, start, start + QPoint(0, -20))
        versions.append(contours_of(editing))
    for version in versions[-2::-1]:
        session.undo_group.undo()
        assert np.array_equal(contours_of(editing).endocardial, version.endocardial)
    assert not session.undo_group.canUndo()
    session.undo_group.redo()
    assert np.array_equal(contours_of(editing).endocardial, versions[1].endocardial)


def test_whole_loop_scope_moves_every_frame_alike(editing: MainWindow, qtbot: QtBot) -> None:
    tool = editing.stage.tool
    assert tool is not None
    editing.edit_bar.scope_chosen.emit(Scope.LOOP)
    before = contours_of(editing).endocardial
    start = on_screen(editing, before[3, 12])
    drag(editing, qtbot, start, start + QPoint(0, -25))
    change = contours_of(editing).endocardial - before
    assert np.abs(change[3]).max() > 2
    assert np.allclose(change, change[3], atol=1e-4)


@pytest.mark.parametrize("mode", [EditMode.INSERT, EditMode.DELETE, EditMode.PUSH])
def test_every_mode_changes_the_curve_and_keeps_its_count(
    editing: MainWindow, qtbot: QtBot, mode: EditMode
) -> None:
    editing.edit_bar.mode_chosen.emit(mode)
    before = contours_of(editing).endocardial
    start = on_screen(editing, before[3, 12] + (0, 1.5))
    drag(editing, qtbot, start, start + QPoint(6, -12))
    after = contours_of(editing).endocardial
    assert after.shape == before.shape
    assert not np.array_equal(after[3], before[3])


def test_keyboard_chooses_and_nudges_a_point(editing: MainWindow, qtbot: QtBot) -> None:
    before = contours_of(editing).endocardial
    qtbot.keyClick(editing, Qt.Key.Key_N)
    qtbot.keyClick(editing, Qt.Key.Key_N)
    qtbot.keyClick(editing, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    wait_idle(editing, qtbot)
    change = contours_of(editing).endocardial[3] - before[3]
    assert change[:, 1].min() == pytest.approx(-1, abs=1e-3)
    assert np.abs(change[:, 0]).max() < 1e-3


def test_escape_ends_editing_and_gives_the_mouse_back(editing: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(editing, Qt.Key.Key_Escape)
    assert not editing.editing.active
    assert editing.stage.tool is None
    assert not editing.edit_bar.isVisible()


def test_brush_paints_a_free_mask_on_one_frame(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.context.session
    loop = session.loop
    assert loop is not None
    data = np.zeros(loop.cine.shape, np.bool_)
    data[:, 40:60, 40:60] = True
    session.update(loop.loop_id, mask=Mask(data, MaskKind.TISSUE_REGION))
    session.set_frame(3)
    opened.actions_["edit_contour"].trigger()
    drag(
        opened,
        qtbot,
        on_screen(opened, np.array([80.0, 50.0])),
        on_screen(opened, np.array([90.0, 50.0])),
    )
    assert session.loop is not None
    assert session.loop.mask is not None
    painted = session.loop.mask.data
    assert painted[3, 50, 85]
    assert not painted[2, 50, 85]
    assert painted[3, 50, 50]


def test_strokes_that_come_fast_are_all_there_and_undone_one_by_one(
    opened: MainWindow, qtbot: QtBot
) -> None:
    session = opened.context.session
    loop = session.loop
    assert loop is not None
    data = np.zeros(loop.cine.shape, np.bool_)
    data[:, 90, 120] = True
    session.update(loop.loop_id, mask=Mask(data, MaskKind.FILE))
    paths = [np.array([[20.0 + 30 * number, 50.0]]) for number in range(3)]
    for path in paths:
        commit_brush(opened.context, path, 4.0, Brush.ADD, Scope.FRAME)
    wait_idle(opened, qtbot)
    for left in (3, 2, 1, 0):
        assert session.loop is not None
        assert session.loop.mask is not None
        painted = session.loop.mask.data[0]
        drawn = [bool(painted[int(path[0, 1]), int(path[0, 0])]) for path in paths]
        assert drawn == [number < left for number in range(3)]
        session.undo_group.undo()


def test_interpolate_without_keyframes_is_one_sentence(editing: MainWindow, qtbot: QtBot) -> None:
    session = editing.context.session
    loop = session.loop
    assert loop is not None
    assert loop.mask is not None
    bare = Contours(contours_of(editing).endocardial, contours_of(editing).epicardial)
    session.update(loop.loop_id, mask=Mask(loop.mask.data, loop.mask.kind, bare))
    told: list[str] = []
    editing.context.errors.raised.connect(lambda text, more: told.append(text))
    editing.edit_bar.interpolate_requested.emit()
    assert told == ["No keyframe is marked: edit or confirm the contour at one frame."]


def test_interpolating_at_once_keeps_the_stroke_that_is_still_being_filled(
    editing: MainWindow, verbs: FakeVerbs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contours_of(editing).endocardial.copy()
    gate, fill = threading.Event(), verbs.fill_contours

    def late(cine: Cine, mask: Mask, contours: Contours, target: Target) -> Mask:
        gate.wait(10)
        return fill(cine, mask, contours, target)

    monkeypatch.setattr(verbs, "fill_contours", late)
    editing.editing.nudge(6.0, 0.0)
    editing.edit_bar.interpolate_requested.emit()
    gate.set()
    wait_idle(editing, qtbot)
    after = contours_of(editing)
    assert 3 in after.keyframes
    for frame in (2, 3, 4):
        assert np.abs(after.endocardial[frame] - before[frame]).max() > 2
