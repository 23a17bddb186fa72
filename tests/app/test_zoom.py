"""Zooming to the heart fills the view with the mask, whatever else the picture holds."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from pytestqt.qtbot import QtBot
from small_engine import wait_idle

from app import theme
from app.main_window import MainWindow
from app.views.overlays.colour_bar import bar_place
from app.views.scene import Scene
from app.views.tools import hint_place
from app.views.viewport import Viewport
from engine.model import Scale

AREA = QRectF(0, 0, 800, 500)


@pytest.mark.parametrize("aspect", [1.0, 0.8])
def test_a_part_fills_the_area_and_lies_in_its_middle(aspect: float) -> None:
    viewport = Viewport()
    viewport.set_image(640, 480, aspect)
    part = QRectF(300, 100, 80, 120)
    viewport.show_part(part, AREA)
    corners = np.array([[part.left(), part.top()], [part.right(), part.bottom()]]) - 0.5
    (left, top), (right, bottom) = viewport.to_screen(corners, AREA).tolist()
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((400, 250))
    assert max((right - left) / AREA.width(), (bottom - top) / AREA.height()) == pytest.approx(1)
    viewport.reset()
    assert viewport.zoom == 1.0


def test_the_heart_is_zoomed_to_and_the_whole_image_is_one_key_away(opened: MainWindow) -> None:
    viewport = opened.stage.viewport
    opened.actions_["zoom_heart"].trigger()
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    rows, columns = np.nonzero(loop.mask.data.any(axis=0))
    area = QRectF(opened.stage.view.rect())
    places = viewport.to_screen(np.stack([columns, rows], axis=1), area)
    assert (places >= 0).all()
    assert (places <= [area.width(), area.height()]).all()
    assert viewport.zoom > 1.0
    opened.actions_["fit"].trigger()
    assert viewport.zoom == 1.0


def covered(window: MainWindow) -> float:
    """Return which part of the view's longer fit the mask takes."""
    loop = window.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    rows, columns = np.nonzero(loop.mask.data.any(axis=0))
    area = QRectF(window.stage.view.rect())
    ends = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]) - 0.5
    (left, top), (right, bottom) = window.stage.viewport.to_screen(ends, area).tolist()
    return float(max((right - left) / area.width(), (bottom - top) / area.height()))


def test_the_first_field_brings_the_heart_near_once(opened: MainWindow, qtbot: QtBot) -> None:
    viewport = opened.stage.viewport
    assert viewport.zoom == 1.0
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    assert viewport.zoom > 1.0
    assert covered(opened) > 0.6
    opened.stage.zoom_buttons.whole.click()
    opened.show_scale(Scale.EIGHTH)
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    assert viewport.zoom == 1.0, "who asked for the whole image keeps it"
    opened.stage.zoom_buttons.heart.click()
    assert viewport.zoom > 1.0


def test_who_has_zoomed_is_not_moved(opened: MainWindow, qtbot: QtBot) -> None:
    viewport = opened.stage.viewport
    viewport.zoom_at(3.0, AREA.center(), AREA)
    zoom, center = viewport.zoom, viewport.center
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    assert (viewport.zoom, viewport.center) == (zoom, center)


def test_a_loop_not_tracked_yet_is_shown_whole(
    tracked: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session, viewport = tracked.context.session, tracked.stage.viewport
    first = session.loop
    assert first is not None
    assert viewport.zoom > 1.0
    other = tmp_path / "other.dcm"
    other.write_bytes(b"loop")
    tracked.commands.open_path(other)
    wait_idle(tracked, qtbot)
    assert session.loop is not first
    assert viewport.zoom == 1.0
    session.activate(first.loop_id)
    assert viewport.zoom > 1.0


def test_without_a_picture_there_is_nothing_to_zoom(window: MainWindow) -> None:
    assert window.stage.zoom_buttons.isHidden()


def test_the_buttons_have_names_tips_and_icons(tracked: MainWindow) -> None:
    buttons = tracked.stage.zoom_buttons
    assert buttons.isVisible()
    assert tracked.stage.rect().contains(buttons.geometry())
    for button, key in ((buttons.heart, "(Z)"), (buttons.whole, "(Ctrl+0)")):
        assert key in button.toolTip()
        assert button.accessibleName()
        assert not button.icon().isNull()
    tracked.show_compare()
    bar = tracked.stage.compare.bar
    assert buttons.y() > bar.height()


def test_a_picture_that_fails_ends_its_painter(opened: MainWindow, qtbot: QtBot) -> None:
    painters: list[QPainter] = []

    class Failing:
        def paint(self, painter: QPainter, scene: Scene) -> None:
            painters.append(painter)
            raise ValueError("no picture")

    view = opened.stage.view
    view._overlays = (Failing(),)
    with qtbot.capture_exceptions(), contextlib.suppress(ValueError):
        view.repaint()
    assert painters
    assert not painters[0].isActive()


def test_a_ragged_region_has_its_outline_in_hair_lines(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.views.overlays.mask_contour._RAGGED", 50)
    loop = opened.context.session.loop
    assert loop is not None
    assert loop.mask is not None
    noise = np.random.default_rng(5).random(loop.mask.data.shape) < 0.5
    grown = noise.repeat(2, axis=1).repeat(2, axis=2)
    data = grown[:, : noise.shape[1], : noise.shape[2]]
    ragged = dataclasses.replace(loop.mask, data=data, contours=None)
    opened.context.session.update(loop.loop_id, mask=ragged)
    opened.context.display.set(contour=False)
    plain = opened.stage.view.grab().toImage()
    opened.context.display.set(contour=True)
    assert opened.stage.view.grab().toImage() != plain


@pytest.mark.parametrize("height", [120, 200, 270, 360, 420, 700])
def test_the_zoom_buttons_never_cover_the_title_of_the_colour_bar(
    opened: MainWindow, height: int
) -> None:
    stage = opened.stage
    area = QRectF(0, 0, stage.width(), height)
    title = bar_place(area).adjusted(-14, -38, 58, 16)
    buttons = QRectF(stage.zoom_buttons.geometry())
    assert not title.intersects(buttons)
    assert title.right() <= area.right()


@pytest.mark.parametrize("width", [500, 700, 1200])
def test_the_zoom_buttons_never_cover_what_a_tool_says(opened: MainWindow, width: int) -> None:
    hint = "1 of 3: click one end of the mitral annulus at ED. Esc cancels."
    metrics = QFontMetricsF(theme.ui_font(9.5, bold=True))
    plate = metrics.boundingRect(hint).adjusted(-7, -4, 7, 4)
    area = QRectF(0, 0, width, 400)
    plate.moveBottomLeft(hint_place(area, hint))
    buttons = QRectF(opened.stage.zoom_buttons.geometry())
    buttons.moveRight(width - 12)
    assert not plate.intersects(buttons)
