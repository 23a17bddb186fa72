"""Measuring, reviewing and writing files in the window."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, dialogs, wait_idle

from app.main_window import MainWindow
from engine.errors import OutputError
from engine.model import Target


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


def test_measuring_shows_curves_and_a_click_of_them_jumps(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    tracked.actions_["measure"].trigger()
    wait_idle(tracked, qtbot)
    assert tracked.lower_pane.curves.isVisible()
    assert tracked.lower_pane.curves.quantity.currentData() == "strain_longitudinal"
    tracked.lower_pane.curves.sought.emit(6)
    assert tracked.context.session.frame == 6


def test_a_result_file_is_judged_like_a_run_of_its_own(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot, tmp_path: Path
) -> None:
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.result is not None
    path = tmp_path / "blood.h5"
    blood = dataclasses.replace(loop.result, target=Target.BLOOD)
    verbs.write_result(path, blood, patient_data=True)
    verbs.trackable = False
    tracked.context.display.set(arrows=True)
    tracked.commands.open_path(path)
    wait_idle(tracked, qtbot)
    opened = tracked.context.session.loop
    assert opened is not None
    assert opened.loop_id != loop.loop_id
    assert all(flow.trust is not None for flow in opened.flows.values())
    assert not opened.trackable
    toggle, action = tracked.view_bar.toggles["arrows"], tracked.actions_["arrows"]
    assert not toggle.isChecked()
    assert not action.isChecked()
    action.trigger()
    assert toggle.isChecked(), "whoever wants to look at them all the same can"
    action.trigger()
    tracked.context.session.activate(loop.loop_id)
    assert toggle.isChecked(), "another loop's arrows stay as they were"
    assert action.isChecked()


def test_review_is_kept_with_the_result(tracked: MainWindow, qtbot: QtBot) -> None:
    session = tracked.context.session
    tracked.actions_["measure"].trigger()
    wait_idle(tracked, qtbot)
    tracked.review_panel.accept()
    assert session.loop is not None
    assert session.loop.reviewed
    assert session.loop.result is not None
    assert session.loop.result.reviewed
