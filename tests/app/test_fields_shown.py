"""Fields on the screen: units, trust, scales side by side, calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QSplitter
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, press, until, wait_idle

from app.dialogs.questions import NumberDialog
from app.display import Page
from app.main_window import MainWindow
from app.views.overlays.colour_bar import bar_scale


def test_colour_bar_is_in_cm_per_s_only_where_calibrated(
    window: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    for calibrated, label in (
        (True, "Speed, cm/s"),
        (False, "Speed, px/frame · not calibrated"),
    ):
        verbs.calibrated = calibrated
        window.commands.open_path(loop_file)
        wait_idle(window, qtbot)
        window.track_panel.run()
        wait_idle(window, qtbot)
        scene = window.stage.view.scene()
        assert scene is not None
        bar = bar_scale(scene)
        assert bar is not None
        assert bar.label == label


def test_hover_tells_the_velocity_in_its_unit(tracked: MainWindow) -> None:
    tracked.context.session.set_frame(3)
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.finest is not None
    # 2 px right of 0.5 mm and 1 px up of 0.4 mm in 20 ms
    velocity = loop.finest.velocity_at(3, 60, 50)
    assert velocity == pytest.approx((5.0, 2.0))
    assert loop.finest.velocity_at(0, 60, 50) is None
    assert loop.finest.velocity_at(3, 5, 5) is None


def test_trust_fades_the_arrows_of_its_half(tracked: MainWindow) -> None:
    loop = tracked.context.session.loop
    assert loop is not None
    assert loop.finest is not None
    arrows = loop.finest.arrows(3, 8.0)
    assert arrows is not None
    assert np.array_equal(arrows.trusted, arrows.positions[:, 0] >= 60)


def test_compare_shares_zoom_and_time(tracked: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, tracked, Qt.Key.Key_5)
    assert tracked.stage.currentWidget() is tracked.stage.compare
    viewports = {id(view.viewport) for view in tracked.stage.compare.views}
    assert len(viewports) == 1
    limits = {view.scene().limit for view in tracked.stage.compare.views if view.scene()}
    assert len(limits) == 1


def test_scale_keys_do_nothing_before_tracking(opened: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, opened, Qt.Key.Key_3)
    assert opened.context.display.options.page is Page.IMAGE


def test_calibration_changes_units_and_keeps_displacements(
    window: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    verbs.calibrated = False
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    window.track_panel.run()
    wait_idle(window, qtbot)
    window.commands._ask_distance(((10.0, 10.0), (10.0, 60.0)))
    dialog = window.findChild(NumberDialog)
    assert dialog is not None
    dialog.box.setValue(25.0)
    dialog.accept()
    wait_idle(window, qtbot)
    loop = window.context.session.loop
    assert loop is not None
    assert loop.cine.spacing_mm == pytest.approx((0.5, 0.5))
    assert "by hand" in loop.cine.provenance.spacing_origin
    assert loop.result is not None
    assert loop.result.spacing_mm == pytest.approx((0.5, 0.5))
    # Times are still unknown, so no speed is shown in cm/s.
    assert loop.finest is not None
    assert loop.finest.unit == "px/frame"


def test_a_number_that_nobody_knows_is_not_proposed(
    window: MainWindow, verbs: FakeVerbs, loop_file: Path, qtbot: QtBot
) -> None:
    verbs.calibrated = False
    window.commands.open_path(loop_file)
    wait_idle(window, qtbot)
    window.commands.set_rate()
    dialog = window.findChild(NumberDialog)
    assert dialog is not None
    take = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    assert dialog.box.text() == "unknown"
    assert not take.isEnabled()
    qtbot.keyClicks(dialog.box, "75")
    assert take.isEnabled()
    dialog.accept()
    wait_idle(window, qtbot)
    loop = window.context.session.loop
    assert loop is not None
    assert loop.cine.frame_rate_hz == pytest.approx(75.0)


def test_curves_without_room_for_their_names_tell_them_under_the_pointer(
    tracked: MainWindow, qtbot: QtBot
) -> None:
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    curves = tracked.lower_pane.curves
    assert curves._legend.text()
    splitter = tracked.lower_pane.parentWidget()
    assert isinstance(splitter, QSplitter)
    for sizes, told in (([500, 100], True), ([200, 400], False)):
        splitter.setSizes(sizes)
        until(qtbot, lambda told=told: curves._legend.isHidden() is told)
        assert bool(curves.plot.toolTip()) is told
