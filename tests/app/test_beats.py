"""A beat that is chosen is played, drawn and measured; all frames are one choice away."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, make_cine, wait_idle

from app.main_window import MainWindow
from app.operations.beats import beats_of
from engine.config import ReadConfig
from engine.cycle import R_WAVE
from engine.model import Cine
from engine.progress import Progress

BEATS = ((2, 5), (6, 9))


@pytest.fixture
def beating(
    window: MainWindow,
    verbs: FakeVerbs,
    loop_file: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> MainWindow:
    """The window with a loop whose R waves are at its frames 2, 6 and 10."""

    def read(path: Path, config: ReadConfig, progress: Progress) -> Cine:
        return dataclasses.replace(make_cine(), r_times_s=(0.04, 0.12, 0.2))

    monkeypatch.setattr(verbs, "read_cine", read)
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    window.context.player.pause()
    return window


def choices(window: MainWindow) -> list[str]:
    """Return what can be played."""
    box = window.player_bar.beats
    return [box.itemText(index) for index in range(box.count())]


def test_a_loop_with_r_waves_plays_from_r_to_r(beating: MainWindow) -> None:
    loop, player = beating.context.session.loop, beating.context.player
    assert loop is not None
    assert beats_of(loop) == BEATS
    assert (player.first, player.last) == BEATS[0]
    assert choices(beating) == ["All frames", "Beat 1", "Beat 2"]
    assert beating.player_bar.beats.currentText() == "Beat 1"
    player.set_range(3, 7)
    assert beating.player_bar.beats.currentIndex() == -1, "a part that is no beat"


def test_another_beat_is_measured_anew_and_its_curves_are_shown(
    beating: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    beating.track_panel.run()
    wait_idle(beating, qtbot)
    beating.measure_panel.run()
    wait_idle(beating, qtbot)
    verbs.calls.clear()
    box, session, player = beating.player_bar.beats, beating.context.session, beating.context.player
    box.setCurrentIndex(2)
    box.activated.emit(2)
    wait_idle(beating, qtbot)
    loop = session.loop
    assert loop is not None
    assert loop.result is not None
    assert (player.first, player.last) == BEATS[1]
    assert (loop.ed_frame, loop.result.ed_frame) == (6, 6 + 5)
    assert loop.result.mark_origins[0] == f"{R_WAVE} of the chosen beat"
    assert "ED" in loop.given, "a new mask leaves the beat that a person chose"
    assert "measure" in verbs.calls
    assert loop.measurements is not None
    low, high = beating.lower_pane.curves.plot.getPlotItem().viewRange()[0]
    assert low < 6 + 5 < 9 + 5 < high
    assert high - low == pytest.approx(3, abs=0.3)
    assert 6 <= session.frame <= 9, "a chosen beat is shown from its start, also while paused"
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert (player.first, player.last) == (0, loop.frame_count - 1)
    assert session.loop is not None
    assert session.loop.ed_frame == 6, "to look at all frames changes no number"


def test_a_loop_of_no_whole_beat_offers_none(opened: MainWindow) -> None:
    assert opened.player_bar.beats.isHidden()
    loop = opened.context.session.loop
    assert loop is not None
    assert opened.context.player.last == loop.frame_count - 1
