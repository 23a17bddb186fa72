"""What is saved and what is kept by itself comes back as it was."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, dialogs, until, wait_idle

from app.application import make_window
from app.main_window import MainWindow
from app.operations.calibrate import calibrate, set_frame_rate
from app.operations.peers import track_peer
from app.operations.save_session import SUFFIX, options_in, save_session
from app.session import Loop
from app.settings import Settings
from engine.errors import OutputError
from engine.model import Scale, View


@pytest.fixture
def worked(tracked: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window after all that a person does with a loop."""
    tracked.mask_panel.choose_view(View.A4C)
    tracked.context.session.set_frame(4)
    tracked.actions_["set_ed"].trigger()
    tracked.actions_["measure"].trigger()
    wait_idle(tracked, qtbot)
    loop = current(tracked)
    tracked.context.session.update(loop.loop_id, rejected=frozenset({"basal_inferoseptal"}))
    tracked.review_panel.accept()
    wait_idle(tracked, qtbot)
    tracked.context.display.set(scale=Scale.QUARTER, vorticity=True, gain=0.2)
    return tracked


@pytest.fixture
def again(
    worked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> Iterator[MainWindow]:
    """A second window, started after the first was closed without saving."""
    worked.close()
    window = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def current(window: MainWindow) -> Loop:
    """Return the loop shown."""
    loop = window.context.session.loop
    assert loop is not None
    return loop


def folders(tmp_path: Path) -> list[Path]:
    """Return what is kept of runs."""
    return sorted((tmp_path / "settings-data" / "recovery").glob("*"))


def assert_same_work(window: MainWindow, before: Loop) -> None:
    """Everything that a person did is there again."""
    loop = current(window)
    assert loop.loop_id != before.loop_id or loop is not before
    for name in (
        "name", "path", "view", "view_confirmed", "ed_frame", "es_frame", "rejected",
        "reviewed", "target", "stale",
    ):  # fmt: skip
        assert getattr(loop, name) == getattr(before, name), name
    assert loop.mask is not None
    assert before.mask is not None
    assert np.array_equal(loop.mask.data, before.mask.data)
    assert loop.mask.contours is not None
    assert before.mask.contours is not None
    assert np.allclose(loop.mask.contours.endocardial, before.mask.contours.endocardial, atol=1e-2)
    assert list(loop.flows) == list(before.flows)
    assert loop.result is not None
    assert loop.result.view is before.view
    assert loop.result.reviewed
    assert loop.measurements is not None
    assert before.measurements is not None
    assert loop.measurements.rows == before.measurements.rows
    options = window.context.display.options
    assert (options.scale, options.vorticity, options.gain) == (Scale.QUARTER, True, 0.2)
    assert window.context.session.frame == 4


def test_saved_session_comes_back_whole(worked: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    before = current(worked)
    path = tmp_path / f"work{SUFFIX}"
    saved: list[Path] = []
    save_session(worked.context, path, saved.append)
    wait_idle(worked, qtbot)
    assert saved == [path]
    assert current(worked).fields_file == tmp_path / "work.h5"
    worked.context.display.set(scale=Scale.FULL, vorticity=False, gain=0.0)
    worked.commands.open_path(path)
    wait_idle(worked, qtbot)
    assert_same_work(worked, before)
    assert not dialogs(worked)


def test_strokes_can_be_undone_in_another_run_of_the_program(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    session = tracked.context.session
    places = []
    for text in ("first", "second", "third"):
        mask = current(tracked).mask
        assert mask is not None
        places.append(mask)
        data = mask.data.copy()
        data[:, len(places)] = True
        session.edit_mask(dataclasses.replace(mask, data=data), text, current(tracked).loop_id)
    session.undo_group.undo()
    path = tmp_path / f"work{SUFFIX}"
    save_session(tracked.context, path, lambda _: None)
    wait_idle(tracked, qtbot)
    tracked.close()
    window = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.commands.open_path(path)
    wait_idle(window, qtbot)
    group = window.context.session.undo_group
    assert (group.undoText(), group.redoText()) == ("second", "third")
    assert current(window).stale
    for before, left in ((places[1], True), (places[0], False)):
        group.undo()
        mask = current(window).mask
        assert mask is not None
        assert np.array_equal(mask.data, before.data)
        assert current(window).stale is left, "the first mask is the one that was tracked with"
    assert not group.canUndo()
    for _ in range(3):
        group.redo()
    mask = current(window).mask
    assert mask is not None
    assert mask.data[:, 1:4].all()
    window.close()


def test_closed_without_saving_is_offered_and_continued(
    again: MainWindow, worked: MainWindow, qtbot: QtBot
) -> None:
    before = current(worked)
    assert again.stage.empty.offered.startswith("Continue with small.dcm")
    again.unsaved.take_up()
    wait_idle(again, qtbot)
    assert_same_work(again, before)


def test_continued_work_is_kept_in_the_same_place_until_it_is_saved(
    again: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (kept,) = folders(tmp_path)
    again.unsaved.take_up()
    wait_idle(again, qtbot)
    again.recovery.keep()
    wait_idle(again, qtbot)
    assert folders(tmp_path) == [kept]
    assert len(list(kept.glob("*.h5"))) == 1  # the fields are not written twice
    again.commands._saved(tmp_path / "x.myoflux")
    assert folders(tmp_path) == []


def test_work_whose_loop_is_away_for_now_is_not_lost(
    again: MainWindow, loop_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    (kept,) = folders(tmp_path)
    loop_file.rename(tmp_path / "away.dcm")
    again.unsaved.take_up()
    wait_idle(again, qtbot)
    assert len(dialogs(again)) == 1
    again.close()
    assert folders(tmp_path) == [kept]


def test_discarded_work_is_gone(again: MainWindow, tmp_path: Path) -> None:
    again.stage.empty.discard_requested.emit()
    assert again.stage.empty.offered == ""
    assert folders(tmp_path) == []


def test_closing_in_the_middle_of_a_run_keeps_the_finished_scales(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    verbs.gate = threading.Event()
    opened.track_panel.run()
    session = opened.context.session
    # Nothing was worth keeping before the first scale came.
    opened.recovery.keep()
    until(qtbot, lambda: session.loop is not None and bool(session.loop.flows))
    opened.close()
    window = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.unsaved.take_up()
    wait_idle(window, qtbot)
    loop = current(window)
    assert list(loop.flows) == [Scale.EIGHTH]
    assert loop.result is not None
    assert loop.result.stopped
    assert "not complete" in window.track_panel.state()[1]
    window.close()


def test_a_loop_that_was_only_looked_at_leaves_nothing(
    opened: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    opened.recovery.keep()
    wait_idle(opened, qtbot)
    opened.close()
    assert folders(tmp_path) == []


def test_work_is_kept_while_the_window_is_open(
    worked: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """A crash closes nothing: what is on the disk then is all there is."""
    worked.recovery.keep()
    wait_idle(worked, qtbot)
    (folder,) = folders(tmp_path)
    assert {path.name for path in folder.glob("*.myoflux")} == {"session.myoflux"}
    assert len(list(folder.glob("*.h5"))) == 1
    # Another window leaves alone what a running one holds.
    assert worked.recovery.left_over() is None


def test_how_a_loop_is_drawn_is_kept_though_nothing_else_changed_since(
    worked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    worked.recovery.keep()
    wait_idle(worked, qtbot)
    worked.context.display.set(gain=-0.3)
    worked.close()
    window = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.unsaved.take_up()
    wait_idle(window, qtbot)
    assert window.context.display.options.gain == -0.3
    window.close()


def test_a_full_disk_is_told_once_and_stops_nothing(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    opened.recovery.failed.connect(told.append)

    def refuse(path: Path, result: object, *, patient_data: bool) -> None:
        raise OutputError("The disk is full. Free some space.")

    monkeypatch.setattr(verbs, "write_result", refuse)
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    for _ in range(2):
        opened.recovery.keep()
        wait_idle(opened, qtbot)
    assert told == ["The work cannot be kept safe: The disk is full. Free some space."]
    assert not dialogs(opened)


def test_options_of_a_session_that_was_tampered_with_are_left_out() -> None:
    good = {"page": "field", "scale": "1_8", "arrows": False, "gain": 0.5, "arrow_length": 2}
    known = options_in(good | {"contrast": float("nan"), "trust": "yes", "other": 1})
    assert known == {
        "page": "field", "scale": Scale.EIGHTH, "arrows": False, "gain": 0.5, "arrow_length": 2.0,
    }  # fmt: skip
    assert options_in({"scale": "1_3", "page": "moon"}) == {}


def test_other_methods_fields_are_kept_safe_too(
    worked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    track_peer(worked.context, "dis")
    wait_idle(worked, qtbot)
    worked.recovery.keep()
    wait_idle(worked, qtbot)
    (folder,) = folders(tmp_path)
    assert len(list(folder.glob("*.h5"))) == 2
    worked.close()
    window = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    window.show()
    window.unsaved.take_up()
    wait_idle(window, qtbot)
    assert list(current(window).peers) == ["dis"]
    # Once the user has saved them in files of their own, nothing stays behind.
    save_session(window.context, tmp_path / f"mine{SUFFIX}", window.commands._saved)
    wait_idle(window, qtbot)
    window.close()
    assert folders(tmp_path) == []


def test_a_calibration_gives_other_methods_their_unit_too(
    opened: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    verbs.calibrated = False
    opened.commands.open_path(loop_file)
    wait_idle(opened, qtbot)
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    track_peer(opened.context, "dis")
    wait_idle(opened, qtbot)
    assert current(opened).peers["dis"].unit == "px/frame"
    calibrate(opened.context, ((10.0, 10.0), (10.0, 60.0)), 20.0)
    set_frame_rate(opened.context, 60.0)
    wait_idle(opened, qtbot)
    assert current(opened).peers["dis"].unit == "cm/s"


def test_a_calibration_while_another_method_runs_holds_for_its_field(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    verbs.gate = gate = threading.Event()
    track_peer(tracked.context, "dis")
    until(qtbot, lambda: verbs.calls.count("track") == 2)
    set_frame_rate(tracked.context, 10.0)
    gate.set()
    wait_idle(tracked, qtbot)
    loop = current(tracked)
    own, other = loop.flows[Scale.FULL], loop.peers["dis"]
    assert own.velocity_at(5, 50.0, 50.0) == other.velocity_at(5, 50.0, 50.0)
    assert own.frame_times_s is loop.cine.frame_times_s
