"""The window's first place lies on the screen, whatever its size and scaling."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize
from pytestqt.qtbot import QtBot
from small_engine import wait_idle

from app.main_window import MainWindow
from app.screen import USEFUL, first_place


@pytest.mark.parametrize(
    ("width", "height"),
    [(1920, 1080), (1600, 1000), (1280, 800), (1366, 768), (911, 512), (3840, 2160)],
)
def test_it_leaves_room_for_a_title_bar(width: int, height: int) -> None:
    available = QRect(100, 40, width, height)
    place = first_place(available)
    assert available.contains(place)
    assert place.size() == USEFUL or height - place.height() >= 40
    assert abs(place.center().x() - available.center().x()) <= 1


def test_a_useful_size_is_taken_where_there_is_room() -> None:
    assert first_place(QRect(0, 0, 1600, 1000)).size() == QSize(1440, 900)


def test_where_there_is_little_room_the_curve_has_it(tracked: MainWindow, qtbot: QtBot) -> None:
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    pane = tracked.lower_pane
    pane.bullseye.make_room(240)
    assert not pane.bullseye.isHidden()
    pane.bullseye.make_room(150)
    assert pane.bullseye.isHidden()
    assert pane.minimumHeight() >= 150
