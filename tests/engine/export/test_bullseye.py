"""The bull's-eye is laid out as AHA lays it out, and writes every number."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from engine.errors import InputError
from engine.export.bullseye import draw_bullseye, model_of, segment_places


@pytest.mark.parametrize("model", [16, 17, 18])
def test_segments_fill_the_disk_once(model: int) -> None:
    places = segment_places(model)
    assert len(places) == model
    area = sum(
        np.deg2rad(last - first) / 2 * (outer**2 - inner**2)
        for inner, outer, first, last in places.values()
    )
    assert area == pytest.approx(np.pi)


def test_walls_lie_on_their_sides() -> None:
    places = segment_places(18)

    def middle(name: str) -> tuple[float, float]:
        _, _, first, last = places[name]
        angle = np.deg2rad((first + last) / 2)
        return float(np.cos(angle)), float(np.sin(angle))

    assert middle("basal_anterior") == pytest.approx((0, 1), abs=1e-9)
    assert middle("basal_inferior") == pytest.approx((0, -1), abs=1e-9)
    assert middle("basal_inferoseptal")[0] < 0 < middle("basal_anterolateral")[0]
    assert places["basal_anterior"][1] == 1, "the base is the outer ring"


def test_every_value_is_written_and_missing_ones_are_hatched() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    draw_bullseye(axes, {"basal_anterior": -17.6, "apex": 3.2}, 17)
    words = [text.get_text() for text in axes.texts]
    assert "−18" in words
    assert "3" in words
    assert sum(patch.get_hatch() is not None for patch in axes.patches) == 15
    shorter, longer = (
        next(p for p in axes.patches if p.get_hatch() is None and kind in type(p).__name__)
        for kind in ("Wedge", "Circle")
    )
    assert shorter.get_facecolor()[0] > shorter.get_facecolor()[2], "shortening is red"
    assert longer.get_facecolor()[2] > longer.get_facecolor()[0], "lengthening is blue"


def test_unknown_models_and_segments_are_refused() -> None:
    with pytest.raises(InputError, match="16, 17 or 18"):
        segment_places(12)
    with pytest.raises(InputError, match="apical_septal"):
        draw_bullseye(Figure().add_subplot(), {"apical_septal": -10.0}, 18)


def test_the_model_is_read_from_the_names() -> None:
    assert model_of({"apex": 1}) == 17
    assert model_of({"apical_lateral": 1}) == 16
    assert model_of({"apical_anterolateral": 1}) == 18
