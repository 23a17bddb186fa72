"""Facts about how things look that a picture shows at once and a test keeps."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QIcon, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot
from small_engine import dialogs, make_cine, wait_idle

from app.actions import shortcut_groups
from app.jobs import JobStatus
from app.main_window import MainWindow
from app.panels.measure_panel import headline_facts
from app.views.curves import legend_html, marked_range, region_shades
from app.views.overlays.colour_bar import tick_text
from app.views.plots import SignedAxis
from app.widgets.job_bar import JobBar
from app.widgets.player_bar import r_frames
from engine.errors import InputError
from engine.export.quiver import ticks
from engine.model import Measurement, Measurements
from engine.progress import Step


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


def test_no_word_of_the_edit_bar_is_cut_in_a_narrow_window(
    opened: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    opened.editing.switch(True)
    heights = []
    for width in (1500, 1000):
        opened.resize(width, 700)
        qtbot.wait(20)
        qapp.processEvents()
        for item in opened.edit_bar.findChildren(QAbstractButton):
            if item.isVisible():
                assert item.width() >= item.sizeHint().width(), item.text()
                assert opened.edit_bar.rect().contains(item.geometry()), item.text()
        heights.append(opened.edit_bar.height())
    assert heights[1] > heights[0]


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
    assert headline_facts(values) == [("LS A4C", "−18 %")]


def test_a_strain_without_a_view_of_its_own_is_told_too() -> None:
    rows = tuple(
        Measurement("strain_circumferential", "d", region, value, "%", frame)
        for region, value in (("global", -17.2), ("mid_anterior", -11.0))
        for frame in (6, 7)
    )
    assert headline_facts(Measurements(rows), 7) == [("Circumferential strain, ES", "−17 %")]
    assert headline_facts(Measurements(rows)) == []


def test_the_curve_of_one_view_is_never_called_global() -> None:
    shades = region_shades(["global", "basal_inferoseptal"], [])
    assert "Whole&nbsp;contour" in legend_html(shades)


def test_a_segment_that_is_left_out_gives_its_colour_to_no_other() -> None:
    segments = ["basal_inferoseptal", "mid_inferoseptal", "apical_inferoseptal"]
    before = region_shades(["global", *segments], segments)
    after = region_shades(["global", segments[0], segments[2]], segments)
    assert len(set(before.values())) == 4
    assert all(before[region] == shade for region, shade in after.items())


def test_ticks_of_the_colour_bar_are_short_numbers() -> None:
    for limit in (0.15, 1.5, 15.0, 2.5, 30.0, 60.0, 8.0):
        texts = [tick_text(value) for value in ticks(limit)]
        assert max(len(text.replace(".", "").lstrip("0")) for text in texts) <= 2, texts
    assert tick_text(-6.0) == "\N{MINUS SIGN}6"


def test_an_r_wave_on_the_last_frame_is_marked() -> None:
    cine = dataclasses.replace(make_cine(), r_times_s=(0.0, 0.2201))
    assert r_frames(cine) == (0.0, 11.0)


def test_the_value_under_a_resting_pointer_is_that_of_the_frame_shown(tracked: MainWindow) -> None:
    told: list[str] = []
    view, session = tracked.stage.view, tracked.context.session
    view.hovered.connect(told.append)
    place = QPointF(view.rect().center())
    buttons, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, place, place, buttons, buttons, none)
    QApplication.sendEvent(view, move)
    session.set_frame(3)
    assert len(told) == 2
    assert told[0] != told[1]
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert told[-1] == ""
    session.set_frame(4)
    assert told[-1] == ""


def test_names_of_ed_and_es_have_room_above_the_curves() -> None:
    low, high = marked_range([-20.0, 0.0])
    assert low < -20
    assert high == pytest.approx(4)
    low, high = marked_range([6.0, 6.2])
    assert low < 0, "a curve that hardly changes looks so"
    assert high > 6.2
    assert marked_range([0.0, 0.0])[0] < 0 < marked_range([0.0, 0.0])[1]


def test_segments_are_written_alike_in_legend_and_review(tracked: MainWindow, qtbot: QtBot) -> None:
    assert "Basal&nbsp;inferoseptal" in legend_html({"basal_inferoseptal": "#ffffff"})
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert tracked.lower_pane.curves.quantity.currentText() == "Longitudinal strain"


def test_the_list_of_keys_is_that_of_the_menus(window: MainWindow) -> None:
    listed = dict(dict(shortcut_groups())["Edit"])
    for action in window.actions_.menus["Edit"].actions()[:2]:
        assert listed[action.shortcut().toString()] in {"Undo", "Redo"}


def test_what_needs_a_loop_is_off_without_one(window: MainWindow) -> None:
    boxes = window.mask_panel.findChildren(QComboBox)
    assert not any(box.isEnabled() or not box.currentText() for box in boxes)
    for name in ("Play", "Accept", "Measure", "Track", "Report…"):
        found = [item for item in window.steps.findChildren(QPushButton) if item.text() == name]
        assert found, name
        assert not any(item.isEnabled() for item in found), name


def test_in_the_smallest_window_the_time_line_can_still_be_pointed_at(
    tracked: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    bar, curves = tracked.player_bar, tracked.lower_pane.curves
    for size in ((1600, 1000), (860, 480)):
        tracked.resize(*size)
        qtbot.wait(20)
        qapp.processEvents()
        assert (tracked.width(), tracked.height()) == size, "a laptop at 150 % has no more room"
        assert bar.slider.width() >= 170
        shown = [item for item in bar.children() if isinstance(item, QAbstractButton)]
        assert all(bar.rect().contains(item.geometry()) for item in shown if item.isVisible())
    assert curves._legend.isHidden(), "curves go before their names"


def test_the_keyboard_goes_through_the_player_from_left_to_right(opened: MainWindow) -> None:
    bar = opened.player_bar
    item, places = bar.nextInFocusChain(), []
    while item is not bar:
        if item.parent() is bar and item.focusPolicy() & Qt.FocusPolicy.TabFocus:
            places.append((item.x(), item.isHidden()))
        item = item.nextInFocusChain()
    shown = [x for x, hidden in places if not hidden]
    assert len(shown) >= 8
    assert shown == sorted(shown)


def test_icons_of_the_programs_own_file_dialog_are_seen(window: MainWindow, qtbot: QtBot) -> None:
    dialog = QFileDialog(window)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    qtbot.addWidget(dialog)
    dialog.show()
    buttons = dialog.findChildren(QToolButton)
    assert buttons
    for button in buttons:
        drawn = button.grab().toImage()
        button.setIcon(QIcon())
        bare = button.grab().toImage()
        places = itertools.product(range(bare.width()), range(bare.height()))
        assert sum(drawn.pixel(*place) != bare.pixel(*place) for place in places) > 40


def test_a_long_name_leaves_room_for_how_far_its_job_is(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    title = f"Opening {'very long name of a recording ' * 9}.mp4"
    bar.show_status(JobStatus(1, title, Step("frames", 62, 100, fraction=0.62)))
    assert bar.label.text().startswith("Opening very long")
    assert bar.label.text().endswith("62 %")
    assert bar.sizeHint().width() < 800
    assert title in bar.label.toolTip()


def test_names_of_the_first_view_are_whole_words_or_lose_their_middle(
    window: MainWindow, tmp_path: Path
) -> None:
    long = tmp_path / f"Echo {'of a patient with a long name ' * 5}& son.mp4"
    short = tmp_path / "rest & stress.mp4"
    for path in (long, short):
        path.touch()
        window.context.settings.add_recent(path)
    empty = window.stage.empty
    empty.refresh()
    empty.offer(f"Continue with {long.name}, 24 Nov, 04:55")
    window.resize(window.minimumSize())
    QApplication.processEvents()
    shown = [one for one in empty.findChildren(QPushButton) if one.isVisible()]
    texts = [one.text().replace("&&", "&") for one in shown]
    assert short.name in texts
    assert any(text.startswith("Echo of") and text.endswith("& son.mp4") for text in texts)
    assert any(text.startswith("Continue") and text.endswith("04:55") for text in texts)
    for one in shown:
        assert one.width() >= one.sizeHint().width(), one.text()
        assert empty.rect().contains(one.geometry()), one.text()
