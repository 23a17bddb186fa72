"""The window, driven as a user drives it, on a small engine whose answers are known."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot
from small_engine import FRAMES, FakeVerbs, until, wait_idle

from app.application import make_window
from app.dialogs.questions import NumberDialog
from app.display import Page
from app.main_window import MainWindow
from app.settings import Settings
from app.views.overlays.colour_bar import colour_bar_label
from app.widgets.step_section import StepState
from engine.config import Preset
from engine.errors import OutputError, ResourceError
from engine.model import Scale, Target, View


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    """Press a key as the user does, wherever the focus is."""
    qtbot.keyClick(window, key)


def dialogs(window: MainWindow) -> list[QMessageBox]:
    """Return the open error dialogs."""
    return [box for box in window.findChildren(QMessageBox) if box.isVisible()]


def test_research_notice_is_always_visible(window: MainWindow) -> None:
    notices = [
        item for item in window.findChildren(QLabel) if item.text().startswith("Research use only")
    ]
    assert notices
    assert notices[0].isVisible()


def test_empty_window_offers_a_drop_target(window: MainWindow) -> None:
    assert window.stage.currentWidget() is window.stage.empty
    assert not window.actions_["track"].isEnabled()


def test_opening_shows_the_loop_makes_the_mask_and_plays(
    window: MainWindow, loop_file: Path, qtbot: QtBot
) -> None:
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    loop = window.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    assert (loop.ed_frame, loop.es_frame) == (2, 7)
    assert window.context.player.playing
    assert window.stage.currentWidget() is window.stage.view
    assert window.context.settings.recent_files() == (loop_file,)


def test_dropped_file_is_opened(window: MainWindow, loop_file: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(loop_file))])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    wait_idle(window, qtbot)
    assert len(window.context.session.loops) == 1


def test_unreadable_file_gives_one_sentence_and_keeps_what_is_open(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    before = opened.context.session.loop
    opened.commands.open_path(tmp_path / "missing.dcm")
    wait_idle(opened, qtbot)
    (box,) = dialogs(opened)
    assert box.text() == "missing.dcm is not there. Choose another file."
    assert opened.context.session.loop is before


def test_arrow_keys_step_and_home_end_jump(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.context.session
    for key, frame in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Left, FRAMES - 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, FRAMES - 1),
    ):
        press(qtbot, opened, key)
        assert session.frame == frame


def test_space_plays_even_when_a_button_has_the_focus(opened: MainWindow, qtbot: QtBot) -> None:
    opened.track_panel.start.setFocus()
    qtbot.keyClick(opened.track_panel.start, Qt.Key.Key_Space)
    assert opened.context.player.playing
    assert opened.context.jobs.running("track") is None


def test_typing_a_frame_jumps_and_gives_the_keyboard_back(opened: MainWindow, qtbot: QtBot) -> None:
    box = opened.player_bar.frame_box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "9")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert opened.context.session.frame == 4  # the source counts from 5
    assert not box.hasFocus()


def test_loop_ends_bound_the_steps(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.context.session
    session.set_frame(3)
    press(qtbot, opened, Qt.Key.Key_BracketLeft)
    session.set_frame(5)
    press(qtbot, opened, Qt.Key.Key_BracketRight)
    press(qtbot, opened, Qt.Key.Key_Right)
    assert session.frame == 3


def test_first_scale_is_shown_while_finer_ones_run(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    verbs.gate = threading.Event()
    opened.track_panel.run()
    session, display = opened.context.session, opened.context.display
    until(qtbot, lambda: session.loop is not None and bool(session.loop.flows))
    assert session.loop is not None
    assert list(session.loop.flows) == [Scale.EIGHTH]
    assert (display.options.page, display.options.scale) == (Page.FIELD, Scale.EIGHTH)
    assert opened.view_bar.scales[Scale.EIGHTH].isEnabled()
    assert not opened.view_bar.scales[Scale.FULL].isEnabled()
    verbs.gate.set()
    wait_idle(opened, qtbot)
    assert list(session.loop.flows) == list(Scale)
    assert display.options.scale is Scale.FULL


def test_later_scales_do_not_pull_the_user_away(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    verbs.gate = threading.Event()
    opened.track_panel.run()
    session = opened.context.session
    until(qtbot, lambda: session.loop is not None and bool(session.loop.flows))
    opened.context.display.set(page=Page.IMAGE)
    verbs.gate.set()
    wait_idle(opened, qtbot)
    assert opened.context.display.options.page is Page.IMAGE


def test_cancel_keeps_finished_scales_and_says_that_it_is_incomplete(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    verbs.gate = threading.Event()
    opened.track_panel.run()
    session = opened.context.session
    until(qtbot, lambda: session.loop is not None and bool(session.loop.flows))
    opened.actions_["cancel"].trigger()
    until(qtbot, lambda: not opened.context.jobs.busy)
    assert session.loop is not None
    assert session.loop.result is None
    assert list(session.loop.flows) == [Scale.EIGHTH]
    state, text = opened.track_panel.state()
    assert state is StepState.ATTENTION
    assert "not complete" in text
    assert not dialogs(opened)


def test_preview_preset_tracks_two_scales(opened: MainWindow, qtbot: QtBot) -> None:
    panel = opened.track_panel
    panel.preset.setCurrentIndex(panel.preset.findData(Preset.PREVIEW.value))
    config = panel.config()
    assert config.scales == ("1_8", "1_4")
    assert config.preset is Preset.PREVIEW
    assert config.reserve_cores == 1


def test_failed_tracking_keeps_loop_and_mask(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    verbs.failure = ResourceError("There is not enough memory. Choose fewer frames.")
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    (box,) = dialogs(opened)
    assert box.text() == "There is not enough memory. Choose fewer frames."
    assert opened.context.session.loop is not None
    assert opened.context.session.loop.mask is not None
    assert opened.track_panel.start.isEnabled()


def test_colour_bar_is_in_cm_per_s_only_where_calibrated(
    window: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    for calibrated, label in (
        (True, "Speed, cm/s"),
        (False, "Speed, px/frame · not calibrated"),
    ):
        verbs.calibrated = calibrated
        window.commands.open_path(loop_file)
        wait_idle(window, qtbot)
        window.track_panel.run()
        wait_idle(window, qtbot)
        scene = window.stage.view.scene()
        assert scene is not None
        assert colour_bar_label(scene) == label


def test_hover_tells_the_velocity_in_its_unit(tracked: MainWindow) -> None:
    tracked.context.session.set_frame(3)
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.finest is not None
    # 2 px right of 0.5 mm and 1 px up of 0.4 mm in 20 ms
    velocity = loop.finest.velocity_at(3, 60, 50)
    assert velocity == pytest.approx((5.0, 2.0))
    assert loop.finest.velocity_at(0, 60, 50) is None
    assert loop.finest.velocity_at(3, 5, 5) is None


def test_trust_fades_the_arrows_of_its_half(tracked: MainWindow) -> None:
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.finest is not None
    arrows = loop.finest.arrows(3, 8.0)
    assert arrows is not None
    assert np.array_equal(arrows.trusted, arrows.positions[:, 0] >= 60)


def test_compare_shares_zoom_and_time(tracked: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, tracked, Qt.Key.Key_5)
    assert tracked.stage.currentWidget() is tracked.stage.compare
    viewports = {id(view.viewport) for view in tracked.stage.compare.views}
    assert len(viewports) == 1
    limits = {view.scene().limit for view in tracked.stage.compare.views if view.scene()}
    assert len(limits) == 1


def test_scale_keys_do_nothing_before_tracking(opened: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, opened, Qt.Key.Key_3)
    assert opened.context.display.options.page is Page.IMAGE


def test_exports_write_the_chosen_file(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for action, call in (
        ("export_video", "write_movie 1"),
        ("export_csv", "write_csv"),
        ("export_result", "write_result"),
    ):
        target = tmp_path / f"{action}.bin"
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *args, name=str(target): (name, "")
        )
        tracked.actions_[action].trigger()
        wait_idle(tracked, qtbot)
        assert target.exists()
        assert call in verbs.calls


def test_full_disk_gives_one_sentence(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verbs.failure = OutputError("out.mp4 could not be written: the disk is full.")
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "out.mp4"), "")
    )
    tracked.actions_["export_video"].trigger()
    wait_idle(tracked, qtbot)
    (box,) = dialogs(tracked)
    assert box.text() == "out.mp4 could not be written: the disk is full."
    assert tracked.context.session.loop is not None
    assert tracked.context.session.loop.result is not None


def test_report_measures_first_and_writes(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    tracked.actions_["report"].trigger()
    wait_idle(tracked, qtbot)
    assert (tmp_path / "report.pdf").exists()
    assert verbs.calls[-2:] == ["measure", "report"]


def test_closing_in_the_middle_of_a_run_leaves_cleanly(
    verbs: FakeVerbs, loop_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    window = make_window(verbs, Settings(tmp_path / "other.ini"))
    qtbot.addWidget(window)
    window.show()
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    verbs.gate = threading.Event()
    window.track_panel.run()
    until(qtbot, lambda: window.context.jobs.running("track") is not None)
    window.close()
    assert set(threading.enumerate()) <= before
    assert not window.context.jobs.busy


def test_calibration_changes_units_and_keeps_displacements(
    window: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    verbs.calibrated = False
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    window.track_panel.run()
    wait_idle(window, qtbot)
    window.commands._ask_distance(((10.0, 10.0), (10.0, 60.0)))
    dialog = window.findChild(NumberDialog)
    assert dialog is not None
    dialog.box.setValue(25.0)
    dialog.accept()
    wait_idle(window, qtbot)
    loop = window.context.session.loop
    assert loop is not None
    assert loop.cine.spacing_mm == pytest.approx((0.5, 0.5))
    assert "by hand" in loop.cine.provenance.spacing_origin
    assert loop.result is not None
    assert loop.result.spacing_mm == pytest.approx((0.5, 0.5))
    # Times are still unknown, so no speed is shown in cm/s.
    assert loop.finest is not None
    assert loop.finest.unit == "px/frame"


def test_view_is_never_confirmed_but_by_the_user(opened: MainWindow, qtbot: QtBot) -> None:
    loop = opened.context.session.loop
    assert loop is not None
    assert not loop.view_confirmed
    opened.mask_panel.choose_view(View.A4C)
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.view is View.A4C
    assert loop.view_confirmed


def test_blood_makes_its_own_mask(opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot) -> None:
    opened.mask_panel.choose_target(Target.BLOOD)
    wait_idle(opened, qtbot)
    assert verbs.calls[-1] == "build_mask auto blood"
    assert opened.track_panel.config().target == "blood"


def test_new_mask_can_be_undone_and_marks_the_tracking_stale(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    session = tracked.context.session
    assert session.loop is not None
    before = session.loop.mask
    tracked.actions_["make_mask"].trigger()
    wait_idle(tracked, qtbot)
    assert session.loop.mask is not before
    assert session.loop.stale
    session.undo_group.undo()
    assert session.loop.mask is before
    assert not session.loop.stale


def test_measuring_shows_curves_and_a_click_of_them_jumps(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    tracked.actions_["measure"].trigger()
    wait_idle(tracked, qtbot)
    assert tracked.curves.isVisible()
    assert tracked.curves.quantity.currentData() == "strain_longitudinal"
    tracked.curves.sought.emit(6)
    assert tracked.context.session.frame == 6


def test_review_is_kept_with_the_result(tracked: MainWindow, qtbot: QtBot) -> None:
    session = tracked.context.session
    tracked.actions_["measure"].trigger()
    wait_idle(tracked, qtbot)
    tracked.review_panel.accept()
    assert session.loop is not None
    assert session.loop.reviewed
    assert session.loop.result is not None
    assert session.loop.result.reviewed


def test_playing_goes_on_while_the_mouse_moves(opened: MainWindow, qtbot: QtBot) -> None:
    seen: set[int] = set()
    opened.context.session.frame_changed.connect(seen.add)
    opened.context.player.play()
    for step in range(60):
        qtbot.mouseMove(opened.stage.view, QPoint(100 + step, 100))
        qtbot.wait(5)
    assert len(seen) >= 6


def test_several_loops_keep_their_own_state(
    tracked: MainWindow, loop_file: Path, qtbot: QtBot
) -> None:
    session = tracked.context.session
    first = session.loop
    assert first is not None
    tracked.commands.open_path(loop_file)
    wait_idle(tracked, qtbot)
    assert tracked.loops.isVisible()
    assert session.loop is not None
    assert not session.loop.flows
    assert tracked.context.display.options.page is Page.IMAGE
    session.activate(first.loop_id)
    assert session.loop is not None
    assert session.loop.result is first.result
    assert tracked.context.display.options.page is Page.FIELD
