"""Names, numbers and codes of the segments that each view shows."""

import itertools

import pytest

from engine.analysis.segments import segments_of
from engine.model import View


def names(view: View, model: int) -> list[str]:
    return [segment.name for segment in segments_of(view, model)]


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("model", [16, 17, 18])
def test_segments_share_the_contour_equally(view: View, model: int) -> None:
    segments = segments_of(view, model)
    assert segments[0].start == 0
    assert segments[-1].end == pytest.approx(1)
    for before, after in itertools.pairwise(segments):
        assert before.end == pytest.approx(after.start)
        assert before.end - before.start == pytest.approx(after.end - after.start)


@pytest.mark.parametrize(("model", "count"), [(16, 16), (17, 17), (18, 18)])
def test_three_apical_views_show_the_whole_model(model: int, count: int) -> None:
    seen = {name for view in (View.A4C, View.A2C, View.APLAX) for name in names(view, model)}
    assert len(seen) == count


def test_models_differ_at_the_apex() -> None:
    assert names(View.A4C, 16)[2:4] == ["apical_septal", "apical_lateral"]
    assert names(View.A4C, 17)[2:5] == ["apical_septal", "apex", "apical_lateral"]
    assert names(View.A4C, 18)[2:4] == ["apical_inferoseptal", "apical_anterolateral"]
    assert names(View.A2C, 16)[2:4] == ["apical_inferior", "apical_anterior"]
    assert len(names(View.PSAX_APEX, 16)) == 4
    assert len(names(View.PSAX_MID, 16)) == 6


def test_codes_of_the_reference() -> None:
    codes = {segment.name: segment.snomed for segment in segments_of(View.A4C, 17)}
    assert codes["basal_inferoseptal"] == "396646008"
    assert codes["apex"] == "128564006"
    (middle,) = [s for s in segments_of(View.A4C, 18) if s.name == "apical_inferoseptal"]
    assert middle.snomed is None
    assert middle.aha_number is None
