"""Tracking in the window: partial scales, cancel, failures, masks and views."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, dialogs, until, wait_idle

from app.display import Page
from app.main_window import MainWindow
from app.operations.calibrate import calibrate, set_frame_rate
from app.operations.confirm import confirm_view, take_marks
from app.operations.track import _with_marks
from app.widgets.step_section import StepState
from engine.config import Preset
from engine.cycle import SMALLEST_AREA
from engine.errors import ResourceError
from engine.masks.left_ventricle import find_left_ventricle
from engine.masks.sector import analyse_sector
from engine.masks.view import propose_view
from engine.model import Scale, Target, View
from engine.phantom import PhantomConfig, make_phantom
from engine.progress import NullProgress, Progress


def begun(window: MainWindow, verbs: FakeVerbs, qtbot: QtBot) -> threading.Event:
    """Track until the first scale is there; return what lets the run go on."""
    verbs.gate = gate = threading.Event()
    window.track_panel.run()
    session = window.context.session
    until(qtbot, lambda: session.loop is not None and bool(session.loop.flows))
    return gate


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
    gate = begun(opened, verbs, qtbot)
    opened.context.display.set(page=Page.IMAGE)
    gate.set()
    wait_idle(opened, qtbot)
    assert opened.context.display.options.page is Page.IMAGE


def test_cancel_keeps_finished_scales_and_says_that_it_is_incomplete(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    begun(opened, verbs, qtbot)
    session = opened.context.session
    opened.actions_["cancel"].trigger()
    until(qtbot, lambda: not opened.context.jobs.busy)
    assert session.loop is not None
    assert list(session.loop.flows) == [Scale.EIGHTH]
    state, text = opened.track_panel.state()
    assert state is StepState.ATTENTION
    assert "not complete" in text
    assert not dialogs(opened)


def test_what_a_stopped_run_has_finished_is_measured(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    session, gate = opened.context.session, begun(opened, verbs, qtbot)
    assert session.loop is not None
    assert session.loop.result is None, "the run goes on"
    opened.actions_["cancel"].trigger()
    wait_idle(opened, qtbot)
    result = session.loop.result
    assert result is not None
    assert [item.scale for item in result.fields] == [Scale.EIGHTH]
    assert result.stopped
    opened.measure_panel.run()
    wait_idle(opened, qtbot)
    assert session.loop.measurements is not None
    gate.set()
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    assert session.loop.result is not None
    assert not session.loop.result.stopped


def test_what_is_told_while_tracking_holds_for_its_result(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    session, gate = opened.context.session, begun(opened, verbs, qtbot)
    opened.mask_panel.choose_view(View.A2C)
    take_marks(opened.context, 1, None)
    calibrate(opened.context, ((10.0, 10.0), (10.0, 60.0)), 20.0)
    set_frame_rate(opened.context, 25.0)
    gate.set()
    wait_idle(opened, qtbot)
    loop = session.loop
    assert loop is not None
    assert loop.result is not None
    assert (loop.result.view, loop.result.ed_frame) == (View.A2C, 1 + 5)
    assert loop.result.mark_origins == ("", SMALLEST_AREA)
    assert loop.result.spacing_mm == (0.4, 0.4)
    assert loop.result.frame_times_s is not None
    assert loop.result.frame_times_s[1] == pytest.approx(0.04)
    assert list(loop.flows) == list(Scale)
    for flow in loop.flows.values():
        assert flow.spacing_mm == (0.4, 0.4)
        assert flow.trust is not None


def test_preview_preset_tracks_two_scales(opened: MainWindow, qtbot: QtBot) -> None:
    panel = opened.track_panel
    panel.preset.setCurrentIndex(panel.preset.findData(Preset.PREVIEW.value))
    config = panel.config()
    assert config.scales == ("1_8", "1_4")
    assert config.preset is Preset.PREVIEW
    assert config.reserve_cores == 1


@pytest.mark.parametrize("stopped", [True, False])
def test_a_run_that_ends_before_its_first_scale_leaves_the_one_before(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stopped: bool,
) -> None:
    def nothing_found(
        cine: object, mask: object, config: object, progress: Progress, *, view: object
    ) -> None:
        while stopped:
            progress.check()
        raise ResourceError("There is not enough memory.")

    session = tracked.context.session
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    before = session.loop
    assert before is not None
    assert before.measurements is not None
    monkeypatch.setattr(verbs, "track", nothing_found)
    tracked.track_panel.run()
    assert session.loop is not None
    assert not session.loop.flows
    tracked.actions_["cancel"].trigger() if stopped else None
    wait_idle(tracked, qtbot)
    after = session.loop
    assert after is not None
    assert after.fields == before.fields
    assert after.result is not None
    assert after.measurements is before.measurements
    assert tracked.track_panel.state()[0] is StepState.DONE


def test_what_is_told_meanwhile_holds_for_a_run_that_is_given_back(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    verbs.failure = ResourceError("There is not enough memory.")
    tracked.track_panel.run()
    take_marks(tracked.context, 3, None)
    set_frame_rate(tracked.context, 25.0)
    wait_idle(tracked, qtbot)
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.result is not None
    assert loop.result.ed_frame == 3 + loop.cine.first_frame
    assert loop.measurements is None, "they were of another end-diastole"
    for flow in loop.flows.values():
        assert flow.frame_times_s is loop.cine.frame_times_s


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


def test_view_is_never_confirmed_but_by_the_user(opened: MainWindow, qtbot: QtBot) -> None:
    loop = opened.context.session.loop
    assert loop is not None
    assert not loop.view_confirmed
    opened.mask_panel.choose_view(View.A4C)
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.view is View.A4C
    assert loop.view_confirmed


def test_a_view_that_the_contour_cannot_be_of_is_told(opened: MainWindow) -> None:
    opened.mask_panel.choose_view(View.PSAX_MID)
    state, text = opened.mask_panel.state()
    assert state is StepState.ATTENTION
    assert text.endswith("does not fit PSAX-mid")
    opened.mask_panel.choose_view(View.A4C)
    assert opened.mask_panel.state()[0] is StepState.DONE


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


def test_other_loops_are_judged_after_a_run_that_came_between(
    tracked: MainWindow, loop_file: Path, qtbot: QtBot
) -> None:
    session = tracked.context.session
    first = session.loop
    assert first is not None
    unjudged = {scale: dataclasses.replace(flow, trust=None) for scale, flow in first.flows.items()}
    session.update(first.loop_id, flows=unjudged)
    tracked.commands.open_path(loop_file)
    wait_idle(tracked, qtbot)
    tracked.track_panel.run()
    wait_idle(tracked, qtbot)
    for loop in session.loops:
        assert all(flow.trust is not None for flow in loop.flows.values())


def test_a_confirmed_view_ends_its_proposal_everywhere(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.context.session
    loop = session.loop
    assert loop is not None
    assert loop.mask is not None
    cine = make_phantom(PhantomConfig(size=(96, 128), frames=4)).cine
    sector = analyse_sector(cine)
    proposal = propose_view(cine, sector, find_left_ventricle(cine, sector, NullProgress()))
    notes = ("Found without a click.", proposal.sentence)
    session.update(loop.loop_id, mask=dataclasses.replace(loop.mask, notes=notes))
    panel = opened.mask_panel
    shown = "\n".join(item.text() for item in panel.findChildren(QLabel))
    assert proposal.sentence in shown
    confirm_view(opened.context, View.A4C)
    shown = "\n".join(item.text() for item in panel.findChildren(QLabel))
    assert proposal.sentence not in shown
    assert notes[0] in shown
    loop = session.loop
    assert loop is not None
    assert loop.mask is not None
    assert _with_marks(loop.mask, loop).notes == notes[:1]


def test_a_small_picture_warns_of_scales_that_are_too_coarse(opened: MainWindow) -> None:
    panel = opened.track_panel
    assert Scale.QUARTER.warning_for((112, 112)).endswith("Track a finer scale.")
    assert not Scale.HALF.warning_for((112, 112))
    assert not Scale.QUARTER.warning_for((192, 256))
    assert panel._coarse.isHidden()
    panel.preset.setCurrentIndex(panel.preset.findData(Preset.PREVIEW.value))
    assert "96 px" in panel._coarse.text()
    panel.scales[Scale.FULL].setChecked(True)
    assert panel._coarse.isHidden()
