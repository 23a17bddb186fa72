"""What a review rejects: no value rests on it, and everything says so."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from engine.analysis.measure import measure
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.export.strain_page import strain_cards
from engine.model import Contours, Measurements, Scale, ScaleField, Target, TrackingResult, View
from engine.progress import NullProgress

FRAMES, HEIGHT, WIDTH, ES = 7, 120, 250, 3
LEFT, RIGHT = 30.0, 220.0
LAST = "basal_anterolateral"


def place(x: np.ndarray, part: float) -> np.ndarray:
    """Shorten the left two thirds of a straight wall by 20 % and the right third by none."""
    border = LEFT + 2 * (RIGHT - LEFT) / 3
    return np.where(x < border, border + (x - border) * (1 - 0.2 * part), x)


def straight_wall(
    place: Callable[[np.ndarray, float], np.ndarray] = place, **changes: object
) -> TrackingResult:
    """A straight wall whose last two segments of six do not shorten, or that moves otherwise."""
    parts = np.sin(np.pi * np.arange(FRAMES) / (FRAMES - 1))
    x = np.arange(WIDTH, dtype=float)
    fields = np.zeros((FRAMES - 1, 2, HEIGHT, WIDTH), np.float32)
    material = np.linspace(-400, 700, 20001)
    for k in range(FRAMES - 1):
        at_fixed = np.interp(x, place(material, parts[k + 1]), material)
        fields[k, 0] = place(at_fixed, parts[k]) - x
    s = np.linspace(LEFT, RIGHT, 121)
    inner = np.stack([np.stack([place(s, p), np.full_like(s, 70.0)], 1) for p in parts])
    mask = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    mask[:, 45:76, 20:245] = True
    result = TrackingResult(
        fields=(ScaleField(Scale.FULL, fields),),
        mask=mask,
        method="exact",
        target=Target.TISSUE,
        source_sha256="0",
        software_version="0",
        frame_times_s=np.arange(FRAMES) * 0.02,
        spacing_mm=(0.5, 0.5),
        contours=Contours(inner.astype(np.float32), (inner - (0.0, 20.0)).astype(np.float32)),
        view=View.A4C,
        ed_frame=0,
        es_frame=ES,
    )
    return dataclasses.replace(result, **changes)  # type: ignore[arg-type]


def measured(*excluded: str, result: TrackingResult | None = None) -> Measurements:
    config = MeasureConfig(excluded=excluded)
    return measure(result or straight_wall(), config, NullProgress())


def headline(rows: Measurements) -> float:
    return next(rows.select("ls_a4c", "global")).value


def test_the_headline_is_that_of_the_segments_that_stay() -> None:
    assert headline(measured()) == pytest.approx(-20 * 4 / 6, abs=0.4)
    assert headline(measured(LAST)) == pytest.approx(-20 * 4 / 5, abs=0.4)
    assert headline(measured(LAST, "mid_anterolateral")) == pytest.approx(-20, abs=0.4)


def test_curves_layers_drift_and_dispersion_leave_it_out_too() -> None:
    rows = measured(LAST, "mid_anterolateral")
    for region in ("global", "layer-endocardial", "layer-epicardial"):
        curve = list(rows.select("strain_longitudinal", region))
        assert curve[ES].value == pytest.approx(-20, abs=0.5)
    assert not any(row.region in {LAST, "mid_anterolateral"} for row in rows.rows)
    assert "4 segments" in next(rows.select("dispersion")).definition
    assert (
        "without mid anterolateral, basal anterolateral" in next(rows.select("ls_a4c")).definition
    )


def test_the_exclusion_is_told_and_three_forbid_gls() -> None:
    assert any("Excluded after review: basal anterolateral" in w for w in measured(LAST).warnings)
    assert not any("More than two" in w for w in measured(LAST).warnings)
    many = measured(LAST, "mid_anterolateral", "apical_anterolateral")
    assert any("no global longitudinal strain" in w for w in many.warnings)


def test_what_is_no_segment_cannot_be_left_out() -> None:
    with pytest.raises(InputError, match=r"no segment septum.*basal_inferoseptal"):
        measured("septum")
    with pytest.raises(InputError, match="Confirm the view"):
        measured(LAST, result=straight_wall(view=None))
    names = [row.region for row in measured().select("ls_a4c")][1:]
    with pytest.raises(InputError, match="keep at least one"):
        measured(*names)


def test_page_one_does_not_call_the_rest_the_whole() -> None:
    result = straight_wall()
    for excluded, said in (((), "whole contour"), ((LAST,), "without rejected segments")):
        (card, *_) = strain_cards(result, measured(*excluded))
        assert said in card.remark
