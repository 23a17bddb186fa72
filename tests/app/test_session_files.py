"""Fields in files: none is written over, and none is taken for another."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, until, wait_idle

from app.main_window import MainWindow
from app.operations.export import export_result
from app.operations.peers import track_peer
from app.operations.save_session import SUFFIX, save_session
from app.session import Loop
from engine.model import Scale


def current(window: MainWindow) -> Loop:
    """Return the loop shown."""
    loop = window.context.session.loop
    assert loop is not None
    return loop


def open_and_track(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    """Open a loop and track it."""
    window.commands.open_path(path)
    wait_idle(window, qtbot)
    window.track_panel.run()
    wait_idle(window, qtbot)


def save(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    """Save the session as the user does."""
    save_session(window.context, path, window.commands._saved)
    wait_idle(window, qtbot)


def assert_in_own_files(window: MainWindow, verbs: FakeVerbs) -> None:
    """Every open loop's file holds the fields of that very loop."""
    for loop in window.context.session.loops:
        assert loop.fields_file is not None
        assert verbs.results[str(loop.fields_file)].fields == loop.fields


def test_loops_that_come_and_go_share_no_file(
    tracked: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / f"work{SUFFIX}"
    open_and_track(tracked, loop_file, qtbot)
    save(tracked, path, qtbot)
    first, second = tracked.context.session.loops
    tracked.commands.close_loop(first.loop_id)
    open_and_track(tracked, loop_file, qtbot)
    save(tracked, path, qtbot)
    assert_in_own_files(tracked, verbs)
    assert current(tracked).fields_file != second.fields_file


def test_a_session_saved_before_keeps_its_fields(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    """Both sessions name the file of the first run; the second run has a file of its own."""
    first = current(tracked).fields
    for name in ("work", "copy"):
        save(tracked, tmp_path / f"{name}{SUFFIX}", qtbot)
    tracked.track_panel.run()
    wait_idle(tracked, qtbot)
    save(tracked, tmp_path / f"work{SUFFIX}", qtbot)
    assert_in_own_files(tracked, verbs)
    tracked.commands.open_path(tmp_path / f"copy{SUFFIX}")
    wait_idle(tracked, qtbot)
    assert current(tracked).fields == first


def test_scales_that_end_after_the_session_was_saved_are_not_lost(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    verbs.gate = threading.Event()
    opened.track_panel.run()
    until(qtbot, lambda: bool(current(opened).flows))
    save_session(opened.context, tmp_path / f"work{SUFFIX}", opened.commands._saved)
    until(qtbot, lambda: current(opened).fields_file is not None)
    verbs.gate.set()
    wait_idle(opened, qtbot)
    assert set(current(opened).flows) == set(Scale)
    assert current(opened).fields_file is None
    assert opened.recovery.unsaved(current(opened))
    save(opened, tmp_path / f"work{SUFFIX}", qtbot)
    assert_in_own_files(opened, verbs)


def test_who_writes_a_result_over_takes_the_file_from_its_loop(
    tracked: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "result.h5"
    first = current(tracked).loop_id
    export_result(tracked.context, path, lambda _: None)
    wait_idle(tracked, qtbot)
    assert current(tracked).fields_file == path
    open_and_track(tracked, loop_file, qtbot)
    export_result(tracked.context, path, lambda _: None)
    wait_idle(tracked, qtbot)
    assert current(tracked).fields_file == path
    loop = tracked.context.session.get(first)
    assert loop is not None
    assert loop.fields_file is None
    assert tracked.recovery.unsaved(loop)


def test_other_methods_fields_are_written_once(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    track_peer(tracked.context, "dis")
    wait_idle(tracked, qtbot)
    path = tmp_path / f"work{SUFFIX}"
    save(tracked, path, qtbot)
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    save(tracked, tmp_path / f"both{SUFFIX}", qtbot)
    assert {file.name for file in tmp_path.glob("*.h5")} == {"work.h5", "work-dis.h5"}


@pytest.mark.parametrize("what", ["mask", "loop"])
def test_a_file_that_holds_another_tracking_by_now_is_told(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path, what: str
) -> None:
    path = tmp_path / f"work{SUFFIX}"
    save(tracked, path, qtbot)
    result = verbs.results[str(tmp_path / "work.h5")]
    other = {"mask": {"mask": np.roll(result.mask, 3, 1)}, "loop": {"source_sha256": "1" * 64}}
    verbs.results[str(tmp_path / "work.h5")] = dataclasses.replace(result, **other[what])
    told: list[str] = []
    tracked.context.jobs.noticed.connect(told.append)
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    assert current(tracked).result is None
    assert any("holds another tracking" in sentence for sentence in told)
