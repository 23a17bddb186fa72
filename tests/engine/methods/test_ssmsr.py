"""SSMSR on loops with known motion: small errors, no folds, right signs, and a clean stop."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from engine.config import Preset, TrackingConfig
from engine.errors import Cancelled, InputError
from engine.methods import ssmsr
from engine.methods.ssmsr import Ssmsr
from engine.model import Cine, Mask, MaskKind, Provenance, Scale, ScaleField
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom, real_like
from engine.progress import RecordingProgress
from engine.registration.paper import PaperSettings


@cache
def phantom(kind: PhantomKind, frames: int = 3, size: tuple[int, int] = (192, 256)) -> Phantom:
    """Return a short phantom that moves 1 to 5 px a frame."""
    return make_phantom(
        PhantomConfig(kind=kind, size=size, frames=frames, cycle_frames=32, seed=11)
    )


def track(
    cine: Cine, mask: np.ndarray, progress: RecordingProgress | None = None, **settings: object
) -> tuple[ScaleField, ...]:
    """Track with the shipped weights."""
    config = TrackingConfig(**settings)
    return Ssmsr().track(cine, Mask(mask, MaskKind.FILE), config, progress or RecordingProgress())


def errors(fields: tuple[ScaleField, ...], truth: Phantom) -> list[float]:
    """Return the mean endpoint error of every scale within the phantom's mask, px."""
    return [truth.mean_error(item.displacement) for item in fields]


@pytest.mark.parametrize("kind", [PhantomKind.APICAL, PhantomKind.SHORT_AXIS, PhantomKind.RIGID])
def test_known_motion_is_found_and_refined_by_every_scale(kind: PhantomKind) -> None:
    truth = phantom(kind, 4, (256, 320))
    fields = track(truth.cine, truth.mask)
    found = errors(fields, truth)
    assert found[-1] < 0.35
    assert found[0] > found[1] > found[2]
    assert found[3] < 1.05 * found[2]
    assert fields[-1].folding == 0.0


def test_a_noisy_body_that_moves_by_15_px_a_frame_is_found() -> None:
    plain = PhantomConfig(kind=PhantomKind.RIGID, size=(240, 320), frames=4, cycle_frames=5)
    truth = make_phantom(real_like(plain))
    fields = track(truth.cine, truth.mask, test_time_training=False)
    quarter, finest = errors(fields, truth)[1::2]
    assert quarter < 1.2
    assert finest < 0.5


def test_a_still_loop_stays_still() -> None:
    truth = phantom(PhantomKind.NONE)
    finest = track(truth.cine, truth.mask)[-1].displacement
    moving = np.hypot(finest[:, 0], finest[:, 1])[truth.mask[1:]]
    assert moving.mean() < 0.15


def test_every_finished_scale_arrives_at_once_and_one_seed_gives_one_result() -> None:
    truth = phantom(PhantomKind.RIGID)
    progress = RecordingProgress()
    fields = track(truth.cine, truth.mask, progress, seed=4)
    assert [part.scale for part in progress.parts] == list(Scale)
    again = track(truth.cine, truth.mask, seed=4)
    for one, two in zip(fields, again, strict=True):
        np.testing.assert_array_equal(one.displacement, two.displacement)


def test_a_stop_is_obeyed() -> None:
    truth = phantom(PhantomKind.RIGID)
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        track(truth.cine, truth.mask, progress)


def test_some_scales_can_be_left_out() -> None:
    truth = phantom(PhantomKind.RIGID)
    fields = track(truth.cine, truth.mask, scales=("1_8", "1_2"), preset=Preset.PREVIEW)
    assert [item.scale for item in fields] == [Scale.EIGHTH, Scale.HALF]
    assert fields[0].shape == fields[1].shape == (2, 192, 256)


def test_the_papers_preset_runs_its_own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssmsr, "PaperSettings", lambda: PaperSettings(steps=4))
    truth = phantom(PhantomKind.RIGID)
    fields = track(truth.cine, truth.mask, preset=Preset.PAPER, scales=("1_8", "1_4"))
    assert [item.steps for item in fields] == [4, 4]
    assert all(np.isfinite(item.displacement).all() for item in fields)


def test_one_frame_and_a_foreign_mask_are_refused() -> None:
    truth = phantom(PhantomKind.RIGID)
    single = Cine(truth.cine.frames[:1], truth.cine.provenance)
    with pytest.raises(InputError, match="two frames"):
        track(single, truth.mask[:1])
    with pytest.raises(InputError, match="shape"):
        track(truth.cine, truth.mask[:, :-1])


def _texture() -> np.ndarray:
    """Return speckle-like noise, ``(160, 160)``."""
    noise = np.random.default_rng(5).normal(size=(160, 160))
    return ndimage.gaussian_filter(noise, (1.2, 1.8))


LINEAR = {
    "drift": ((0.0, 0.0), (0.0, 0.0)),
    "rotation": ((0.0, -0.03), (0.03, 0.0)),
    "expansion": ((0.03, 0.0), (0.0, 0.03)),
    "shear": ((0.0, 0.05), (0.0, 0.0)),
}
"""Gradients of the forward velocity (x, y) of the image axes, 1/frame."""


@pytest.mark.parametrize("name", LINEAR)
def test_the_field_points_back_with_the_right_sign(name: str) -> None:
    """A loop moved forward by ``v = G (p - c) + (1, -0.5)`` has ``u = -v`` to first order."""
    gradient = np.array(LINEAR[name])
    base = _texture()
    rows, columns = np.mgrid[:160, :160].astype(float)
    x, y = columns - 80, rows - 80
    inverse = np.linalg.inv(np.eye(2) + gradient)
    frames = [base]
    back = np.stack([inverse[i, 0] * (x - 1) + inverse[i, 1] * (y + 0.5) for i in (0, 1)])
    frames.append(ndimage.map_coordinates(base, [back[1] + 80, back[0] + 80], order=3))
    low, high = base.min(), base.max()
    pictures = np.clip((np.stack(frames) - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    mask = np.zeros(pictures.shape, bool)
    mask[:, 40:120, 40:120] = True
    cine = Cine(pictures, Provenance("made", "", "phantom"))
    found = track(cine, mask)[-1].displacement[0]
    truth = back - np.stack([x, y])
    inside = mask[1]
    assert np.hypot(*(found - truth))[inside].mean() < 0.15
    for component in (0, 1):
        if np.ptp(truth[component][inside]) > 1:
            fitted = np.polyfit(truth[component][inside], found[component][inside], 1)[0]
            assert fitted == pytest.approx(1, abs=0.1)


def test_small_walls_and_vortices_are_found_as_well_as_large_ones() -> None:
    wall = phantom(PhantomKind.REGIONAL, 7, (112, 112))
    assert errors(track(wall.cine, wall.mask, test_time_training=False), wall)[-1] < 0.12
    vortex = phantom(PhantomKind.VORTEX, 7, (112, 112))
    fields = track(vortex.cine, vortex.mask, test_time_training=False)
    still = float(np.hypot(*vortex.displacement.transpose(1, 0, 2, 3))[vortex.mask[1:]].mean())
    assert fields[-1].displacement.shape == vortex.displacement.shape
    assert errors(fields, vortex)[-1] < 0.6 * still
