"""Optical-flow peers: they find a known translation, with the sign of a pull-back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from engine.config import TrackingConfig
from engine.errors import Cancelled, InputError
from engine.methods.base import PairwiseMethod
from engine.methods.registry import available_methods, get_method, method_names
from engine.model import Cine, Mask, MaskKind, Provenance, Scale
from engine.progress import NullProgress, RecordingProgress


def _speckle(height: int, width: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(3)
    real, imaginary = ndimage.gaussian_filter(rng.normal(size=(2, height, width)), (0, 2, 2))
    return np.hypot(real, imaginary)


def _translating_loop(step: tuple[float, float], frames: int = 3) -> tuple[Cine, Mask]:
    """Return speckle that moves right and down by step (x, y) px a frame, and a mask."""
    texture = _speckle(150, 160)
    texture = texture / texture.max() * 255
    images = [
        ndimage.shift(texture, (k * step[1], k * step[0]), order=3, mode="nearest")[20:-20, 20:-20]
        for k in range(frames)
    ]
    stack = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    region = np.zeros(stack.shape, bool)
    region[:, 20:-20, 20:-20] = True
    cine = Cine(stack, Provenance("speckle", "0", "phantom"))
    return cine, Mask(region, MaskKind.SECTOR)


@pytest.mark.parametrize("name", ["dis", "farneback", "tvl1", "ilk"])
def test_a_translation_is_found_as_a_pull_back(name: str) -> None:
    step = (2.3, -1.4)
    cine, mask = _translating_loop(step)
    (found,) = get_method(name).track(cine, mask, TrackingConfig(), NullProgress())
    assert found.scale == Scale.FULL
    inside = mask.data[1]
    for pair in found.displacement:
        # Tissue moved by step, so the pull-back points back by as much.
        mean = pair[:, inside].mean(axis=1)
        np.testing.assert_allclose(mean, (-step[0], -step[1]), atol=0.15)


def test_every_method_reports_its_fit_and_beats_the_identity() -> None:
    cine, mask = _translating_loop((2.0, 0.5))
    (still,) = get_method("identity").track(cine, mask, TrackingConfig(), NullProgress())
    (moved,) = get_method("dis").track(cine, mask, TrackingConfig(), NullProgress())
    assert not still.displacement.any()
    assert still.folding == 0
    assert moved.mse < 0.2 * still.mse
    assert moved.nlcc > still.nlcc


def test_tracking_reports_every_pair_and_can_be_cancelled() -> None:
    cine, mask = _translating_loop((1.0, 0.0))
    progress = RecordingProgress()
    get_method("identity").track(cine, mask, TrackingConfig(), progress)
    assert [step.done for step in progress.steps] == [1, 2]
    assert len(progress.parts) == 1
    progress.cancelled = True
    with pytest.raises(Cancelled):
        get_method("identity").track(cine, mask, TrackingConfig(), progress)


def test_one_frame_is_refused() -> None:
    cine, mask = _translating_loop((1.0, 0.0), frames=1)
    with pytest.raises(InputError, match="two frames"):
        get_method("dis").track(cine, mask, TrackingConfig(), NullProgress())


def test_registry_knows_its_names() -> None:
    assert {"identity", "dis", "ilk"} <= set(available_methods())
    with pytest.raises(InputError, match="Choose among"):
        get_method("nonsense")


@pytest.mark.parametrize("name", [name for name in method_names() if name != "ssmsr"])
def test_every_method_describes_itself(name: str) -> None:
    method = get_method(name)
    assert method.name == name
    assert method.label
    assert method.description.endswith(".")
    if isinstance(method, PairwiseMethod):
        assert method.missing() is None or "Run: " in (method.missing() or "")
