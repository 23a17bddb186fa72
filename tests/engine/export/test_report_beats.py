"""Every whole beat beside the measured one: closed-form curves of three beats of known size."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from synthetic_results import drift_result, ring_contours

from engine import pipeline
from engine.analysis.beats import OF_BEAT, beat_strain, beat_values, find_beats, with_beats
from engine.config import MeasureConfig, ReportConfig
from engine.export.report import report_pages
from engine.model import Contours, Measurement, Measurements, TrackingResult, View
from engine.progress import NullProgress

BEAT, COUNT, FIRST = 20, 64, 5
SHORTENING = (0.20, 0.16, 0.12)
"""How far the wall shortens in each of the beats that begin at frames 2, 22 and 42."""


def size_of(frame: int) -> float:
    """Part of its end-diastolic size that the wall has lost: 0 at ED, the beat's most at mid."""
    beat, phase = divmod(frame - 2, BEAT)
    most = SHORTENING[min(max(beat, 0), 2)]
    return most * float(np.sin(np.pi * phase / BEAT) ** 2)


def three_beats(**changes: object) -> TrackingResult:
    """Return a loop of three whole beats, ED at source frames 7, 27, 47 and 67."""
    rings = ring_contours(COUNT, (48, 64))
    middle = np.array([32.0, 24.0], np.float32)
    shrink = np.array([1 - size_of(frame) for frame in range(COUNT)], np.float32)
    inner = middle + (rings.endocardial - middle) * shrink[:, None, None]
    contours = Contours(inner, rings.epicardial, closed=True)
    values = {"ed_frame": 7, "es_frame": 17, "contours": contours, "view": View.A4C}
    return drift_result(count=COUNT, **(values | changes))


def measured(result: TrackingResult) -> Measurements:
    """Return strain and volume of every frame, and the numbers of the measured beat."""
    rows = []
    for index in range(COUNT):
        strain, volume = -100 * size_of(index), 100 * (1 - size_of(index)) ** 2
        frame = index + FIRST
        rows.append(Measurement("strain_longitudinal", "S.", "global", strain, "%", frame, None, 1))
        rows.append(Measurement("volume", "V.", "global", volume, "mL", frame))
    rows.append(Measurement("ls_a4c", "E.", "global", -20.0, "%"))
    rows.append(Measurement("ejection_fraction", "F.", "global", 36.0, "%"))
    return Measurements(tuple(rows))


def values_of(measurements: Measurements, name: str) -> list[float]:
    """Return the values of all beats."""
    return [row.value for row in beat_values(measurements, name) if row is not None]


def test_every_whole_beat_is_found_and_the_marked_one_keeps_its_marks() -> None:
    beats = find_beats(three_beats(ed_frame=28))
    assert [beat.first for beat in beats] == [7, 28, 47]
    assert [beat.last for beat in beats] == pytest.approx([27, 47, 67], abs=1)
    assert [beat.measured for beat in beats] == [False, True, False]
    found = find_beats(three_beats())
    assert [beat.end_systole for beat in found] == pytest.approx([17, 37, 57], abs=1)


def test_strain_and_ejection_of_every_beat_and_their_mean() -> None:
    whole = with_beats(three_beats(), measured(three_beats()))
    assert beat_strain(whole) == "ls_a4c"
    np.testing.assert_allclose(values_of(whole, "ls_a4c"), [-20, -16, -12], atol=0.1)
    truth = [100 * (1 - (1 - part) ** 2) for part in SHORTENING]
    np.testing.assert_allclose(values_of(whole, "ejection_fraction"), truth, atol=0.2)
    np.testing.assert_allclose(values_of(whole, "heart_rate"), 60 / 0.4, rtol=0.06)
    (mean,) = whole.select("ls_a4c_mean_of_beats", "global")
    (spread,) = whole.select("ls_a4c_sd_of_beats", "global")
    assert (mean.value, spread.value) == pytest.approx((-16, 4), abs=0.1)
    assert next(whole.select("ls_a4c")).value == -20.0, "what was measured stays"


def test_measuring_tells_every_beat_and_a_report_adds_none(tmp_path: Path) -> None:
    result = three_beats()
    whole = pipeline.measure(result, MeasureConfig(), NullProgress())
    counted = sum(row.quantity.endswith(OF_BEAT) for row in whole.rows)
    assert {row.region for row in whole.select("ed_frame_of_beat")} == {
        "beat-1", "beat-2", "beat-3",
    }  # fmt: skip
    config = ReportConfig(movie=False, figures=False, pdf=False)
    files = pipeline.report(result, whole, tmp_path, config, NullProgress())
    lines = files[0].read_text(encoding="utf-8").splitlines()
    assert sum(line.split(",")[0].endswith(OF_BEAT) for line in lines) == counted


def test_one_beat_has_no_rows_of_beats() -> None:
    result = three_beats()
    still = dataclasses.replace(result, contours=ring_contours(COUNT, (48, 64)))
    assert with_beats(still, measured(still)).rows == measured(still).rows


def test_without_times_no_beat_has_a_rate() -> None:
    result = three_beats(frame_times_s=None)
    assert not values_of(with_beats(result, measured(result)), "heart_rate")
    assert len(values_of(with_beats(result, measured(result)), "ls_a4c")) == 3


def test_the_report_lists_the_beats() -> None:
    result = three_beats()
    pages = report_pages(result, with_beats(result, measured(result)), ReportConfig())
    words = [text.get_text() for page in pages for text in page.figure.texts]
    assert "Every whole beat" in words
    assert {"Beat 1", "Beat 2", "Beat 3", "−16 ± 4 %"} <= set(words)
