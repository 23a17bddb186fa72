"""Small loops that the tests of the masks share."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.masks.sector import Fan
from engine.model import Cine, Provenance
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom, real_like


@pytest.fixture(scope="session")
def cine_of() -> Callable[..., Cine]:
    """Return a function that wraps frames in a cine."""

    def make(frames: np.ndarray, **facts: object) -> Cine:
        source = Provenance("test", "0" * 64, "phantom")
        return Cine(np.ascontiguousarray(frames, np.uint8), source, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def apical() -> Phantom:
    """One beat of the apical phantom."""
    return make_phantom(PhantomConfig(size=(240, 320), frames=32, seed=3))


@pytest.fixture(scope="session")
def noisy() -> Phantom:
    """One beat of the apical phantom, as hard to see as a real loop."""
    return make_phantom(real_like(PhantomConfig(size=(240, 320), frames=32, seed=5)))


@pytest.fixture(scope="session")
def short_axis() -> Phantom:
    """One beat of the short-axis phantom."""
    config = PhantomConfig(kind=PhantomKind.SHORT_AXIS, size=(240, 320), frames=24, seed=4)
    return make_phantom(config)


@pytest.fixture(scope="session")
def fan_loop() -> tuple[np.ndarray, Fan]:
    """Flickering speckle in a fan with text, an ECG trace and a scale bar beside it."""
    rng = np.random.default_rng(1)
    fan = Fan((160.0, -10.0), (-0.65, 0.62), (25.0, 215.0))
    inside = fan.mask((240, 320))
    frames = rng.rayleigh(45, (10, 240, 320)) * inside
    frames[:, 20:23, 10:60] = 200
    frames[:, 150:200, 308:311] = 220
    for k in range(10):
        columns = np.arange(20, 40 + 20 * k)
        frames[k, (228 + 6 * np.sin(columns / 4)).astype(int), columns] = 255
    return np.clip(frames, 0, 255).astype(np.uint8), fan
