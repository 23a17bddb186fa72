"""Optional and trained peers: direction where they are installed, a helpful sentence where not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from engine.config import TrackingConfig
from engine.errors import InputError, MissingPackageError
from engine.methods import myotracker as myotracker_module
from engine.methods import niftyreg as niftyreg_module
from engine.methods.base import missing_package
from engine.methods.registry import get_method
from engine.model import Cine, Mask, MaskKind, Provenance
from engine.progress import NullProgress

STEP = (1.5, -1.0)


def _loop() -> tuple[Cine, Mask]:
    """Return a pair of speckle frames; tissue moves by STEP (x, y)."""
    rng = np.random.default_rng(5)
    texture = np.hypot(*ndimage.gaussian_filter(rng.normal(size=(2, 110, 120)), (0, 2, 2)))
    texture *= 255 / texture.max()
    images = [
        ndimage.shift(texture, (k * STEP[1], k * STEP[0]), order=3, mode="nearest")[15:-15, 15:-15]
        for k in range(2)
    ]
    frames = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    mask = np.zeros(frames.shape, bool)
    mask[:, 20:-20, 20:-20] = True
    return Cine(frames, Provenance("speckle", "0", "phantom")), Mask(mask, MaskKind.SECTOR)


@pytest.mark.parametrize(
    "name", ["demons", "greedy", "elastix", "ants", "ants-bspline", "niftyreg"]
)
def test_an_optional_peer_finds_the_pull_back_and_leaves_no_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    method = get_method(name)
    sentence = method.missing()
    if sentence is not None:
        pytest.skip(sentence)
    cine, mask = _loop()
    (found,) = method.track(cine, mask, TrackingConfig(), NullProgress())
    mean = found.displacement[0][:, mask.data[1]].mean(axis=1)
    np.testing.assert_allclose(mean, (-STEP[0], -STEP[1]), atol=0.2)
    assert not list(tmp_path.iterdir())


def test_an_absent_package_is_named_with_the_line_that_installs_it() -> None:
    sentence = missing_package("no_such_package_here", "pip install it", "The peer")
    assert sentence is not None
    assert sentence.endswith("Run: pip install it")


def test_niftyreg_without_its_programs_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(niftyreg_module, "_program", lambda name: None)
    cine, mask = _loop()
    with pytest.raises(MissingPackageError, match="pip install niftyreg"):
        get_method("niftyreg").track(cine, mask, TrackingConfig(), NullProgress())


class _Session:
    """Stands for the ONNX model: every point moves by one px of its image a frame, right."""

    def __init__(self, path: str, providers: list[str]) -> None:
        assert path.endswith("model.onnx")
        assert providers

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="frames"), SimpleNamespace(name="queries")]

    def run(self, outputs: None, feed: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        assert feed["frames"].shape == (1, 64, 1, 256, 256)
        assert feed["queries"].shape == (1, 64, 2)
        way = np.stack([np.zeros(64), np.arange(64)], axis=1)
        return [(feed["queries"][:, None] + way[None, :, None]).astype(np.float32)]


def test_point_tracks_become_a_dense_pull_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"")
    monkeypatch.setattr(myotracker_module, "missing_package", lambda *words: None)
    monkeypatch.setattr(
        myotracker_module, "load_package", lambda *words: SimpleNamespace(InferenceSession=_Session)
    )
    cine, mask = _loop()
    config = TrackingConfig(init=model)
    (found,) = get_method("myotracker").track(cine, mask, config, NullProgress())
    width = cine.frames.shape[2]
    np.testing.assert_allclose(found.displacement[0, 0], -width / 256, atol=1e-3)
    np.testing.assert_allclose(found.displacement[0, 1], 0, atol=1e-3)


def test_myotracker_asks_for_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(myotracker_module, "missing_package", lambda *words: None)
    cine, mask = _loop()
    with pytest.raises(InputError, match="name the file"):
        get_method("myotracker").track(cine, mask, TrackingConfig(), NullProgress())
