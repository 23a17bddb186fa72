"""Trust of blood that a network tracked: the images tell what a calm field does not."""

import numpy as np
import pytest

from engine.analysis.blood_trust import blood_findings
from engine.analysis.trust import trust_map
from engine.analysis.witness import witness_of_pair
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom

FAST_PX = 2.0


@pytest.fixture(scope="module")
def vortices() -> Phantom:
    """A pair of vortices in contrast."""
    return make_phantom(
        PhantomConfig(
            PhantomKind.VORTEX, (192, 256), 6, seed=5, cycle_frames=60, noise=0.05, amplitude=0.6
        )
    )


def result_of(phantom: Phantom, displacement: np.ndarray) -> TrackingResult:
    sure = np.full(displacement[:, 0].shape, 0.1, dtype=np.float16)
    return TrackingResult(
        (ScaleField(Scale.FULL, displacement, sure),), phantom.mask, "ssmsr", Target.BLOOD,
        "0", "0", frames=phantom.cine.frames,
    )  # fmt: skip


def fast(phantom: Phantom) -> np.ndarray:
    speed = np.linalg.norm(phantom.displacement, axis=1)
    return (speed > FAST_PX) & phantom.mask[1:]


def test_a_vortex_that_is_followed_is_trusted_where_it_turns(vortices: Phantom) -> None:
    judged = trust_map(result_of(vortices, vortices.displacement))
    assert judged.trusted[vortices.mask[1:]].mean() > 0.95
    assert judged.trusted[fast(vortices)].mean() > 0.8


def test_a_calm_field_that_has_lost_the_vortex_is_untrusted_there(vortices: Phantom) -> None:
    lost = np.zeros_like(vortices.displacement)
    judged = trust_map(result_of(vortices, lost))
    wrong = np.linalg.norm(vortices.displacement, axis=1)
    assert judged.trusted[fast(vortices)].mean() < 0.05
    resting = (wrong < 0.2) & vortices.mask[1:]
    assert judged.trusted[resting].mean() > 0.9


def test_findings_need_the_images_and_the_witness(vortices: Phantom) -> None:
    result = result_of(vortices, vortices.displacement)
    unasked = witness_of_pair(result, result.finest, 2, both_ways=False)
    with pytest.raises(ValueError, match="witness"):
        blood_findings(unasked, vortices.mask[3])
