"""Facts about how things look that a picture shows at once and a test keeps."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from small_engine import dialogs, wait_idle

from app.actions import shortcut_groups
from app.main_window import MainWindow
from app.panels.measure_panel import headline_facts
from app.views.curves import legend_html, marked_range
from app.views.overlays.colour_bar import tick_text
from app.views.plots import SignedAxis
from engine.errors import InputError
from engine.model import Measurement, Measurements


def test_no_step_is_wider_than_its_column(tracked: MainWindow, qapp: QApplication) -> None:
    steps = tracked.steps
    inner = steps.widget()
    room = steps.width() - steps.verticalScrollBar().sizeHint().width()
    for index in range(len(steps.sections)):
        steps.open_step(index)
        qapp.processEvents()
        assert inner.minimumSizeHint().width() <= room, steps.sections[index].header.text()


def test_the_sign_of_a_warning_stands_beside_its_sentence(opened: MainWindow) -> None:
    opened.context.errors.show(InputError("The disk is full. Free some space."))
    (box,) = dialogs(opened)
    picture, text = (
        box.findChild(QLabel, name) for name in ("qt_msgboxex_icon_label", "qt_msgbox_label")
    )
    assert text is not None
    assert picture is not None
    assert picture.width() < 80
    assert text.geometry().left() < 80
    box.close()


def test_a_long_sentence_is_read_to_its_end(opened: MainWindow) -> None:
    sentence = "Cannot read loop.mp4: it is truncated: its end is missing. Copy it again. " * 3
    opened.context.errors.show(InputError(sentence))
    (box,) = dialogs(opened)
    text = box.findChild(QLabel, "qt_msgbox_label")
    assert text is not None
    lines = text.fontMetrics().boundingRect(text.contentsRect(), Qt.TextFlag.TextWordWrap, sentence)
    assert text.wordWrap()
    assert lines.height() <= text.height()
    assert lines.width() <= text.width()
    box.close()


def test_negative_numbers_have_a_true_minus_sign_everywhere() -> None:
    assert tick_text(-1.5) == "−1.5"
    assert SignedAxis("left").tickStrings([-5.0, 0.0], 1.0, 5.0) == ["−5", "0"]
    values = Measurements((Measurement("ls_a4c", "end-systolic", "global", -17.6, "%"),))
    assert headline_facts(values) == [("Longitudinal strain, A4C", "−18 %")]


def test_names_of_ed_and_es_have_room_above_the_curves() -> None:
    low, high = marked_range([-20.0, 0.0])
    assert low < -20
    assert high == pytest.approx(4)
    assert marked_range([3.0, 3.0])[0] < 3 < marked_range([3.0, 3.0])[1]


def test_segments_are_written_alike_in_legend_and_review(tracked: MainWindow, qtbot: QtBot) -> None:
    assert "Basal&nbsp;inferoseptal" in legend_html(["global", "basal_inferoseptal"])
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert tracked.lower_pane.curves.quantity.currentText() == "Longitudinal strain"


def test_the_list_of_keys_is_that_of_the_menus(window: MainWindow) -> None:
    listed = dict(dict(shortcut_groups())["Edit"])
    for action in window.actions_.menus["Edit"].actions()[:2]:
        assert listed[action.shortcut().toString()] in {"Undo", "Redo"}


def test_what_needs_a_loop_is_off_without_one(window: MainWindow) -> None:
    for name in ("Play", "Accept", "Measure", "Track", "Report…"):
        found = [item for item in window.steps.findChildren(QPushButton) if item.text() == name]
        assert found, name
        assert not any(item.isEnabled() for item in found), name
