"""The strain of the wall at every pixel: made when it is looked at, for what is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, press, wait_idle

from app.display import Page
from app.main_window import MainWindow
from app.operations.confirm import set_marks
from app.operations.make_mask import set_target
from app.views.overlays.colour_bar import bar_scale
from app.views.scene import Scene
from engine.model import Scale, Target

ED, AFTER = 2, 6


def scene_at(window: MainWindow, frame: int) -> Scene:
    """Return what the view shows at a frame."""
    window.context.session.set_frame(frame)
    scene = window.stage.view.scene()
    assert scene is not None
    return scene


@pytest.fixture
def mapped(tracked: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with a tracked loop and its strain map switched on."""
    press(qtbot, tracked, Qt.Key.Key_S)
    wait_idle(tracked, qtbot)
    return tracked


def test_it_is_made_once_for_every_scale_that_is_looked_at(
    mapped: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    assert verbs.calls.count("map_strain 1") == 1
    assert verbs.calls.count("map_strain 1/8") == 0
    mapped.show_scale(Scale.EIGHTH)
    wait_idle(mapped, qtbot)
    mapped.show_scale(Scale.FULL)
    wait_idle(mapped, qtbot)
    assert verbs.calls.count("map_strain 1") == 1
    assert verbs.calls.count("map_strain 1/8") == 1


def test_it_has_a_bar_in_percent_and_begins_after_end_diastole(mapped: MainWindow) -> None:
    scene = scene_at(mapped, AFTER)
    bar, maps = bar_scale(scene), scene.strain
    assert bar is not None
    assert maps is not None
    assert bar.label == "Longitudinal strain, %"
    assert (bar.low, bar.high) == (-25.0, 25.0)
    assert maps.at(ED) is None
    assert scene.mapped, "arrows take no colours over it"
    before = scene_at(mapped, ED)
    assert not before.mapped, "outside its beat arrows are coloured by speed"
    speed = bar_scale(before)
    assert speed is not None
    assert speed.label.startswith("Speed")
    mapped.context.display.set(arrows=False)
    x, y = scene.to_screen(np.array([[60.0, 50.0]]))[0]
    tints = []
    for frame in (AFTER, ED):
        mapped.context.session.set_frame(frame)
        image = mapped.stage.view.grab().toImage()
        colour = image.pixelColor(round(x), round(y))
        tints.append(colour.red() - colour.blue())
    assert tints[0] > 40, "shortening is red"
    assert tints[1] == 0, "up to end-diastole the image alone is seen"
    mapped.context.display.set(strain=False)
    assert scene_at(mapped, AFTER).strain is None


def test_the_value_under_the_pointer_is_told(mapped: MainWindow) -> None:
    messages: list[str] = []
    view = mapped.stage.view
    view.hovered.connect(messages.append)
    for frame, told in ((AFTER, True), (ED, False)):
        scene = scene_at(mapped, frame)
        place = scene.to_screen(np.array([[60.0, 50.0]]))[0]
        view._pointer = scene.viewport.to_image(QPointF(*place), scene.area)
        view._refresh()
        assert ("strain \N{MINUS SIGN}20 %" in messages[-1]) is told


def test_another_end_diastole_makes_it_anew(
    mapped: MainWindow, verbs: FakeVerbs, qtbot: QtBot
) -> None:
    set_marks(mapped.context, 4, 8)
    wait_idle(mapped, qtbot)
    assert verbs.calls.count("map_strain 1") == 2
    maps = scene_at(mapped, AFTER).strain
    assert maps is not None
    assert maps.start == 4


def test_one_map_lies_over_the_image_at_a_time(mapped: MainWindow) -> None:
    display = mapped.context.display
    display.set(vorticity=True)
    assert not display.options.strain
    display.set(strain=True)
    assert not display.options.vorticity
    display.set(page=Page.COMPARE)
    assert scene_at(mapped, AFTER).strain is None, "other methods have no map beside it"
    assert not mapped.view_bar.toggles["strain"].isEnabled()


def test_blood_has_none(verbs: FakeVerbs, tracked: MainWindow, qtbot: QtBot) -> None:
    set_target(tracked.context, Target.BLOOD)
    wait_idle(tracked, qtbot)
    tracked.track_panel.run()
    wait_idle(tracked, qtbot)
    press(qtbot, tracked, Qt.Key.Key_S)
    wait_idle(tracked, qtbot)
    assert not [call for call in verbs.calls if call.startswith("map_strain")]
    assert not tracked.view_bar.toggles["strain"].isEnabled()
