"""Named values of strain: which exist, and which are withheld until a review."""

import dataclasses

import numpy as np
import pytest
from test_excluded_segments import LEFT, RIGHT, straight_wall

from engine.analysis import strain
from engine.analysis.measure import measure
from engine.analysis.trust import TrustMap, trust_map
from engine.config import MeasureConfig
from engine.model import Measurements, TrackingResult
from engine.progress import NullProgress

FIRST, LAST = "basal_inferoseptal", "basal_anterolateral"
OWN = ("ls_a4c", "ls_a4c_peak", "post_systolic_index", "time_to_peak", "drift")
BEAT = (0.0, 0.12)


def place(x: np.ndarray, part: float) -> np.ndarray:
    """Shorten a straight wall by 20 %; its last sixth lengthens by 10 % instead."""
    border = RIGHT - (RIGHT - LEFT) / 6
    return border + (x - border) * np.where(x < border, 1 - 0.2 * part, 1 + 0.1 * part)


def late_wall(**changes: object) -> TrackingResult:
    """A straight wall in four chambers' view, tracked exactly; its last sixth lengthens."""
    return straight_wall(place, **changes)


def judged(result: TrackingResult) -> TrackingResult:
    """The same with the error that a network expects of its field."""
    error = np.full(result.mask[1:].shape, 0.1, dtype=np.float16)
    return dataclasses.replace(
        result, fields=(dataclasses.replace(result.finest, uncertainty=error),)
    )


def doubted(result: TrackingResult) -> TrustMap:
    """Trust that is lost in the first sixth of the wall."""
    trust = trust_map(result)
    score = np.where(result.mask[1:], np.float32(1), np.float32(0))
    score[:, :, : int(LEFT + (RIGHT - LEFT) / 6 * 1.2)] = 0.1
    return dataclasses.replace(trust, score=score)


def measured(result: TrackingResult, trust: TrustMap | None = None) -> Measurements:
    return measure(result, MeasureConfig(), NullProgress(), trust=trust)


def quantities(rows: Measurements, region: str) -> set[str]:
    return {row.quantity for row in rows.rows if row.region == region}


def test_a_segment_that_only_lengthens_has_no_peak_of_shortening() -> None:
    rows = measured(late_wall())
    assert {"ls_a4c", "ls_a4c_peak"} <= quantities(rows, LAST)
    assert not {"post_systolic_index", "time_to_peak"} & quantities(rows, LAST)
    assert next(rows.select("ls_a4c", LAST)).value == pytest.approx(10, abs=1)
    said = dict(rows.omitted)["peak of shortening"]
    assert "basal anterolateral" in said
    assert "5 segments" in next(rows.select("dispersion")).definition


def test_lengthening_before_a_late_shortening_has_an_index_above_one() -> None:
    curve = 0.01 * np.array([0, 3, 5, -4, -10, -3, 0])
    events = strain.strain_events(curve, 0, 2, 6)
    assert events.post_systolic_index == pytest.approx(1.5)
    barely = strain.strain_events(np.where(curve < 0, 0.05 * curve, curve), 0, 2, 6)
    assert barely.post_systolic_index is None


def test_no_shortening_in_systole_is_a_plain_zero() -> None:
    events = strain.strain_events(0.01 * np.array([0.0, 2, 4, 2, 0]), 0, 2, 4)
    assert str(events.peak_systolic) == "0.0"


def test_a_poor_segment_has_no_values_of_its_own_before_a_review() -> None:
    result = judged(late_wall(r_times_s=BEAT))
    rows = measured(result, doubted(result))
    assert rows.withheld == (FIRST,)
    assert not set(OWN) & quantities(rows, FIRST)
    assert set(OWN) <= quantities(rows, "mid_inferoseptal")
    assert "strain_longitudinal" in quantities(rows, FIRST), "its curve stays"
    assert any(FIRST.replace("_", " ") in text for text in rows.warnings)
    assert "basal inferoseptal" in dict(rows.omitted)["segment values"]


def test_a_review_gives_the_values_of_a_poor_segment() -> None:
    result = judged(late_wall(r_times_s=BEAT, reviewed=True))
    rows = measured(result, doubted(result))
    assert rows.withheld == ()
    assert set(OWN) <= quantities(rows, FIRST)
    assert any("read the values with care" in text for text in rows.warnings)


def test_a_field_of_other_programs_keeps_the_values_of_a_poor_segment() -> None:
    result = late_wall(r_times_s=BEAT)
    rows = measured(result, doubted(result))
    assert rows.withheld == ()
    assert set(OWN) <= quantities(rows, FIRST)
    assert any("Review or exclude" in text for text in rows.warnings)


def test_the_whole_contour_keeps_what_a_poor_segment_adds() -> None:
    result = late_wall()
    sure, doubt = (
        next(measured(result, trust).select("ls_a4c", "global")).value
        for trust in (None, doubted(result))
    )
    assert doubt == pytest.approx(sure, abs=0.5)


def test_definitions_tell_which_length_and_what_is_research() -> None:
    rows = measured(late_wall())
    whole, part, layer, thick = (
        next(rows.select(*names)).definition
        for names in (
            ("strain_longitudinal", "global"),
            ("strain_longitudinal", "mid_inferoseptal"),
            ("strain_longitudinal", "layer-endocardial"),
            ("strain_radial", "global"),
        )
    )
    assert "segment" not in whole
    assert "research" not in whole
    assert "the segment's share of the contour" in part
    assert all("A research value." in text for text in (part, layer, thick))
