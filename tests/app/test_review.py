"""The review: a rejected segment leaves the numbers at once."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, dialogs, wait_idle

from app.main_window import MainWindow
from app.operations.confirm import confirm_view
from app.operations.measure import measure_settings, segment_names
from engine.config import MeasureConfig
from engine.model import Measurement, Measurements, Target, TrackingResult, View
from engine.progress import Progress


@pytest.fixture
def asked(verbs: FakeVerbs, monkeypatch: pytest.MonkeyPatch) -> list[MeasureConfig]:
    """The settings of every measurement; each returns the number of excluded segments."""
    seen: list[MeasureConfig] = []

    def measure(result: TrackingResult, config: MeasureConfig, progress: Progress) -> Measurements:
        seen.append(config)
        count = float(len(config.excluded))
        return Measurements((Measurement("ls_a4c", "d", "global", count, "%"),))

    monkeypatch.setattr(verbs, "measure", measure)
    return seen


def boxes(window: MainWindow) -> dict[str, QCheckBox]:
    return {box.text(): box for box in window.review_panel.findChildren(QCheckBox)}


def shown(window: MainWindow) -> float:
    loop = window.context.session.loop
    assert loop is not None
    assert loop.measurements is not None
    return next(loop.measurements.select("ls_a4c")).value


def test_rejecting_a_segment_measures_again_without_it(
    tracked: MainWindow, asked: list[MeasureConfig], qtbot: QtBot
) -> None:
    confirm_view(tracked.context, View.A4C)
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert shown(tracked) == 0
    boxes(tracked)["Mid inferoseptal"].setChecked(False)
    wait_idle(tracked, qtbot)
    assert asked[-1].excluded == ("mid_inferoseptal",)
    assert shown(tracked) == 1
    # The box stays, so that the segment can be taken back.
    boxes(tracked)["Mid inferoseptal"].setChecked(True)
    wait_idle(tracked, qtbot)
    assert asked[-1].excluded == ()
    assert shown(tracked) == 0


def test_what_was_rejected_before_measuring_is_left_out_too(
    tracked: MainWindow, asked: list[MeasureConfig], qtbot: QtBot
) -> None:
    confirm_view(tracked.context, View.A4C)
    boxes(tracked)["Basal anterolateral"].setChecked(False)
    wait_idle(tracked, qtbot)
    assert not asked
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert asked[-1].excluded == ("basal_anterolateral",)


def test_the_last_segment_stays(
    tracked: MainWindow, asked: list[MeasureConfig], qtbot: QtBot
) -> None:
    confirm_view(tracked.context, View.A4C)
    for box in boxes(tracked).values():
        box.setChecked(False)
    (told,) = dialogs(tracked)
    assert "Keep at least one segment" in told.text()
    assert sum(box.isChecked() for box in boxes(tracked).values()) == 1


def test_segments_of_another_view_are_not_left_out(tracked: MainWindow) -> None:
    session = tracked.context.session
    confirm_view(tracked.context, View.A4C)
    loop = session.loop
    assert loop is not None
    assert len(segment_names(loop)) == 6
    other = dataclasses.replace(loop, rejected=frozenset({"mid_anterior", "mid_inferoseptal"}))
    assert measure_settings(other).excluded == ("mid_inferoseptal",)
    assert segment_names(dataclasses.replace(loop, result=None)) == []


def test_accepting_or_withdrawing_measures_a_wall_again(
    tracked: MainWindow, verbs: FakeVerbs, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """A poorly tracked segment gets its values when it is accepted, and loses them again."""
    monkeypatch.setattr(
        verbs,
        "measure",
        lambda result, config, progress: Measurements(
            (Measurement("ls_a4c", "d", "global", float(result.reviewed), "%"),)
        ),
    )
    tracked.review_panel.accept()
    tracked.review_panel.withdraw()
    wait_idle(tracked, qtbot)
    assert tracked.context.session.loop is not None
    assert tracked.context.session.loop.measurements is None, "nobody asked for numbers"
    tracked.measure_panel.run()
    tracked.review_panel.accept()
    wait_idle(tracked, qtbot)
    assert shown(tracked) == 1, "also where the first measurement was still under way"
    tracked.review_panel.withdraw()
    wait_idle(tracked, qtbot)
    assert shown(tracked) == 0


def test_accepting_a_flow_throws_no_numbers_away_that_are_on_their_way(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flow is measured alike whether it is accepted or not."""
    go_on = threading.Event()
    measure = verbs.measure

    def slowly(result: TrackingResult, config: MeasureConfig, progress: Progress) -> Measurements:
        go_on.wait(60)
        return measure(result, config, progress)

    monkeypatch.setattr(verbs, "measure", slowly)
    opened.mask_panel.choose_target(Target.BLOOD)
    wait_idle(opened, qtbot)
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    opened.measure_panel.run()
    opened.review_panel.accept()
    go_on.set()
    wait_idle(opened, qtbot)
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.reviewed
    assert loop.measurements is not None
