"""Three points are clicked on the ED frame, and three more on the ES frame."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from small_engine import make_contours, wait_idle

from app.main_window import MainWindow
from app.operations.confirm import set_marks, take_marks
from engine.config import MaskConfig, MaskMethod
from engine.masks.landmarks import landmark_points

ED, ES, FIRST = 2, 7, 5
PLACES = np.array([[40.0, 70.0], [88.0, 70.0], [64.0, 30.0]])


def points_button(window: MainWindow) -> QPushButton:
    """Return the button whose points are asked for."""
    buttons = window.mask_panel.findChildren(QPushButton)
    return next(one for one in buttons if "oints" in one.text())


def click_places(window: MainWindow, qtbot: QtBot, first: int = 0) -> None:
    """Click three places on the image, or those from one on."""
    scene = window.stage.view.scene()
    assert scene is not None
    for place in np.rint(scene.to_screen(PLACES[first:])).astype(int).tolist():
        qtbot.mouseClick(window.stage.view, Qt.MouseButton.LeftButton, pos=QPoint(*place))
    wait_idle(window, qtbot)


def test_points_go_to_the_ed_frame_wherever_the_loop_stands(
    asked: list[MaskConfig], opened: MainWindow, qtbot: QtBot
) -> None:
    opened.context.session.set_frame(4)
    assert points_button(opened).text() == "Three points…"
    points_button(opened).click()
    assert opened.context.session.frame == ED
    tool = opened.stage.tool
    assert tool is not None
    assert tool.hint == "1 of 3: click one end of the mitral annulus at ED. Esc cancels."
    click_places(opened, qtbot)
    config = asked[-1]
    assert config.method is MaskMethod.POINTS
    assert np.array(config.points) == pytest.approx(PLACES, abs=1.0)
    assert config.points_es == ()
    # Who gives points at ED takes the frame below them for it.
    assert (config.ed_frame, config.es_frame) == (ED + FIRST, None)
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.given == {"ED"}


def test_points_are_of_one_frame_though_others_are_looked_at(
    asked: list[MaskConfig], opened: MainWindow, qtbot: QtBot
) -> None:
    session = opened.context.session
    points_button(opened).click()
    session.set_frame(4)
    click_places(opened, qtbot, 2)
    assert session.frame == ED, "the first click on another frame leads back"
    tool = opened.stage.tool
    assert tool is not None
    assert tool.hint.startswith("1 of 3")
    take_marks(opened.context, 4, None)
    click_places(opened, qtbot)
    assert np.array(asked[-1].points) == pytest.approx(PLACES, abs=1.0)
    assert asked[-1].ed_frame == ED + FIRST


def test_without_a_mark_the_first_point_tells_the_frame(
    asked: list[MaskConfig], opened: MainWindow, qtbot: QtBot
) -> None:
    set_marks(opened.context, None, None)
    points_button(opened).click()
    opened.context.session.set_frame(4)
    click_places(opened, qtbot)
    assert asked[-1].ed_frame == 4 + FIRST


def test_on_the_es_frame_points_are_those_of_es_and_ed_stays(
    asked: list[MaskConfig], opened: MainWindow, qtbot: QtBot
) -> None:
    opened.context.session.set_frame(ES)
    button = points_button(opened)
    assert button.text() == "Points at ES…"
    button.click()
    tool = opened.stage.tool
    assert tool is not None
    assert "annulus at ES" in tool.hint
    click_places(opened, qtbot)
    config = asked[-1]
    kept = landmark_points(make_contours().endocardial[ED], closed=False)
    assert config.points == pytest.approx(np.array(kept))
    assert np.array(config.points_es) == pytest.approx(PLACES, abs=1.0)
    assert (config.ed_frame, config.es_frame) == (ED + FIRST, ES + FIRST)
    assert opened.context.session.undo_group.canUndo()
    opened.context.session.set_frame(ED)
    assert button.text() == "Three points…"


def test_landmarks_of_a_ring_are_its_centre_and_a_place_at_its_radius() -> None:
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    ring = np.stack([50 + 20 * np.cos(angle), 40 + 20 * np.sin(angle)], 1)
    centre, rim = landmark_points(ring, closed=True)
    assert centre == pytest.approx((50, 40))
    assert np.hypot(rim[0] - 50, rim[1] - 40) == pytest.approx(20)
