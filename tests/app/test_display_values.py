"""What is drawn, as numbers: time, zoom, field, bull's-eye, exclusions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot
from small_engine import FRAMES, make_cine

from app.flow_view import make_flow_view
from app.playback import Player, display_times
from app.session import Session
from app.views.bullseye import cells
from app.views.cine_view import grey_table
from app.views.viewport import Viewport
from engine.model import Scale, ScaleField


def test_player_follows_unequal_frame_times(qtbot: QtBot) -> None:
    session = Session()
    player = Player(session, session)
    cine = make_cine(frames=4)
    object.__setattr__(cine, "frame_times_s", np.array([0.0, 0.1, 0.3, 0.4]))
    session.add("x", cine)
    assert [player.frame_at(t) for t in (0.0, 0.05, 0.1, 0.29, 0.3, 0.45)] == [0, 0, 1, 1, 2, 3]
    # The last frame stays for the median interval, 0.1 s; then the loop begins again.
    assert player.frame_at(0.51) == 0
    player.set_looping(False)
    assert player.frame_at(9.0) == 3


def test_unknown_times_play_at_the_containers_rate_and_show_none() -> None:
    assert make_cine(calibrated=False).frame_times_s is None
    assert display_times(make_cine(calibrated=False))[1] == pytest.approx(1 / 25)


def test_zoom_keeps_the_place_under_the_pointer() -> None:
    viewport, area = Viewport(), QRectF(10, 20, 800, 600)
    viewport.set_image(1024, 768, 1.25)
    pointer = QPointF(300, 410)
    before = viewport.to_image(pointer, area)
    viewport.zoom_at(2.5, pointer, area)
    after = viewport.to_image(pointer, area)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_pixels_that_are_not_square_are_shown_at_their_true_height() -> None:
    viewport, area = Viewport(), QRectF(0, 0, 500, 500)
    viewport.set_image(100, 100, 2.0)
    across, down = viewport.scale(area)
    assert down == pytest.approx(2 * across)


def test_to_screen_and_to_image_are_inverse() -> None:
    viewport, area = Viewport(), QRectF(0, 0, 640, 480)
    viewport.set_image(320, 240, 1.0)
    ((x, y),) = viewport.to_screen(np.array([[17.0, 33.0]]), area)
    back = viewport.to_image(QPointF(x, y), area)
    assert (back.x(), back.y()) == pytest.approx((17.0, 33.0))


def test_display_gain_is_the_identity_at_rest_and_monotone() -> None:
    assert grey_table(0.0, 1.0)[128] == 0xFF808080
    table = np.array(grey_table(0.2, 1.7))
    assert np.all(np.diff(table) >= 0)


def test_vorticity_of_a_solid_body_is_twice_its_rate() -> None:
    rows, columns = np.mgrid[:96, :128].astype(np.float32)
    angle = 0.02  # rad a frame, counter-clockwise on the screen
    displacement = np.zeros((FRAMES - 1, 2, 96, 128), np.float32)
    # Forward motion is (right, down) = angle * (y_row, -x_col) about the centre; pull-back its
    # negative.
    displacement[:, 0] = -angle * (rows - 48)
    displacement[:, 1] = angle * (columns - 64)
    mask = np.ones((FRAMES, 96, 128), np.bool_)
    view = make_flow_view(ScaleField(Scale.FULL, displacement), mask, None, None)
    vorticity = view.vorticity(4, 3)
    assert vorticity is not None
    assert np.allclose(vorticity, 2 * angle, atol=1e-5)
    assert view.rate_unit == "1/frame"
    calibrated = make_flow_view(
        ScaleField(Scale.FULL, displacement), mask, (0.5, 0.5), np.arange(FRAMES) * 0.02
    )
    rate = calibrated.vorticity(4, 3)
    assert rate is not None
    assert np.allclose(rate, 2 * angle / 0.02, rtol=1e-4)


def test_bullseye_places_the_walls_as_the_standard_does() -> None:
    placed = {cell.name: cell for cell in cells(frozenset({"basal_anterior"}))}
    assert len(placed) == 17
    anterior = placed["basal_anterior"]
    assert anterior.start + anterior.span / 2 == pytest.approx(90)
    inferior = placed["mid_inferior"]
    assert (inferior.start + inferior.span / 2) % 360 == pytest.approx(270)
    septal = placed["apical_septal"]
    assert (septal.start + septal.span / 2) % 360 == pytest.approx(180)
    assert len(cells(frozenset({"apical_inferoseptal"}))) == 19
