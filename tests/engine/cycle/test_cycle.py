"""The cycle: closed-form areas and R waves give the frames that made them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cycle import (
    GIVEN,
    LARGEST_AREA,
    NO_ORDER,
    R_WAVE,
    SMALLEST_AREA,
    UNKNOWN,
    find_cycle,
    is_a_persons,
    of_chosen_beat,
    origin_words,
    surrogate_note,
)
from engine.errors import InputError

RATE = 50.0


def beating_area(count: int, beat: int, ed: int = 0, systole: float = 0.35) -> np.ndarray:
    """Return an area that is largest at ``ed`` and smallest after ``systole`` of a beat."""
    phase = ((np.arange(count) - ed) % beat) / beat
    return np.where(
        phase < systole,
        1000 + 400 * np.cos(np.pi * phase / systole),
        1000 - 400 * np.cos(np.pi * (phase - systole) / (1 - systole)),
    )


def times(count: int) -> np.ndarray:
    return np.arange(count) / RATE


def test_r_waves_give_end_diastole_beats_and_rate() -> None:
    cycle = find_cycle(times(150), (0.2, 1.2, 2.2), beating_area(150, 50, ed=10))
    assert cycle.ed_frame == 10
    assert cycle.ed_origin == R_WAVE
    assert cycle.beats == ((10, 60), (60, 110))
    assert cycle.heart_rate_bpm == pytest.approx(60)
    assert cycle.es_frame == pytest.approx(10 + 0.35 * 50, abs=1)
    assert cycle.es_origin == SMALLEST_AREA
    assert not any("irregular" in item for item in cycle.warnings)


def test_area_alone_gives_surrogates_that_say_so() -> None:
    cycle = find_cycle(times(140), (), beating_area(140, 60, ed=8))
    assert cycle.ed_frame == pytest.approx(8, abs=1)
    assert cycle.es_frame == pytest.approx(8 + 21, abs=1)
    assert (cycle.ed_origin, cycle.es_origin) == (LARGEST_AREA, SMALLEST_AREA)
    assert cycle.heart_rate_bpm == pytest.approx(50, rel=0.03)
    told = surrogate_note(LARGEST_AREA, SMALLEST_AREA)
    assert "largest cavity area and smallest cavity area: surrogates" in told
    assert [item for item in cycle.warnings if "surrogate" in item] == [told]
    half = find_cycle(times(140), (), beating_area(140, 60, ed=8), ed=8)
    assert surrogate_note("", SMALLEST_AREA) in half.warnings
    assert surrogate_note(R_WAVE, "") == ""


def test_noise_on_the_area_moves_the_frames_little() -> None:
    noise = np.random.default_rng(3).normal(0, 12, 140)
    cycle = find_cycle(times(140), (), beating_area(140, 60, ed=8) + noise)
    assert cycle.ed_frame == pytest.approx(8, abs=3)
    assert cycle.es_frame == pytest.approx(29, abs=3)
    assert len(cycle.beats) == 2


def test_a_frame_outside_is_told_in_the_sources_numbers() -> None:
    with pytest.raises(InputError, match=r"frame 2 .* frames are 5 to 24"):
        find_cycle(times(20), ed=2 - 5, first_frame=5)


def test_given_frames_win() -> None:
    cycle = find_cycle(times(100), (0.0, 1.0), beating_area(100, 50), ed=3, es=20)
    assert (cycle.ed_frame, cycle.es_frame) == (3, 20)
    assert (cycle.ed_origin, cycle.es_origin) == (GIVEN, GIVEN)
    assert cycle.mark_origins == ("", "")
    seen = find_cycle(times(100), (0.0, 1.0), beating_area(100, 50), es=20)
    assert seen.mark_origins == (R_WAVE, "")


def test_a_loop_of_one_beat_starts_at_its_own_end_diastole_though_the_next_is_larger() -> None:
    area = beating_area(48, 44)
    area = area + np.linspace(0, 120, 48) * (np.arange(48) > 20)
    cycle = find_cycle(None, (), area)
    assert cycle.ed_frame == pytest.approx(0, abs=1)
    assert cycle.es_frame == pytest.approx(0.35 * 44, abs=1)


@pytest.mark.parametrize("late", [1, 2, 3, 4, 5])
def test_a_loop_of_one_beat_runs_from_end_diastole_to_the_next(late: int) -> None:
    area, again = beating_area(48, 50, ed=-late), min(50 - late, 47)
    cycle = find_cycle(times(48), (), area)
    assert cycle.ed_frame == 0
    assert cycle.es_frame == pytest.approx(0.35 * 50 - late, abs=1)
    assert [beat == (0, pytest.approx(again, abs=1)) for beat in cycle.beats] == [True]
    assert not any(item.startswith(NO_ORDER) for item in cycle.warnings)
    told = find_cycle(times(48), (again / RATE,), area)
    assert (told.ed_frame, told.ed_origin) == (again, R_WAVE), "believed before the area"


@pytest.mark.parametrize("frames", [12, 25, 40])
def test_half_a_beat_to_end_diastole_keeps_it_at_its_end(frames: int) -> None:
    filling = 1000 - 400 * np.cos(np.linspace(0, np.pi, frames))
    cycle = find_cycle(times(frames), (), filling)
    assert (cycle.ed_frame, cycle.es_frame) == (frames - 1, 0)
    assert cycle.beats == ()
    assert any(item.startswith(NO_ORDER) for item in cycle.warnings)


def test_a_loop_that_begins_amid_systole_keeps_end_diastole_at_its_end() -> None:
    cycle = find_cycle(times(48), (), beating_area(48, 50, ed=-8))
    assert cycle.ed_frame == pytest.approx(42, abs=1)
    assert cycle.es_frame == pytest.approx(17.5 - 8, abs=1)


def test_beats_together_tell_end_systole_where_one_dips_early() -> None:
    area = beating_area(160, 50, ed=2)
    area[2 + 6 : 2 + 9] = area.min() - 40
    cycle = find_cycle(None, (), area)
    assert cycle.ed_frame == pytest.approx(2, abs=1)
    assert cycle.es_frame == pytest.approx(2 + 0.35 * 50, abs=5)


def test_without_times_frames_are_found_but_no_rate() -> None:
    cycle = find_cycle(None, (), beating_area(120, 50, ed=5))
    assert cycle.ed_frame == pytest.approx(5, abs=1)
    assert cycle.heart_rate_bpm is None


def test_r_waves_without_frame_times_cannot_be_placed() -> None:
    cycle = find_cycle(None, (0.1, 1.1), beating_area(120, 50, ed=5))
    assert cycle.ed_origin == LARGEST_AREA
    assert any("frame times are not" in item for item in cycle.warnings)
    assert cycle.heart_rate_bpm == pytest.approx(60)


def test_irregular_beats_warn() -> None:
    cycle = find_cycle(times(200), (0.1, 1.1, 1.8, 2.9), None)
    assert any("irregular" in item for item in cycle.warnings)
    regular = find_cycle(times(200), (0.1, 1.1, 2.15, 3.1), None)
    assert not any("irregular" in item for item in regular.warnings)


def test_a_range_of_a_loop_keeps_the_clock() -> None:
    cycle = find_cycle(2.0 + times(60), (1.5, 2.4, 3.3), None)
    assert cycle.r_frames == (20,)
    assert cycle.ed_frame == 20
    assert cycle.beats == ()


def test_a_loop_that_starts_within_systole_does_not_call_its_first_frame_diastole() -> None:
    cycle = find_cycle(times(100), (), beating_area(100, 50, ed=-8))
    assert cycle.ed_frame == pytest.approx(42, abs=1)


def test_one_r_wave_at_the_end_takes_systole_before_it() -> None:
    cycle = find_cycle(times(60), (1.1,), beating_area(60, 50, ed=55))
    assert cycle.ed_frame == 55
    assert cycle.es_frame == pytest.approx(5 + 17.5, abs=1)


def test_a_still_loop_has_no_phases() -> None:
    cycle = find_cycle(times(20), (), np.full(20, 700.0))
    assert cycle.ed_frame is None
    assert cycle.es_frame is None
    assert cycle.es_origin == UNKNOWN
    assert cycle.warnings


def test_a_stated_heart_rate_serves_where_no_r_wave_is_known() -> None:
    cycle = find_cycle(times(40), (), None, heart_rate_bpm=72.0)
    assert cycle.heart_rate_bpm == 72
    assert cycle.heart_rate_origin == "stated by the source"


@pytest.mark.parametrize(("ed", "es"), [(-1, None), (None, 100), (5, 5)])
def test_impossible_frames_are_refused(ed: int | None, es: int | None) -> None:
    with pytest.raises(InputError, match=r"frame"):
        find_cycle(times(50), (), None, ed=ed, es=es)


def test_inputs_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="differ in number"):
        find_cycle(times(50), (), np.ones(40))


def test_the_beat_that_is_measured_holds_its_systole() -> None:
    # The first maximum's systole is cut off at the start of a smaller beat; the second's is whole.
    area = beating_area(110, 50, ed=20)
    area[20:45] = np.linspace(area[20], area[20] - 120, 25)
    area[45:70] = np.linspace(area[44], area[70], 25)
    cycle = find_cycle(times(110), (), area)
    assert cycle.ed_frame == pytest.approx(70, abs=1)
    assert cycle.es_frame == pytest.approx(70 + 17.5, abs=1)
    assert not any(item.startswith(NO_ORDER) for item in cycle.warnings)


@pytest.mark.parametrize("ed", range(0, 50, 7))
@pytest.mark.parametrize("count", [80, 101])
def test_systole_follows_diastole_wherever_the_loop_begins(ed: int, count: int) -> None:
    cycle = find_cycle(times(count), (), beating_area(count, 50, ed=ed))
    assert cycle.ed_frame is not None
    assert cycle.es_frame is not None
    assert 0 < cycle.es_frame - cycle.ed_frame < 0.6 * 50


def test_systole_before_a_given_end_diastole_is_told() -> None:
    cycle = find_cycle(times(60), (), beating_area(60, 50, ed=55), ed=55)
    assert cycle.es_frame == pytest.approx(5 + 17.5, abs=1)
    assert any(item.startswith(NO_ORDER) for item in cycle.warnings)


def test_a_chosen_beat_says_where_its_marks_come_from() -> None:
    assert of_chosen_beat(R_WAVE) == "R wave of the chosen beat"
    chosen = of_chosen_beat(LARGEST_AREA)
    assert chosen == "largest cavity area of the chosen beat: a surrogate"
    assert "of the chosen beat" in surrogate_note(chosen, R_WAVE), "chosen, yet found in the image"
    assert is_a_persons(chosen)
    assert is_a_persons("")
    assert not is_a_persons("R wave of the chosen beat, says another program"), "a value, no words"
    assert of_chosen_beat(UNKNOWN) == UNKNOWN
    assert not is_a_persons(LARGEST_AREA)
    assert (origin_words(""), origin_words(R_WAVE)) == ("given", "R wave")
