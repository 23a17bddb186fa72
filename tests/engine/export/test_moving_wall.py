"""Reports and films show the wall and the beat that were measured: each found once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from synthetic_results import drift_result, ring_contours

from engine.analysis import measure as measuring
from engine.analysis.events import STRAIN_NADIR
from engine.config import MeasureConfig, ReportConfig
from engine.cycle import R_WAVE
from engine.export import moving_wall, report
from engine.export.figures import backdrop
from engine.export.moving_wall import with_measured_beat, with_measured_wall, with_tracked_wall
from engine.export.overlay import OverlayPainter
from engine.model import Contours, Measurement, Measurements, Scale, Target
from engine.progress import NullProgress


def test_the_wall_moves_with_the_field_while_the_masks_contours_rest() -> None:
    still = ring_contours(4, (48, 64))
    result = drift_result(motion=(2.0, 0.0), contours=still)
    wall = with_tracked_wall(result, result.finest).contours
    assert wall is not None
    assert np.array_equal(still.endocardial[0], still.endocardial[3])
    moved = wall.endocardial[3].mean(0) - wall.endocardial[0].mean(0)
    assert np.allclose(moved, (6.0, 0.0), atol=0.1)


def test_films_and_pictures_draw_that_wall() -> None:
    frames = np.zeros((4, 48, 64), np.uint8)
    result = drift_result(motion=(2.0, 0.0), contours=ring_contours(4, (48, 64)), frames=frames)
    shown = with_tracked_wall(result, result.finest)
    painter = OverlayPainter(shown, Scale.FULL, ReportConfig(), arrows=False)
    first, last = (painter.paint(frame)[50:-50].astype(int) for frame in (0, 3))
    columns = [np.nonzero(picture.sum((0, 2)) > 0)[0].min() for picture in (first, last)]
    assert columns[1] > columns[0]
    drawn = [backdrop(shown, frame).curves[0][0][:-1].mean(0) for frame in (0, 3)]
    assert np.allclose(drawn[1] - drawn[0], (6.0, 0.0), atol=0.2)


def test_contours_that_no_wall_comes_of_are_not_drawn_as_one() -> None:
    bare = drift_result()
    assert with_tracked_wall(bare, bare.finest) is bare
    blood = drift_result(target=Target.BLOOD, contours=ring_contours(4, (48, 64)))
    assert with_tracked_wall(blood, blood.finest) is blood
    point = np.full((4, 5, 2), 20.0, np.float32)
    broken = drift_result(contours=Contours(point))
    assert with_tracked_wall(broken, broken.finest).contours is None


def test_a_report_shows_the_measured_wall_and_follows_none_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = drift_result(motion=(1.0, 0.0), contours=ring_contours(4, (48, 64)))
    measured = measuring.measure(result, MeasureConfig(), NullProgress())
    assert measured.wall is not None
    followed = with_tracked_wall(result, result.finest).contours
    assert followed is not None
    assert np.allclose(measured.wall.endocardial, followed.endocardial, atol=1e-3)

    def never(*_: object) -> None:
        raise AssertionError("the wall was followed twice")

    monkeypatch.setattr(moving_wall, "track_wall", never)
    assert with_measured_wall(result, measured).contours is measured.wall
    settings = ReportConfig(movie=True, pdf=True, figures=True)
    report.write_report(result, measured, tmp_path, settings, NullProgress())
    with pytest.raises(AssertionError, match="twice"):
        with_measured_wall(result, dataclasses.replace(measured, wall=None))


def test_frames_that_a_result_does_not_mark_are_those_that_were_measured() -> None:
    result = drift_result(ed_frame=None, es_frame=None, r_times_s=(0.12,))
    strain = [
        Measurement("strain_longitudinal", "", "global", value, "%", frame=5 + index)
        for index, value in enumerate((0.0, 0.0, -9.0, -4.0))
    ]
    shown = with_measured_beat(result, Measurements(tuple(strain)))
    assert (shown.ed_frame, shown.es_frame) == (6, 7)
    assert shown.mark_origins == (R_WAVE, STRAIN_NADIR)
    marked = with_measured_beat(drift_result(), Measurements(tuple(strain)))
    assert (marked.ed_frame, marked.es_frame, marked.mark_origins) == (5, 7, ("", ""))
    nothing = drift_result(ed_frame=None, es_frame=None)
    assert with_measured_beat(nothing, Measurements(())).ed_frame is None
