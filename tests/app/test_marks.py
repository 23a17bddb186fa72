"""Where ED and ES come from is told truly: found in the image, or set by a person."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, until, wait_idle

from app.main_window import MainWindow
from app.operations.confirm import confirm_view, set_marks, take_marks
from app.operations.make_mask import default_config
from app.operations.notes import settled
from app.operations.open_loop import open_path
from app.session import Loop
from app.widgets.step_section import StepState
from engine.config import MaskConfig
from engine.cycle import LARGEST_AREA, R_WAVE, SMALLEST_AREA, surrogate_note
from engine.model import Cine, Mask, View
from engine.progress import Progress

NOTES = (
    "Left ventricle found without a click.",
    "End-systole is taken from the image (smallest cavity area: a surrogate). Check it, or give "
    "its frame.",
)


def current(window: MainWindow) -> Loop:
    """Return the loop shown."""
    loop = window.context.session.loop
    assert loop is not None
    return loop


def test_marks_found_in_the_image_are_not_handed_on_as_given(opened: MainWindow) -> None:
    loop = current(opened)
    assert (loop.ed_frame, loop.es_frame, loop.given) == (2, 7, frozenset())
    config = default_config(loop)
    assert (config.ed_frame, config.es_frame) == (None, None)
    opened.context.session.set_frame(9)
    opened.actions_["set_es"].trigger()
    loop = current(opened)
    assert (loop.es_frame, loop.given) == (9, frozenset({"ES"}))
    config = default_config(loop)
    assert (config.ed_frame, config.es_frame) == (None, 9 + loop.cine.first_frame)


def test_to_set_a_mark_where_it_is_makes_it_given(opened: MainWindow) -> None:
    loop = current(opened)
    set_marks(opened.context, loop.ed_frame, loop.es_frame)
    assert not current(opened).given
    take_marks(opened.context, loop.ed_frame, None)
    assert current(opened).given == {"ED"}
    set_marks(opened.context, None, loop.es_frame)
    assert not current(opened).given


def test_a_result_tells_how_its_marks_were_found_until_a_person_sets_them(
    tracked: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    result = current(tracked).result
    assert result is not None
    assert result.mark_origins == (R_WAVE, SMALLEST_AREA)
    take_marks(tracked.context, None, 8)
    result = current(tracked).result
    assert result is not None
    assert (result.es_frame, result.mark_origins) == (8 + 5, (R_WAVE, ""))
    path = tmp_path / "result.h5"
    tracked.context.verbs.write_result(path, result, patient_data=True)
    open_path(tracked.context, path)
    wait_idle(tracked, qtbot)
    again = current(tracked)
    assert again.path == path
    assert (again.ed_frame, again.es_frame, again.given) == (2, 8, {"ES"})


def test_a_new_mask_moves_found_marks_and_leaves_given_ones(
    opened: MainWindow, verbs: FakeVerbs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = verbs.build_mask

    def other(cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        return dataclasses.replace(build(cine, config, progress), ed_frame=3, es_frame=8)

    monkeypatch.setattr(verbs, "build_mask", other)
    take_marks(opened.context, 1, None)
    opened.actions_["make_mask"].trigger()
    wait_idle(opened, qtbot)
    assert (current(opened).ed_frame, current(opened).es_frame) == (1, 8)


def test_an_es_that_is_not_after_ed_is_told_where_both_are_set(opened: MainWindow) -> None:
    confirm_view(opened.context, View.A4C)
    assert opened.mask_panel.state()[0] is StepState.DONE
    for late in (2, 1):
        take_marks(opened.context, None, late)
        state, text = opened.mask_panel.state()
        assert state is StepState.ATTENTION
        assert "ES is not after ED" in text


def test_notes_tell_no_origin_that_a_person_has_replaced() -> None:
    given = settled(NOTES, view_confirmed=False, mark_origins=(R_WAVE, ""))
    assert given == NOTES[:1]
    assert settled(NOTES, view_confirmed=True, mark_origins=(R_WAVE, SMALLEST_AREA)) == NOTES
    both = (surrogate_note(LARGEST_AREA, SMALLEST_AREA),)
    assert "End-diastole and end-systole are taken" in both[0]
    left = settled(both, view_confirmed=False, mark_origins=("", SMALLEST_AREA))
    assert left == NOTES[1:]


def test_an_es_before_ed_bears_no_end_systolic_value(tracked: MainWindow, qtbot: QtBot) -> None:
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert current(tracked).end_systole == 7 + 5
    until(qtbot, lambda: not tracked.lower_pane.bullseye.isHidden())
    take_marks(tracked.context, 9, None)
    tracked.measure_panel.run()
    wait_idle(tracked, qtbot)
    assert current(tracked).end_systole is None
    assert tracked.lower_pane.bullseye.isHidden()
