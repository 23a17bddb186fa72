"""Trust predicts the error, and blood without contrast is told apart."""

import functools

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.analysis.contrast import trackable_contrast
from engine.analysis.measure import measure
from engine.analysis.regions import towards_cavity
from engine.analysis.texture import mean_within
from engine.analysis.trust import trackable_speed_cm_s, trust_map
from engine.analysis.wall_trust import mean_error
from engine.analysis.witness import witness_of_pair
from engine.config import MeasureConfig
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.phantom.config import PhantomConfig, PhantomKind
from engine.phantom.make import make_phantom
from engine.phantom.phantom import Phantom
from engine.progress import NullProgress


@functools.cache
def phantom(kind: PhantomKind, **settings: float) -> Phantom:
    config = PhantomConfig(kind=kind, size=(192, 256), frames=8, cycle_frames=60, seed=3)
    return make_phantom(config.__class__(**{**config.__dict__, **settings}))


def tracked(made: Phantom, **changes: object) -> TrackingResult:
    """The phantom followed by dense inverse search."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    frames = made.cine.frames
    flow = [
        np.moveaxis(search.calc(frames[k + 1], frames[k], None), -1, 0)
        for k in range(len(frames) - 1)
    ]
    values = {
        "fields": (ScaleField(Scale.FULL, np.array(flow)),),
        "mask": made.mask,
        "method": "dis",
        "target": made.target,
        "source_sha256": "0",
        "software_version": "0",
        "frames": frames,
        "frame_times_s": made.cine.frame_times_s,
        "spacing_mm": made.cine.spacing_mm,
    }
    return TrackingResult(**(values | changes))


@pytest.mark.parametrize("kind", [PhantomKind.APICAL, PhantomKind.VORTEX])
def test_expected_error_ranks_the_true_error(kind: PhantomKind) -> None:
    made = phantom(kind, noise=0.3, decorrelation=0.12, drop_out=0.9)
    result = tracked(made)
    judged = trust_map(result)
    inside = made.mask[1:]
    error = made.error(result.finest.displacement)[inside]
    expected = judged.expected_error_px[inside]
    assert spearmanr(expected, error).statistic > 0.6
    worst = np.argsort(-expected)[: len(error) // 10]
    possible = np.sort(error)[-(len(error) // 10) :].sum()
    assert error[worst].sum() > 0.65 * possible
    if (error > 2).any():
        assert np.mean(~judged.trusted[inside][error > 2]) > 0.9


def test_the_true_field_is_trusted() -> None:
    made = phantom(PhantomKind.APICAL, noise=0.2, decorrelation=0.1)
    truth = tracked(made, fields=(ScaleField(Scale.FULL, made.displacement),))
    assert trust_map(truth).trusted[made.mask[1:]].mean() > 0.97
    blind = tracked(made, fields=truth.fields, frames=None)
    assert trust_map(blind).trusted[made.mask[1:]].mean() > 0.97


def test_score_is_zero_outside_the_mask_and_within_bounds() -> None:
    made = phantom(PhantomKind.APICAL)
    judged = trust_map(tracked(made))
    assert not judged.score[~made.mask[1:]].any()
    assert judged.score.min() >= 0
    assert judged.score.max() <= 1


def test_the_networks_doubt_counts_where_the_neighbouring_pairs_deny_the_vectors() -> None:
    made = phantom(PhantomKind.APICAL)
    steady = np.array(made.displacement)
    jumping = np.array(made.displacement)
    jumping[3, 0] += 3.0
    sure = np.full(steady[:, 0].shape, 0.1, dtype=np.float16)
    doubt = np.full(steady[:, 0].shape, 9.0, dtype=np.float16)

    def trusted(flow: np.ndarray, uncertainty: np.ndarray) -> float:
        field = ScaleField(Scale.FULL, flow, uncertainty=uncertainty)
        return float(trust_map(tracked(made, fields=(field,))).trusted[3][made.mask[4]].mean())

    assert trusted(steady, sure) > 0.99
    assert trusted(steady, doubt) > 0.99
    assert trusted(jumping, doubt) < 0.01


def test_a_fold_and_what_exceeds_the_trackable_speed_are_untrusted_in_a_wall() -> None:
    made = phantom(PhantomKind.APICAL)
    flow = np.array(made.displacement)
    rows, columns = np.nonzero(made.mask[4])
    row, column = int(rows[len(rows) // 2]), int(columns[len(rows) // 2])
    flow[3, 0, row - 2 : row + 3, column - 2 : column + 3] -= 3.0 * np.arange(-2, 3)
    flow[5, 0] += 40.0
    sure = np.full(flow[:, 0].shape, 0.1, dtype=np.float16)
    field = ScaleField(Scale.FULL, flow, uncertainty=sure)
    judged = trust_map(tracked(made, fields=(field,)))
    assert not judged.trusted[3, row, column]
    assert not judged.trusted[5].any()


def test_a_place_across_a_wall_is_told_by_its_mask() -> None:
    rows, columns = np.indices((90, 100))
    radius = np.hypot(columns - 48, rows - 45)
    ring = (radius > 18) & (radius < 34)
    arch = ring & (rows < 60)
    for wall in (ring, arch):
        place = towards_cavity(wall)
        assert place[45 - 19, 48] > 0.5, "beside the cavity"
        assert place[45 - 33, 48] < -0.8, "outside"
        assert abs(place[45 - 26, 48]) < 0.2, "in the middle"
    assert not towards_cavity(radius < 34).any(), "a disk bends around nothing"
    assert not towards_cavity(np.ones((20, 30), dtype=np.bool_)).any()


@pytest.mark.parametrize("sigma", [6.0, 30.0])
def test_a_mean_within_a_mask_keeps_what_is_even(sigma: float) -> None:
    weight = np.zeros((120, 160), dtype=np.float32)
    weight[30:80, 40:120] = 1.0
    inside = weight > 0
    mean = mean_within(weight, sigma)
    np.testing.assert_allclose(mean(3.0 * weight + 50.0 * (1 - weight))[inside], 3.0, rtol=1e-5)
    ramp = np.broadcast_to(np.arange(160, dtype=np.float32), weight.shape)
    assert mean(ramp)[55, 80] == pytest.approx(79.5, abs=0.6)


def test_large_errors_scatter_more_than_small_ones() -> None:
    assert mean_error(np.array([0.01, 1.0, 3.0])) == pytest.approx(
        [0.01, 2**0.5, 90**0.5], rel=1e-3
    )


def test_contrast_is_told_from_an_ordinary_cavity() -> None:
    bright = trackable_contrast(tracked(phantom(PhantomKind.VORTEX)))
    assert bright is not None
    assert bright.trackable
    ordinary = phantom(PhantomKind.APICAL, noise=0.2)
    result = tracked(ordinary, mask=ordinary.cavity, target=Target.BLOOD)
    dark = trackable_contrast(result)
    assert dark is not None
    assert not dark.trackable
    judged = trust_map(result)
    assert judged.trusted[ordinary.cavity[1:]].mean() < 0.05
    measured = measure(result, MeasureConfig(), NullProgress())
    assert any("no trackable contrast" in text for text in measured.warnings)
    assert not any(row.region.startswith("vortex") for row in measured.rows)
    assert "vortex" in dict(measured.omitted)


def test_without_frames_contrast_is_not_judged() -> None:
    assert trackable_contrast(tracked(phantom(PhantomKind.VORTEX), frames=None)) is None


def test_trackable_speed_follows_spacing_and_rate() -> None:
    made = phantom(PhantomKind.APICAL)
    times = np.arange(8) / 75
    result = tracked(made, spacing_mm=(0.3, 0.3), frame_times_s=times)
    assert trackable_speed_cm_s(result) == pytest.approx(22.5)
    assert trackable_speed_cm_s(tracked(made, frame_times_s=None)) is None


def test_a_wall_of_a_network_is_judged_without_the_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    made = phantom(PhantomKind.APICAL)
    doubt = np.full(made.displacement.shape[:1] + made.mask.shape[1:], 0.2, dtype=np.float16)
    field = ScaleField(Scale.FULL, made.displacement, uncertainty=doubt)
    result = tracked(made, fields=(field,))
    asked = witness_of_pair(result, field, 2)
    unasked = witness_of_pair(result, field, 2, both_ways=False)
    assert asked.forward_backward is not None
    assert unasked.forward_backward is None
    np.testing.assert_array_equal(asked.roughness, unasked.roughness)
    monkeypatch.delattr("engine.analysis.witness.dense_inverse_search")
    assert trust_map(result).trusted.any()
    with pytest.raises(NameError):
        trust_map(tracked(made, fields=(ScaleField(Scale.FULL, made.displacement),)))
