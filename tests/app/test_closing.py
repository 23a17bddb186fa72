"""Closing a loop never drops work unasked; a session brings back peers, player and origins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, dialogs, until, wait_idle

from app.dialogs import questions
from app.main_window import MainWindow
from app.operations.calibrate import calibrate, set_frame_rate
from app.operations.export import export_csv
from app.operations.peers import track_peer
from app.operations.save_session import SUFFIX, save_session
from app.playback import Player
from app.session import Loop
from engine.errors import OutputError
from engine.model import Measurements

KINDS = QMessageBox.StandardButton


def current(window: MainWindow) -> Loop:
    """Return the loop shown."""
    loop = window.context.session.loop
    assert loop is not None
    return loop


def answer(window: MainWindow, qtbot: QtBot, kind: QMessageBox.StandardButton) -> None:
    """Press a button of the one question that is open."""
    (box,) = dialogs(window)
    qtbot.mouseClick(box.button(kind), Qt.MouseButton.LeftButton)


def test_a_loop_that_was_only_looked_at_closes_unasked(opened: MainWindow) -> None:
    opened.actions_["close_loop"].trigger()
    assert not opened.context.session.loops
    assert not dialogs(opened)


def test_cancel_keeps_a_tracked_loop_and_discard_closes_it(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    tracked.actions_["close_loop"].trigger()
    assert dialogs(tracked)[0].text() == "small.dcm has work that is not saved."
    answer(tracked, qtbot, KINDS.Cancel)
    assert current(tracked).flows
    tracked.loops.close_requested.emit(current(tracked).loop_id)
    answer(tracked, qtbot, KINDS.Discard)
    assert not tracked.context.session.loops


def test_save_writes_the_session_and_then_closes(
    tracked: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"work{SUFFIX}"
    monkeypatch.setattr(questions, "ask_save", lambda *words: path)
    tracked.actions_["close_loop"].trigger()
    answer(tracked, qtbot, KINDS.Save)
    until(qtbot, lambda: not tracked.context.session.loops)
    assert path.exists()


def test_without_a_file_to_save_to_the_loop_stays(
    tracked: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "ask_save", lambda *words: None)
    tracked.actions_["close_loop"].trigger()
    answer(tracked, qtbot, KINDS.Save)
    assert current(tracked).flows


def test_what_is_saved_closes_unasked_until_it_is_changed(
    tracked: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    save_session(tracked.context, tmp_path / f"work{SUFFIX}", tracked.commands._saved)
    wait_idle(tracked, qtbot)
    assert not tracked.recovery.unsaved(current(tracked))
    tracked.review_panel.accept()
    assert tracked.recovery.unsaved(current(tracked))


def test_the_name_is_hidden_in_the_question_too(tracked: MainWindow) -> None:
    tracked.context.session.set_private(True)
    tracked.actions_["close_loop"].trigger()
    assert "small.dcm" not in dialogs(tracked)[0].text()


def saved_with_peer(window: MainWindow, qtbot: QtBot, folder: Path) -> Path:
    """Track by another method, too, and save the session."""
    track_peer(window.context, "dis")
    wait_idle(window, qtbot)
    path = folder / f"work{SUFFIX}"
    save_session(window.context, path, window.commands._saved)
    wait_idle(window, qtbot)
    return path


def test_a_session_holds_the_fields_of_other_methods(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    path = saved_with_peer(tracked, qtbot, tmp_path)
    assert {file.name for file in tmp_path.glob("*.h5")} == {"work.h5", "work-dis.h5"}
    written = verbs.results[str(tmp_path / "work-dis.h5")]
    assert written.method == "dis"
    assert written.frames is None
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    assert list(current(tracked).peers) == ["dis"]
    assert list(current(tracked).layers)[-1] == "dis"


def test_a_peer_whose_file_is_gone_is_left_out_and_told(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    path = saved_with_peer(tracked, qtbot, tmp_path)
    del verbs.results[str(tmp_path / "work-dis.h5")]
    told: list[str] = []
    tracked.context.jobs.noticed.connect(told.append)
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    assert not current(tracked).peers
    assert current(tracked).result is not None
    assert any("DIS was left out" in sentence for sentence in told)


def test_a_session_holds_speed_ends_and_looping(
    tracked: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    player = tracked.context.player
    player.set_speed(0.25)
    player.set_looping(False)
    player.set_range(2, 8)
    before = player.settings()
    path = tmp_path / f"work{SUFFIX}"
    save_session(tracked.context, path, tracked.commands._saved)
    wait_idle(tracked, qtbot)
    player.set_speed(1.0)
    player.set_looping(True)
    player.reset_range()
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    assert player.settings() == before == {"speed": 0.25, "looping": False, "first": 2, "last": 8}


def test_settings_of_the_player_that_were_tampered_with_are_left_out(opened: MainWindow) -> None:
    player: Player = opened.context.player
    before = player.settings()
    player.take_up({"speed": "fast", "looping": 3, "first": 9, "last": 2})
    player.take_up({"speed": 77.0, "first": -1, "last": 1000})
    assert player.settings() == before


def test_a_session_tells_again_where_spacing_and_rate_came_from(
    tracked: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    calibrate(tracked.context, ((10.0, 10.0), (10.0, 60.0)), 20.0)
    set_frame_rate(tracked.context, 60.0)
    wait_idle(tracked, qtbot)
    before = current(tracked).cine.provenance
    assert before.spacing_origin.startswith("calibrated by hand: 50.0 px are 20 mm")
    path = tmp_path / f"work{SUFFIX}"
    save_session(tracked.context, path, tracked.commands._saved)
    wait_idle(tracked, qtbot)
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    after = current(tracked).cine
    assert after.provenance.spacing_origin == before.spacing_origin
    assert after.provenance.times_origin == before.times_origin
    assert after.spacing_mm == pytest.approx((0.4, 0.4))


@pytest.fixture
def writing(
    tracked: MainWindow, verbs: FakeVerbs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> threading.Event:
    """What lets a report be written that was begun, and at whose end the window was closed."""
    go_on = threading.Event()
    write_csv = verbs.write_csv

    def slowly(path: Path, measurements: Measurements) -> None:
        assert go_on.wait(60)
        if verbs.failure is not None:
            raise verbs.failure
        write_csv(path, measurements)

    monkeypatch.setattr(verbs, "write_csv", slowly)
    tracked.context.session.update(current(tracked).loop_id, measurements=Measurements(()))
    export_csv(tracked.context, tmp_path / "values.csv", lambda _: None)
    assert not tracked.close()
    return go_on


def test_a_window_closes_when_what_it_writes_is_written(
    tracked: MainWindow, writing: threading.Event, qtbot: QtBot, tmp_path: Path
) -> None:
    assert tracked.isVisible()
    writing.set()
    until(qtbot, lambda: not tracked.isVisible())
    assert (tmp_path / "values.csv").exists()


def test_a_window_closed_twice_does_not_wait(
    tracked: MainWindow, writing: threading.Event, qtbot: QtBot
) -> None:
    QTimer.singleShot(100, writing.set)
    assert tracked.close()
    assert not tracked.isVisible()


def test_what_could_not_be_written_is_told_before_the_window_closes(
    tracked: MainWindow, verbs: FakeVerbs, writing: threading.Event, qtbot: QtBot
) -> None:
    verbs.failure = OutputError("The disk is full.")
    writing.set()
    wait_idle(tracked, qtbot)
    assert [box.text() for box in dialogs(tracked)] == ["The disk is full."]
    assert tracked.isVisible()
