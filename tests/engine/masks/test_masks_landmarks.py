"""Given points bind the contour of their frame, and the rest of the beat follows the heart."""

import numpy as np
import pytest

from engine.config import MaskConfig, MaskMethod
from engine.errors import InputError
from engine.masks.build import build_mask
from engine.masks.landmarks import systolic_phase
from engine.masks.rasterise import fill_loop
from engine.model import Mask
from engine.phantom import Phantom
from engine.progress import NullProgress

Points = tuple[tuple[float, float], ...]
JITTER_PX = 2.0


def corners(curve: np.ndarray, jitter: np.ndarray) -> Points:
    """Two annulus points and the apex, each beside the truth by some px."""
    middle = (curve[0] + curve[-1]) / 2
    tip = curve[np.linalg.norm(curve - middle, axis=1).argmax()]
    places = np.stack([curve[0], curve[-1], tip]).astype(float) + jitter
    return tuple((float(x), float(y)) for x, y in places)


def made(phantom: Phantom, points: Points, points_es: Points = ()) -> Mask:
    config = MaskConfig(
        method=MaskMethod.POINTS,
        points=points,
        points_es=points_es,
        target="blood",
        ed_frame=0,
        es_frame=phantom.es_frame,
    )
    return build_mask(phantom.cine, config, NullProgress())


def dice_at(mask: Mask, phantom: Phantom, frame: int) -> float:
    assert mask.contours is not None
    assert phantom.contours is not None
    shape = phantom.cine.shape[1:]
    one = fill_loop(mask.contours.endocardial[frame : frame + 1], shape)
    other = fill_loop(phantom.contours.endocardial[frame : frame + 1], shape)
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_jittered_points_leave_both_phases_right(apical: Phantom) -> None:
    assert apical.contours is not None
    jitter = np.random.default_rng(5).normal(0, JITTER_PX, (2, 3, 2))
    es = apical.es_frame
    points = corners(apical.contours.endocardial[0], jitter[0])
    late = corners(apical.contours.endocardial[es], jitter[1])
    for mask in (made(apical, points), made(apical, points, late)):
        assert dice_at(mask, apical, 0) > 0.94
        assert dice_at(mask, apical, es) > 0.92


def test_points_of_both_phases_hold_exactly(apical: Phantom) -> None:
    assert apical.contours is not None
    es = apical.es_frame
    points = corners(apical.contours.endocardial[0], np.full((3, 2), 1.5))
    late = corners(apical.contours.endocardial[es], np.full((3, 2), -1.5))
    contours = made(apical, points, late).contours
    assert contours is not None
    for frame, places in ((0, points), (es, late)):
        for place in places:
            away = np.linalg.norm(contours.endocardial[frame] - np.array(place), axis=1)
            assert away.min() < 0.7


def test_phase_runs_from_diastole_to_systole_and_back() -> None:
    size = 100 + 30 * np.cos(np.linspace(0, 2 * np.pi, 33))
    phase = systolic_phase(size, 0, 16)
    assert (phase[0], phase[16]) == (0, 1)
    assert np.all(np.diff(phase[:17]) >= 0)
    assert np.all(np.diff(phase[16:]) <= 0)
    assert not systolic_phase(size, 0, None).any()


def test_points_at_end_systole_alone_are_refused(apical: Phantom) -> None:
    three: Points = ((100.0, 100.0), (120.0, 100.0), (110.0, 60.0))
    with pytest.raises(InputError, match="at end-diastole too"):
        build_mask(apical.cine, MaskConfig(points_es=three), NullProgress())
    with pytest.raises(InputError, match="as many points"):
        made(apical, ((110.0, 170.0), (190.0, 170.0), (150.0, 60.0)), three[:2])
