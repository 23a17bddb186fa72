"""The cavity is found without a click, and from three points, to the acceptance figures."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.config import MaskConfig, MaskMethod
from engine.errors import InputError
from engine.masks.build import build_mask
from engine.masks.check import check_contour
from engine.masks.left_ventricle import CONFIDENT, find_left_ventricle
from engine.masks.propagation import compare_contours
from engine.masks.rasterise import fill_loop, ring_loop
from engine.masks.sector import analyse_sector
from engine.masks.view import propose_view
from engine.model import Cine, Mask, MaskKind, View
from engine.phantom import Phantom
from engine.progress import NullProgress

Make = Callable[..., Cine]


def dice(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    common = (one & other).sum((1, 2))
    return 2 * common / (one.sum((1, 2)) + other.sum((1, 2)))


@pytest.fixture(scope="module")
def apical_wall(apical: Phantom) -> Mask:
    """The wall of the apical phantom, found without a click."""
    return build_mask(apical.cine, MaskConfig(), NullProgress())


@pytest.fixture(scope="module")
def short_axis_wall(short_axis: Phantom) -> Mask:
    """The wall of the short-axis phantom, found without a click."""
    return build_mask(short_axis.cine, MaskConfig(), NullProgress())


@pytest.fixture(scope="module")
def noisy_wall(noisy: Phantom) -> Mask:
    """The wall of the noisy apical phantom, found without a click."""
    return build_mask(noisy.cine, MaskConfig(), NullProgress())


@pytest.mark.parametrize("name", ["apical", "noisy", "short_axis"])
def test_automatic_start_meets_the_figures_in_every_frame(
    name: str, request: pytest.FixtureRequest
) -> None:
    phantom: Phantom = request.getfixturevalue(name)
    assert phantom.contours is not None
    mask: Mask = request.getfixturevalue(f"{name}_wall")
    assert mask.kind is MaskKind.WALL
    assert mask.contours is not None
    assert mask.contours.epicardial is not None
    assert mask.contours.closed == phantom.contours.closed
    shape = phantom.cine.shape[1:]
    truth = fill_loop(phantom.contours.endocardial, shape)
    assert dice(fill_loop(mask.contours.endocardial, shape), truth).min() >= 0.95
    agreement = compare_contours(
        mask.contours.endocardial, phantom.contours.endocardial, closed=mask.contours.closed
    )
    assert agreement.distance_px.max() < 1.5
    assert phantom.contours.epicardial is not None
    ring = ring_loop(
        phantom.contours.endocardial,
        phantom.contours.epicardial,
        shape,
        closed=phantom.contours.closed,
    )
    assert dice(mask.data, ring & analyse_sector(phantom.cine).mask).min() >= 0.85


def test_contours_are_sound_and_move_no_faster_than_the_heart(
    apical: Phantom, apical_wall: Mask
) -> None:
    sector = analyse_sector(apical.cine)
    mask = apical_wall
    assert mask.contours is not None
    assert apical.contours is not None
    for curve in mask.contours.endocardial:
        assert check_contour(curve, sector.mask) == ()
    steps = np.linalg.norm(np.diff(mask.contours.endocardial, axis=0), axis=2).max(1)
    true = np.linalg.norm(np.diff(apical.contours.endocardial, axis=0), axis=2).max(1)
    assert steps.max() <= true.max() + 1


def test_end_systole_is_where_the_cavity_is_smallest(apical: Phantom, apical_wall: Mask) -> None:
    mask = apical_wall
    assert mask.es_frame is not None
    assert abs(mask.es_frame - apical.es_frame) <= 1
    assert "surrogate" in mask.mark_origins[1]


@pytest.mark.parametrize("dense", [(1, 2), (2, 1)])
def test_a_heart_is_found_in_its_true_proportions(
    apical: Phantom, cine_of: Make, dense: tuple[int, int]
) -> None:
    assert apical.contours is not None
    every = slice(None, None, 2)
    across, down = dense
    frames = apical.cine.frames[every].repeat(down, axis=1).repeat(across, axis=2)
    cine = cine_of(frames, spacing_mm=(1.0 / across, 1.0 / down))
    contours = build_mask(cine, MaskConfig(target="blood"), NullProgress()).contours
    assert contours is not None
    truth = (apical.contours.endocardial[every] + 0.5) * dense - 0.5
    shape = frames.shape[1:]
    assert dice(fill_loop(contours.endocardial, shape), fill_loop(truth, shape)).min() > 0.94


def test_half_a_beat_either_way_round_ends_at_its_end_systole(apical: Phantom) -> None:
    assert apical.contours is not None
    last = apical.es_frame
    for order in (slice(0, last + 1), slice(last, None, -1)):
        cine = replace(apical.cine, frames=apical.cine.frames[order], frame_times_s=None)
        mask = build_mask(cine, MaskConfig(target="blood"), NullProgress())
        assert mask.contours is not None
        forward = order.step is None
        assert (mask.ed_frame, mask.es_frame) == ((0, last) if forward else (last, 0))
        truth = fill_loop(apical.contours.endocardial[order], cine.shape[1:])
        assert dice(fill_loop(mask.contours.endocardial, cine.shape[1:]), truth).min() > 0.94


def test_a_mirrored_loop_is_told_and_never_turned(apical: Phantom, cine_of: Make) -> None:
    straight, mirrored = apical.cine, cine_of(apical.cine.frames[:, :, ::-1])
    found = []
    for cine in (straight, mirrored):
        sector = analyse_sector(cine)
        ventricle = find_left_ventricle(cine, sector, NullProgress())
        found.append((ventricle, propose_view(cine, sector, ventricle)))
    (one, here), (other, there) = found
    assert here.view is there.view is View.A4C
    assert not here.orientation.mirrored
    assert there.orientation.mirrored
    assert f"confidence {100 * there.confidence:.0f} %). Confirm view" in there.sentence
    # The contour starts on the left of the image in both: nothing was swapped behind the back.
    assert one.contours[0, 0, 0] < one.contours[0, -1, 0]
    assert other.contours[0, 0, 0] < other.contours[0, -1, 0]
    width = apical.cine.shape[2]
    flipped = other.contours[:, ::-1].copy()
    flipped[..., 0] = width - 1 - flipped[..., 0]
    assert compare_contours(one.contours, flipped, closed=False).dice.min() > 0.95


def test_an_upside_down_loop_is_found_and_told(apical: Phantom, cine_of: Make) -> None:
    cine = cine_of(apical.cine.frames[:, ::-1])
    sector = analyse_sector(cine)
    ventricle = find_left_ventricle(cine, sector, NullProgress())
    assert propose_view(cine, sector, ventricle).orientation.apex_down
    assert apical.contours is not None
    truth = apical.contours.endocardial.copy()
    truth[..., 1] = cine.shape[1] - 1 - truth[..., 1]
    assert compare_contours(ventricle.contours, truth, closed=False).dice.min() > 0.93


def test_a_ring_is_proposed_as_a_short_axis(short_axis: Phantom) -> None:
    sector = analyse_sector(short_axis.cine)
    ventricle = find_left_ventricle(short_axis.cine, sector, NullProgress())
    proposal = propose_view(short_axis.cine, sector, ventricle)
    assert proposal.short_axis
    # The picture does not tell the level, so none is guessed.
    assert proposal.view is None
    assert "choose base, mid or apex" in proposal.sentence


def test_three_points_in_any_order_bind_the_contour(apical: Phantom) -> None:
    assert apical.contours is not None
    curve = apical.contours.endocardial[0].astype(float)
    tip = curve[curve[:, 1].argmin()]
    points = tuple((float(x), float(y)) for x, y in (tip, curve[-1], curve[0]))
    config = MaskConfig(method=MaskMethod.POINTS, points=points, view="A4C", ed_frame=0)
    mask = build_mask(apical.cine, config, NullProgress())
    assert mask.contours is not None
    assert mask.confidence is None
    own = mask.contours.endocardial[0]
    for point in points:
        assert np.linalg.norm(own - np.array(point), axis=1).min() < 0.6
    truth = fill_loop(apical.contours.endocardial, apical.cine.shape[1:])
    assert dice(fill_loop(mask.contours.endocardial, apical.cine.shape[1:]), truth).min() > 0.94


def test_centre_and_rim_bind_a_short_axis(short_axis: Phantom) -> None:
    assert short_axis.contours is not None
    curve = short_axis.contours.endocardial[0].astype(float)
    centre = curve.mean(0)
    points = ((float(centre[0]), float(centre[1])), (float(curve[0, 0]), float(curve[0, 1])))
    config = MaskConfig(method=MaskMethod.POINTS, points=points, ed_frame=0, target="blood")
    mask = build_mask(short_axis.cine, config, NullProgress())
    assert mask.contours is not None
    own = mask.contours.endocardial[0].astype(float)
    radius = np.linalg.norm(own - own.mean(0), axis=1).mean()
    assert radius == pytest.approx(np.linalg.norm(curve[0] - centre), rel=0.02)


def test_noise_gives_low_confidence_and_asks_for_points(cine_of: Make) -> None:
    frames = np.random.default_rng(0).rayleigh(50, (6, 90, 120)).clip(0, 255)
    mask = build_mask(cine_of(frames), MaskConfig(), NullProgress())
    assert mask.kind is MaskKind.TISSUE_REGION
    assert mask.confidence is not None
    assert mask.confidence < CONFIDENT
    assert "three points" in mask.notes[0]


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (((1.0, 1.0),), "three points"),
        (((5.0, 5.0), (100.0, 100.0), (1e4, 3.0)), "outside the image"),
        (((0.0, 0.0), (128.0, 100.0), (120.0, 60.0)), "outside the ultrasound sector"),
        (((128.0, 100.0), (128.0, 100.0), (128.0, 100.0)), "apart"),
    ],
)
def test_bad_points_are_told_in_a_sentence(
    apical: Phantom, points: tuple[tuple[float, float], ...], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        build_mask(apical.cine, MaskConfig(method=MaskMethod.POINTS, points=points), NullProgress())
