"""Layers compared: difference, blinking, warped frames, other methods."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from small_engine import FRAMES, FakeVerbs, dialogs, make_cine, press, wait_idle

from app.display import Comparison, Page
from app.flow_difference import make_difference, mismatch, warped_before
from app.flow_view import FlowView, make_flow_view
from app.main_window import MainWindow
from app.operations.peers import compared_layers, layer_name, track_peer
from app.session import Loop
from app.views.overlays.colour_bar import bar_scale, faded_share
from engine.errors import InputError
from engine.model import Cine, Scale, ScaleField

SHAPE = (96, 128)


def drifting() -> Cine:
    """Return a loop that moves 2 px to the right a frame."""
    still = make_cine().frames[0]
    frames = np.stack([np.roll(still, 2 * index, axis=1) for index in range(FRAMES)])
    return dataclasses.replace(make_cine(), frames=frames)


def field_of(right: float, up: float) -> FlowView:
    """Return a field of one motion, px a frame, over a rectangle, uncalibrated."""
    displacement = np.zeros((FRAMES - 1, 2, *SHAPE), np.float32)
    displacement[:, 0], displacement[:, 1] = -right, up
    mask = np.zeros((FRAMES, *SHAPE), np.bool_)
    mask[:, 20:80, 30:100] = True
    return make_flow_view(ScaleField(Scale.FULL, displacement), mask, None, None)


def current(window: MainWindow) -> Loop:
    """Return the loop shown."""
    loop = window.context.session.loop
    assert loop is not None
    return loop


def test_difference_of_two_motions_is_the_length_of_their_difference() -> None:
    difference = make_difference(field_of(3.0, 1.0), field_of(0.0, -3.0))
    values = difference.at(4, 3)
    assert values is not None
    assert np.nanmin(values) == pytest.approx(5.0)
    assert np.nanmax(values) == pytest.approx(5.0)
    assert np.isnan(values[0, 0])
    assert difference.at(0, 3) is None
    assert difference.limit >= 5.0
    assert difference.summary(4, 3) == "Mean 5.00, 95 % below 5.00 px/frame"
    assert make_difference(field_of(1, 1), field_of(1, 1)).summary(2, 3).startswith("Mean 0.00")


def test_right_field_warps_the_frame_before_onto_the_frame_shown() -> None:
    cine, right, wrong = drifting(), field_of(2.0, 0.0), field_of(-2.0, 0.0)
    frames, mask = cine.frames, right.mask[5]
    assert mismatch(frames[5], warped_before(frames, right, 5), mask) == 0
    assert mismatch(frames[5], warped_before(frames, wrong, 5), mask) > 50
    assert mismatch(frames[5], frames[4], mask) > 50


def test_scales_that_were_not_tracked_take_no_room(opened: MainWindow, qtbot: QtBot) -> None:
    for scale in (Scale.EIGHTH, Scale.HALF):
        opened.track_panel.scales[scale].setChecked(False)
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    opened.show_compare()
    views = opened.stage.compare.views
    assert [view.title(view.scene()) for view in views] == ["Scale 1/4", "Scale 1"]
    assert [view.compact for view in views] == [True, False]
    first, last = (view.geometry() for view in views)
    assert first.top() == last.top()
    assert first.width() == pytest.approx(last.width(), abs=2)
    assert first.height() > 0.9 * opened.stage.compare.scales[0].parentWidget().height()


def test_each_comparison_shows_its_layers(tracked: MainWindow, qtbot: QtBot) -> None:
    display, compare = tracked.context.display, tracked.stage.compare
    tracked.context.session.set_frame(4)
    press(qtbot, tracked, Qt.Key.Key_5)
    assert len(compare.views) == 4
    display.set(comparison=Comparison.PAIR, first="1_8", second="1")
    assert [view.title(view.scene()) for view in compare.views] == ["Scale 1/8", "Scale 1"]
    display.set(comparison=Comparison.DIFFERENCE)
    scene = compare.single.scene()
    assert scene is not None
    bar = bar_scale(scene)
    assert bar is not None
    assert bar.label == "Difference, cm/s"
    assert compare.single.title(scene) == "Scale 1 against Scale 1/8"
    assert compare.single.figures(scene) == "Mean 0.00, 95 % below 0.00 cm/s"
    assert scene.area.contains(
        *(float(value) for value in scene.to_screen(np.array([[60.0, 40.0]]))[0])
    )


def test_blinking_goes_from_one_layer_to_the_other(tracked: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, tracked, Qt.Key.Key_X)
    options, single = tracked.context.display.options, tracked.stage.compare.single
    assert (options.page, options.comparison) == (Page.COMPARE, Comparison.BLINK)
    seen = []
    for _ in range(2):
        scene = single.scene()
        assert scene is not None
        seen.append(single.title(scene))
        press(qtbot, tracked, Qt.Key.Key_X)
    assert sorted(seen) == ["Scale 1", "Scale 1/4"]


def test_warp_alternates_two_pictures_of_one_moment(tracked: MainWindow) -> None:
    tracked.context.session.set_frame(4)
    tracked.context.display.set(page=Page.COMPARE, comparison=Comparison.WARP, first="1")
    single = tracked.stage.compare.single
    titles = set()
    for warped in (True, False):
        tracked.context.display.set(warped=warped)
        for _ in range(2):
            scene = single.scene()
            assert scene is not None
            titles.add(single.title(scene))
            single.flip()
    # The source counts from 5.
    assert titles == {"Frame 9", "Frame 8, warped by Scale 1", "Frame 8, as recorded"}
    scene = single.scene()
    assert scene is not None
    assert single.figures(scene).startswith("RMS difference in the mask: ")


def test_another_method_becomes_a_layer(
    tracked: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    before = current(tracked).result
    track_peer(tracked.context, "dis")
    wait_idle(tracked, qtbot)
    loop = current(tracked)
    assert loop.result is before
    assert list(loop.layers) == ["1_8", "1_4", "1_2", "1", "dis"]
    options = tracked.context.display.options
    assert (options.comparison, options.first, options.second) == (Comparison.PAIR, "1", "dis")
    assert layer_name("dis") == "DIS"
    # Tracking anew takes the old field's peers away; the comparison falls back to what is there.
    tracked.track_panel.run()
    wait_idle(tracked, qtbot)
    assert "dis" not in current(tracked).layers
    assert compared_layers(current(tracked), tracked.context.display.options) == ("1", "1_2")


def test_nothing_to_compare_with_is_told(opened: MainWindow, qtbot: QtBot) -> None:
    with pytest.raises(InputError, match="Track the loop first"):
        track_peer(opened.context, "dis")
    press(qtbot, opened, Qt.Key.Key_X)
    assert opened.context.display.options.page is Page.IMAGE
    opened.stage.compare.bar._add("ilk")
    assert len(dialogs(opened)) == 1


def test_share_of_faint_arrows_is_told(tracked: MainWindow) -> None:
    tracked.context.session.set_frame(4)
    scene = tracked.stage.view.scene()
    assert scene is not None
    # The mask spans x from 30 to 100, and x below 60 is untrusted.
    assert faded_share(scene) == pytest.approx(30 / 70, abs=0.06)
    tracked.context.display.set(trust=False)
    scene = tracked.stage.view.scene()
    assert scene is not None
    assert faded_share(scene) == 0


def test_two_layers_are_compared_where_there_are_two(tracked: MainWindow) -> None:
    """The preset preview ends at 1/4: no layer blinks with itself."""
    session, options = tracked.context.session, tracked.context.display.options
    loop = current(tracked)
    coarse = {scale: loop.flows[scale] for scale in (Scale.EIGHTH, Scale.QUARTER)}
    session.update(loop.loop_id, flows=coarse)
    assert compared_layers(current(tracked), options) == ("1_4", "1_8")
    session.update(loop.loop_id, flows={Scale.EIGHTH: loop.flows[Scale.EIGHTH]})
    assert compared_layers(current(tracked), options) == ("1_8", "1_8")
