"""The window as a user meets it: opening, playing, scales, several loops."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from small_engine import FRAMES, FakeVerbs, dialogs, press, until, wait_idle

from app.application import make_window
from app.display import Page
from app.main_window import MainWindow
from app.settings import Settings


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


def test_the_view_is_asked_for_before_the_tracking(
    window: MainWindow, loop_file: Path, qtbot: QtBot
) -> None:
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    assert [section.is_open for section in window.steps.sections].index(True) == 1


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
