"""Three reviewed apical views make a study; fewer never give a global strain."""

import dataclasses
import functools

import pytest
from test_measure_contract import beating

from engine.analysis.measure import measure
from engine.analysis.study import StudyView, combine
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import View
from engine.progress import NullProgress

CONFIG = MeasureConfig(segments=16)


@functools.cache
def study_view(view: View) -> StudyView:
    result = beating(view=view, reviewed=True)
    return StudyView(result, measure(result, CONFIG, NullProgress()))


def at_heart_rate(view: StudyView, rate: float | None) -> StudyView:
    """The same view at another heart rate; None for an unknown one."""
    kept = [row for row in view.measurements.rows if row.quantity != "heart_rate"]
    if rate is not None:
        (row,) = view.measurements.select("heart_rate")
        kept.append(dataclasses.replace(row, value=rate))
    rows = dataclasses.replace(view.measurements, rows=tuple(kept))
    return dataclasses.replace(view, measurements=rows)


def test_three_reviewed_views_give_gls_bullseye_and_biplane() -> None:
    views = [study_view(view) for view in (View.A4C, View.A2C, View.APLAX)]
    study = combine(views, CONFIG)
    assert next(study.select("gls")).value == pytest.approx(-20, abs=0.3)
    segments = [row.region for row in study.select("ls_segment")]
    assert len(segments) == len(set(segments)) == 16
    assert next(study.select("ejection_fraction")).value == pytest.approx(48.8, abs=1)
    assert next(study.select("dispersion")).value == pytest.approx(0, abs=60)


def test_conditions_of_gls() -> None:
    whole = [study_view(view) for view in (View.A4C, View.A2C, View.APLAX)]
    pending = dataclasses.replace(
        whole[2], result=dataclasses.replace(whole[2].result, reviewed=False)
    )
    for broken, reason in (
        (whole[:2], "missing"),
        ([*whole[:2], pending], "not reviewed"),
        ([*whole[:2], at_heart_rate(whole[2], 120)], "differ"),
        ([*whole[:2], at_heart_rate(whole[2], None)], "unknown"),
        (
            [*whole[:2], dataclasses.replace(whole[2], rejected=("a", "b", "c"))],
            "rejected",
        ),
    ):
        study = combine(broken, CONFIG)
        assert not list(study.select("gls"))
        assert reason in dict(study.omitted)["gls"]


def test_a_view_twice_is_refused() -> None:
    view = study_view(View.A4C)
    with pytest.raises(InputError, match="twice"):
        combine([view, view], CONFIG)


def resting(view: View) -> StudyView:
    """The same view with the end-diastolic contours in every frame."""
    result = beating(view=view, moving=False)
    return StudyView(result, measure(result, CONFIG, NullProgress()))


def test_contours_that_rest_give_the_volumes_of_the_wall_that_was_followed() -> None:
    views = [resting(View.A4C), resting(View.A2C)]
    study = combine(views, CONFIG)
    assert next(study.select("ejection_fraction")).value == pytest.approx(48.8, abs=1.5)


def test_contours_that_rest_alone_give_no_volume() -> None:
    views = [
        dataclasses.replace(view, measurements=dataclasses.replace(view.measurements, wall=None))
        for view in (resting(View.A4C), resting(View.A2C))
    ]
    study = combine(views, CONFIG)
    assert not list(study.select("ejection_fraction"))
    assert "contours that move" in dict(study.omitted)["biplane volume"]
