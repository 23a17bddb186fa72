"""Several loops at once: what works for one never stops, hides or names the work for another."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, make_cine, until, wait_idle

from app.main_window import MainWindow
from app.session import Loop
from engine.config import MaskConfig, ReadConfig
from engine.model import Cine, Mask
from engine.progress import Progress


def test_files_dropped_together_all_get_their_mask(
    window: MainWindow,
    loop_file: Path,
    verbs: FakeVerbs,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build = verbs.build_mask

    def slowly(cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        time.sleep(0.1)
        return build(cine, config, progress)

    monkeypatch.setattr(verbs, "build_mask", slowly)
    for _ in range(4):
        window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    loops = window.context.session.loops
    assert len(loops) == 4
    assert all(loop.mask is not None for loop in loops)


def test_loops_stand_in_the_order_in_which_they_were_asked_for(
    window: MainWindow, verbs: FakeVerbs, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    second_is_there = threading.Event()

    def read(path: Path, config: ReadConfig, progress: Progress) -> Cine:
        if path.name == "first.dcm":
            assert second_is_there.wait(30)
        return make_cine()

    monkeypatch.setattr(verbs, "read_cine", read)
    for name in ("first.dcm", "second.dcm"):
        window.commands.open_path(tmp_path / name)
    session = window.context.session
    until(qtbot, lambda: len(session.loops) == 1)
    second_is_there.set()
    wait_idle(window, qtbot)
    assert [loop.name for loop in session.loops] == ["first.dcm", "second.dcm"]


def beside_a_tracked_one(
    opened: MainWindow, loop_file: Path, verbs: FakeVerbs, qtbot: QtBot
) -> tuple[Loop, threading.Event]:
    """Open a second loop while the first is tracked; return the first, and what lets it end."""
    session, jobs = opened.context.session, opened.context.jobs
    first, gate = session.loop, threading.Event()
    assert first is not None
    verbs.gate = gate
    opened.track_panel.run()
    until(qtbot, lambda: bool(session.loop and session.loop.flows))
    opened.commands.open_path(loop_file)
    until(qtbot, lambda: len(session.loops) == 2 and jobs.running("mask") is None)
    return first, gate


def test_a_loop_beside_the_one_that_is_tracked_says_so(
    opened: MainWindow, loop_file: Path, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    session = opened.context.session
    first, gate = beside_a_tracked_one(opened, loop_file, verbs, qtbot)
    assert opened.track_panel.state()[1] == "Another loop is being tracked"
    session.activate(first.loop_id)
    assert opened.track_panel.state()[1].startswith("Running")
    gate.set()
    wait_idle(opened, qtbot)


def test_closing_a_loop_stops_its_own_work_alone(
    opened: MainWindow, loop_file: Path, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    session, jobs = opened.context.session, opened.context.jobs
    first, gate = beside_a_tracked_one(opened, loop_file, verbs, qtbot)
    second = session.loop
    assert second is not None
    opened.commands.close_loop(second.loop_id)
    assert jobs.running("track", first.loop_id) is not None
    opened.commands.open_path(loop_file)
    until(qtbot, lambda: len(session.loops) == 2)
    opened.commands.close_loop(first.loop_id)
    # Not shown, and yet its tracking must not go on for nobody.
    until(qtbot, lambda: jobs.running("track") is None)
    gate.set()
    wait_idle(opened, qtbot)


def test_a_second_loop_opens_the_step_that_comes_next_for_it(
    tracked: MainWindow, loop_file: Path, qtbot: QtBot
) -> None:
    tracked.steps.open_step(5)
    tracked.commands.open_path(loop_file)
    wait_idle(tracked, qtbot)
    assert [section.is_open for section in tracked.steps.sections].index(True) == 1
    tracked.steps.open_step(0)
    tracked.context.session.activate(tracked.context.session.loops[0].loop_id)
    assert tracked.steps.sections[0].is_open, "a step that the loop can take stays open"
