"""Zooming to the heart fills the view with the mask, whatever else the picture holds."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.views.scene import Scene
from app.views.viewport import Viewport

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
