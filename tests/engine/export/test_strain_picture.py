"""Strain at every pixel: a uniform stretch gives one number along the wall; its picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic_results import drift_result, ring_contours

from engine.analysis.strain_map import strain_map, strain_maps
from engine.errors import Cancelled, InputError
from engine.export.page import Flow
from engine.export.strain_picture import (
    draw_strain_map,
    end_systolic_map,
    strain_shares,
    write_strain_map,
)
from engine.model import Contours, Scale, ScaleField, TrackingResult
from engine.progress import NullProgress, RecordingProgress

SIZE = (60, 80)


def _stretched(x: float, y: float, contours: Contours) -> TrackingResult:
    """Two frames between which everything is stretched about the middle."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float64)
    middle = np.array([SIZE[1] / 2, SIZE[0] / 2])
    pull_back = np.stack([(columns - middle[0]) * (1 / x - 1), (rows - middle[1]) * (1 / y - 1)])
    field = ScaleField(Scale.FULL, pull_back[None].astype(np.float32))
    result = drift_result(count=2, size=SIZE, contours=contours, es_frame=6)
    return replace(result, fields=(field,))


def _line(start: tuple[float, float], end: tuple[float, float]) -> Contours:
    points = np.linspace(start, end, 30).astype(np.float32)
    return Contours(np.stack([points, points]))


def test_an_upright_wall_takes_the_stretch_along_itself() -> None:
    upright = _stretched(1.1, 0.8, _line((40, 10), (40, 50)))
    flat = _stretched(1.1, 0.8, _line((20, 30), (60, 30)))
    for result, percent in ((upright, -20.0), (flat, 10.0)):
        found = strain_map(result, result.finest, 0, 1)
        inside = result.mask[1]
        assert found.direction == "longitudinal"
        assert np.allclose(found.percent[inside], percent, atol=0.1)
        assert np.isnan(found.percent[~inside]).all()


def test_a_ring_that_grows_evenly_lengthens_everywhere() -> None:
    result = _stretched(1.05, 1.05, ring_contours(2, SIZE))
    found = strain_map(result, result.finest, 0, 1)
    assert found.direction == "circumferential"
    assert np.allclose(found.percent[result.mask[1]], 5.0, atol=0.1)


def test_it_is_drawn_where_both_frames_are_known(tmp_path: Path) -> None:
    result = _stretched(1.1, 0.8, _line((40, 10), (40, 50)))
    found = end_systolic_map(result)
    assert found is not None
    write_strain_map(tmp_path / "map.png", result, found)
    with Image.open(tmp_path / "map.png") as picture:
        assert min(picture.size) > 500
    for without in ({"es_frame": None}, {"contours": None}, {"es_frame": 5}):
        assert end_systolic_map(replace(result, **without)) is None


def test_a_page_tells_which_share_shortens_how_far() -> None:
    result = _stretched(1.1, 0.8, _line((40, 10), (40, 50)))
    found = end_systolic_map(result)
    assert found is not None
    assert strain_shares(found, None)[0] == ("Shortens by 15 % or more", "100 %")
    trust = np.zeros(SIZE)
    columns = np.nonzero(result.mask[1].any(axis=0))[0]
    trust[:, : columns[len(columns) // 4]] = 1.0
    shares = dict(strain_shares(found, trust))
    assert shares["Shortens by 15 % or more"] == "100 %"
    assert shares["Lengthens by 5 % or more"] == "0 %"
    share = 1 - (result.mask[1] & (trust > 0)).sum() / result.mask[1].sum()
    assert shares["Not trusted, of the whole wall"] == f"{100 * share:.0f} %"
    assert 0.5 < share < 0.95
    assert strain_shares(found, np.zeros(SIZE))[0][1] == "–"
    flow = Flow("Strain report", "")
    draw_strain_map(flow, result, found, trust[None])
    told = " ".join(text.get_text() for text in flow.pages[0].figure.texts)
    assert "Longitudinal strain at every pixel" in told
    assert "research value" in told
    assert len(flow.pages[0].figure.axes) == 2, "the picture and its bar"
    assert 40 < flow.y < 150


def test_what_it_needs_is_told() -> None:
    result = drift_result()
    with pytest.raises(InputError, match="contours"):
        strain_map(result, result.finest, 0, 1)
    ring = drift_result(contours=ring_contours(4, (48, 64)))
    with pytest.raises(InputError, match="after its reference"):
        strain_map(ring, ring.finest, 2, 2)


def test_maps_of_a_loop_are_those_of_its_frames() -> None:
    ring = drift_result(contours=ring_contours(4, (48, 64)))
    maps = strain_maps(ring, ring.finest, 1, NullProgress(), stride=3)
    assert (maps.at(0), maps.at(1)) == (None, None)
    assert maps.direction == "circumferential"
    for frame in (2, 3):
        alone = strain_map(ring, ring.finest, 1, frame).percent[1::3, 1::3]
        np.testing.assert_allclose(maps.percent[frame], alone, atol=1e-4)
    stopped = RecordingProgress()
    stopped.cancelled = True
    with pytest.raises(Cancelled):
        strain_maps(ring, ring.finest, 1, stopped)
