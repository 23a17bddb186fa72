"""Films show the wall that strain is measured on: where the field carries it."""

from __future__ import annotations

import numpy as np
from synthetic_results import drift_result, ring_contours

from engine.config import ReportConfig
from engine.export.moving_wall import tracked_contours
from engine.export.overlay import OverlayPainter
from engine.model import Contours, Scale, Target


def test_the_wall_moves_with_the_field_while_the_masks_contours_rest() -> None:
    still = ring_contours(4, (48, 64))
    result = drift_result(motion=(2.0, 0.0), contours=still)
    wall = tracked_contours(result, result.finest)
    assert wall is not None
    assert np.array_equal(still.endocardial[0], still.endocardial[3])
    moved = wall.endocardial[3].mean(0) - wall.endocardial[0].mean(0)
    assert np.allclose(moved, (6.0, 0.0), atol=0.1)


def test_films_draw_that_wall_and_say_so() -> None:
    frames = np.zeros((4, 48, 64), np.uint8)
    still = ring_contours(4, (48, 64))
    result = drift_result(motion=(2.0, 0.0), contours=still, frames=frames)
    config = ReportConfig()
    painter = OverlayPainter(result, Scale.FULL, config, arrows=False)
    first, last = (painter.paint(frame)[50:-50].astype(int) for frame in (0, 3))
    columns = [np.nonzero(picture.sum((0, 2)) > 0)[0].min() for picture in (first, last)]
    assert columns[1] > columns[0]


def test_without_a_wall_nothing_is_tracked() -> None:
    assert tracked_contours(drift_result(), drift_result().finest) is None
    blood = drift_result(target=Target.BLOOD, contours=ring_contours(4, (48, 64)))
    assert tracked_contours(blood, blood.finest) is None
    point = np.full((4, 5, 2), 20.0, np.float32)
    broken = drift_result(contours=Contours(point))
    assert tracked_contours(broken, broken.finest) is None
