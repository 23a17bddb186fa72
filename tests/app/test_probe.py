"""The probe: velocity along a line and at a place has its closed form; the window shows it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from small_engine import FRAMES, press

from app.flow_view import FlowView, make_flow_view
from app.main_window import MainWindow
from app.probe import SAMPLES, probe_line, probe_point
from engine.model import Scale, ScaleField

SHAPE = (96, 128)


def uniform(*, calibrated: bool) -> FlowView:
    """Return a drift of 2 px to the right and 1 px up a frame, within a rectangle."""
    displacement = np.zeros((FRAMES - 1, 2, *SHAPE), np.float32)
    displacement[:, 0], displacement[:, 1] = -2.0, 1.0
    mask = np.zeros((FRAMES, *SHAPE), np.bool_)
    mask[:, 20:80, 30:100] = True
    spacing = (0.5, 0.4) if calibrated else None
    times = np.arange(FRAMES) * 0.02 if calibrated else None
    return make_flow_view(ScaleField(Scale.FULL, displacement), mask, spacing, times)


def test_place_has_the_velocity_right_and_up() -> None:
    found = probe_point(uniform(calibrated=True), (60.3, 50.7))
    assert found is not None
    # 2 px of 0.5 mm and 1 px of 0.4 mm in 20 ms
    assert np.allclose(found.velocity, [5.0, 2.0])
    assert found.unit == "cm/s"
    outside = probe_point(uniform(calibrated=True), (5.0, 5.0))
    assert outside is not None
    assert np.isnan(outside.velocity).all()
    assert probe_point(uniform(calibrated=True), (300.0, 5.0)) is None


@pytest.mark.parametrize(
    ("start", "end", "along", "through"),
    [
        ((40.0, 50.0), (80.0, 50.0), 5.0, 2.0),  # to the right: across it is up
        ((60.0, 70.0), (60.0, 30.0), 2.0, -5.0),  # upwards: its left-hand side is the left
        ((80.0, 50.0), (40.0, 50.0), -5.0, -2.0),
    ],
)
def test_line_splits_the_velocity_along_and_through(
    start: tuple[float, float], end: tuple[float, float], along: float, through: float
) -> None:
    line = probe_line(uniform(calibrated=True), start, end)
    assert line is not None
    assert line.through.shape == (FRAMES - 1, SAMPLES)
    assert np.allclose(line.along, along)
    assert np.allclose(line.through, through)
    length_cm = 4.0 * (0.5 if start[1] == end[1] else 0.4)
    assert line.distance[-1] == pytest.approx(length_cm)
    assert np.allclose(line.flux, through * length_cm)
    assert (line.unit, line.length_unit, line.flux_unit) == ("cm/s", "cm", "cm²/s")


def test_only_what_lies_in_the_mask_flows() -> None:
    line = probe_line(uniform(calibrated=False), (60.0, 5.0), (60.0, 90.0))
    assert line is not None
    assert np.isnan(line.along[:, 0]).all()
    # 60 of its rows lie in the mask, walked downwards: the left-hand side is the right.
    assert np.allclose(line.flux, 2.0 * 60, rtol=0.03)
    assert (line.unit, line.flux_unit) == ("px/frame", "px²/frame")
    assert probe_line(uniform(calibrated=False), (60.0, 5.0), (60.0, 99.0)) is None


def test_dragging_a_line_shows_it_through_time(tracked: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, tracked, Qt.Key.Key_P)
    view, pane = tracked.stage.view, tracked.lower_pane.probe
    scene = view.scene()
    assert scene is not None
    ends = scene.to_screen(np.array([[45.0, 50.0], [90.0, 50.0]])).astype(int).tolist()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(*ends[0]))
    assert pane.isVisible()
    assert pane.profile.isHidden()  # one place has no profile
    qtbot.mouseMove(view, QPoint(*ends[1]))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(*ends[1]))
    assert not pane.profile.isHidden()
    tracked.context.session.set_frame(3)
    (curve,) = pane.profile.getPlotItem().listDataItems()
    assert np.allclose(curve.getData()[1], 5.0)
    sought: list[int] = []
    pane.sought.connect(sought.append)
    tracked.context.session.set_frame(0)
    assert not pane.profile.getPlotItem().listDataItems()  # no velocity stands at the first frame
    press(qtbot, tracked, Qt.Key.Key_Escape)
    assert not pane.isVisible()
    assert not tracked.actions_["probe"].isChecked()


def test_room_is_made_before_the_line_is_drawn(tracked: MainWindow) -> None:
    probe = tracked.lower_pane.probe
    tracked.probe(True)
    assert not probe.isHidden()
    assert probe._note.toolTip().startswith("Draw a line")
    tracked.lower_pane.show_probe((40.0, 40.0), (80.0, 40.0))
    tracked.probe(False)
    assert probe.isHidden()
    tracked.probe(True)
    assert probe._note.toolTip().startswith("Draw a line"), "the line before is forgotten"
