"""What cannot be measured gives no number that looks like a wall at rest."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.measure import measure
from engine.analysis.usable import EMPTY_MASK, usable
from engine.config import MeasureConfig
from engine.model import Contours, Measurements, Scale, ScaleField, Target, TrackingResult, View
from engine.progress import NullProgress

FRAMES, SHAPE = 5, (60, 64)
ANGLE = np.linspace(-1.25 * np.pi, 0.25 * np.pi, 41)
RAYS = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)


def curves(radius: float, centre: tuple[float, float] = (32.0, 30.0)) -> np.ndarray:
    """An arc in every frame that shrinks from frame to frame."""
    shrunken = radius * (1 - 0.03 * np.arange(FRAMES))
    return (np.array(centre) + shrunken[:, None, None] * RAYS).astype(np.float32)


def still(contours: Contours | None, *, inside: bool = True, **changes: object) -> TrackingResult:
    """A field without motion."""
    zero = np.zeros((FRAMES - 1, 2, *SHAPE), np.float32)
    values = {
        "fields": (ScaleField(Scale.FULL, zero),),
        "mask": np.full((FRAMES, *SHAPE), inside),
        "method": "exact",
        "target": Target.TISSUE,
        "source_sha256": "0",
        "software_version": "0",
        "contours": contours,
        "view": View.A4C,
        "ed_frame": 7,
        "es_frame": 10,
        "first_frame": 7,
    }
    return TrackingResult(**(values | changes))


def measured(result: TrackingResult) -> Measurements:
    return measure(result, MeasureConfig(), NullProgress())


def strains(rows: Measurements) -> list[str]:
    return [row.quantity for row in rows.rows if row.quantity.startswith(("ls_", "strain"))]


def test_contours_in_the_picture_are_used_as_they_are() -> None:
    result = still(Contours(curves(16), curves(22)))
    assert usable(result) == (result, "")
    assert strains(measured(result))
    half = still(Contours(curves(16, (63.0, 30.0)), curves(22, (63.0, 30.0))))
    assert usable(half)[0] is half, "a heart may be cut by the picture's edge"


@pytest.mark.parametrize(
    ("contours", "why"),
    [
        (Contours(curves(16) + 500, curves(22) + 500), "endocardial one of frame 7 lies outside"),
        (Contours(curves(16), curves(22) - 500), "epicardial one of frame 7 lies outside"),
        (Contours(curves(0.1), curves(22)), "endocardial one of frame 7 is a single place"),
        (Contours(curves(16)[:, :2], curves(22)[:, :2]), "fewer than 3 points"),
    ],
)
def test_contours_that_miss_the_picture_or_are_none_give_no_strain(
    contours: Contours, why: str
) -> None:
    rows = measured(still(contours))
    assert any(why in text and "anew" in text for text in rows.warnings)
    assert not strains(rows)
    assert not list(rows.select("ejection_fraction"))
    assert {"strain", "volume"} <= dict(rows.omitted).keys()
    assert list(rows.select("speed_mean")), "what needs no contour is given"


def test_one_frame_outside_is_named_by_the_source() -> None:
    inner = curves(16)
    inner[3] += 1000
    assert "frame 10 " in usable(still(Contours(inner)))[1]


@pytest.mark.parametrize("border", ["endocardial", "epicardial"])
def test_a_point_without_a_place_at_end_diastole_is_named(border: str) -> None:
    inner, outer = curves(16), curves(22)
    (inner if border == "endocardial" else outer)[0, 17] = np.nan
    rows = measured(still(Contours(inner, outer)))
    why = next(text for text in rows.warnings if border in text)
    assert "frame 7" in why
    assert "point 17 " in why
    assert not strains(rows)
    assert list(rows.select("speed_mean"))


def test_a_point_without_a_place_in_another_frame_leaves_the_strain() -> None:
    inner = curves(16)
    inner[3, 17] = np.nan
    rows = measured(still(Contours(inner, curves(22))))
    assert strains(rows)


def test_an_empty_mask_gives_no_strain() -> None:
    rows = measured(still(Contours(curves(16), curves(22)), inside=False))
    assert not strains(rows)
    assert EMPTY_MASK in rows.warnings
    assert dict(rows.omitted)["strain"] == EMPTY_MASK
    assert list(rows.select("ejection_fraction")), "the contours themselves still move"


def test_a_contour_at_rest_without_a_wall_has_no_ejection_fraction() -> None:
    resting = Contours(np.repeat(curves(16)[:1], FRAMES, axis=0))
    rows = measured(still(resting, inside=False))
    assert not list(rows.select("ejection_fraction"))
    assert "rests" in dict(rows.omitted)["volume"]
