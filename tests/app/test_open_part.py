"""Some frames of a file can be opened alone, as sentences of readers advise."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, make_cine, wait_idle

from app.dialogs import questions
from app.dialogs.questions import FramesDialog
from app.main_window import MainWindow
from engine.config import ReadConfig
from engine.model import Cine
from engine.progress import Progress


def dialog_of(window: MainWindow) -> FramesDialog:
    """Return the dialog that asks for frames."""
    (dialog,) = window.findChildren(FramesDialog)
    return dialog


def test_the_frames_asked_for_are_read(
    window: MainWindow,
    verbs: FakeVerbs,
    loop_file: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[ReadConfig] = []

    def remember(path: Path, config: ReadConfig, progress: Progress) -> Cine:
        read.append(config)
        return make_cine()

    monkeypatch.setattr(verbs, "read_cine", remember)
    monkeypatch.setattr(questions, "ask_open", lambda *_: loop_file)
    window.actions_["open_part"].trigger()
    dialog = dialog_of(window)
    dialog.first.setValue(3)
    dialog.last.setValue(9)
    dialog.accept()
    wait_idle(window, qtbot)
    assert [config.frames for config in read] == [(3, 10)]
    loop = window.context.session.loop
    assert loop is not None
    assert loop.read.frames == (3, 10)


def test_a_range_without_motion_cannot_be_asked_for(
    window: MainWindow, loop_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "ask_open", lambda *_: loop_file)
    window.actions_["open_part"].trigger()
    dialog = dialog_of(window)
    opens = dialog.findChildren(QDialogButtonBox)[0].button(QDialogButtonBox.StandardButton.Open)
    assert opens.isEnabled()
    for first, last, fits in ((5, 3, False), (5, 5, False), (5, 6, True), (5, -1, True)):
        dialog.first.setValue(first)
        dialog.last.setValue(last)
        assert opens.isEnabled() is fits
