"""Speckle: Rayleigh statistics, width and direction, decorrelation, artefacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates, uniform_filter
from scipy.signal import hilbert

from engine.phantom import PhantomConfig, PhantomKind, SpeckleModel, make_phantom, real_like
from engine.phantom.layout import Layout
from engine.phantom.speckle import CARRIER, SectorImager, make_imager, random_weights

LAYOUT = Layout((192, 256), (0.6, 0.6))


def envelope(model: SpeckleModel) -> np.ndarray:
    rng = np.random.default_rng(0)
    config = PhantomConfig(size=LAYOUT.size, spacing_mm=LAYOUT.spacing_mm, speckle=model)
    imager = make_imager(config, LAYOUT)
    count = round(imager.density * 212 * 276)
    points = rng.uniform((-10, -10), (266, 202), (count, 2))
    return np.abs(imager.echo(points, random_weights(count, rng)))


def width(image: np.ndarray, axis: int) -> float:
    """Return where the autocorrelation of the power falls to one half, px."""
    power = image**2 - (image**2).mean()
    full = (power**2).sum()
    kept = [1.0]
    for lag in range(1, 12):
        part = np.take(power, range(lag, power.shape[axis]), axis)
        other = np.take(power, range(power.shape[axis] - lag), axis)
        kept.append((part * other).sum() / full)
    return float(np.interp(-0.5, -np.array(kept), np.arange(12)))


@pytest.mark.parametrize("model", [SpeckleModel.SCATTERER, SpeckleModel.SECTOR])
def test_developed_speckle_is_rayleigh(model: SpeckleModel) -> None:
    inside = LAYOUT.fan()
    inside[:60] = False
    values = envelope(model)[inside]
    assert values.mean() / values.std() == pytest.approx(1.91, abs=0.08)
    assert (values**2).mean() == pytest.approx(1.0, rel=0.25)


def test_sparse_speckle_is_not_developed() -> None:
    values = envelope(SpeckleModel.SPARSE)
    assert values.mean() / values.std() < 1.7


@pytest.mark.parametrize("model", [SpeckleModel.SCATTERER, SpeckleModel.SECTOR])
def test_speckle_is_wider_across_the_beam(model: SpeckleModel) -> None:
    middle = envelope(model)[90:150, 90:170]
    assert width(middle, axis=1) > 1.5 * width(middle, axis=0)


def test_the_sector_widens_with_depth_and_turns_with_the_beam() -> None:
    image = envelope(SpeckleModel.SECTOR)
    assert width(image[150:185, 60:200], axis=1) > width(image[40:70, 100:156], axis=1)
    flank = image[95:135, 25:75] ** 2
    flank = flank - flank.mean()
    along = (flank[:-2, 3:] * flank[2:, :-3]).sum()
    against = (flank[2:, 3:] * flank[:-2, :-3]).sum()
    # On the left flank the beam points down and left, so speckle runs down and right.
    assert against > 1.3 * along


def test_a_sector_beam_is_the_hilbert_envelope_of_its_rf_line() -> None:
    imager = SectorImager(LAYOUT, (2.4, 1.1))
    centre = LAYOUT.to_px(np.array([[0.0, 0.0]]))[0, 0]
    rng = np.random.default_rng(4)
    depths = rng.uniform(60, 130, 40)
    points = np.stack([np.full(40, centre), depths], axis=1)
    weights = random_weights(40, rng)
    found = np.abs(imager.echo(points, weights))[40:150, round(centre)]
    fine = np.arange(0, 192, 1 / 16)
    row = fine[:, None] - depths[None]
    pulse = np.exp(-0.5 * (row / 1.1) ** 2)
    line = (pulse * (weights * np.exp(2j * np.pi * row / (1.1 * CARRIER))).real).sum(axis=1)
    expected = np.abs(hilbert(line))[::16][40:150]
    assert np.corrcoef(found, expected)[0, 1] > 0.97


def test_decorrelation_lowers_the_correlation_of_a_resting_loop() -> None:
    base = PhantomConfig(kind=PhantomKind.NONE, size=(96, 128), frames=3, noise=0.0, clutter=0.0)
    kept = []
    for share in (0.0, 0.08, 0.4):
        made = make_phantom(replace(base, decorrelation=share))
        first, last = (made.cine.frames[k][made.mask[k]].astype(float) for k in (0, 1))
        kept.append(np.corrcoef(first, last)[0, 1])
    assert kept[0] == pytest.approx(1.0)
    assert 0.65 < kept[1] < 0.85
    assert kept[2] < 0.45


def test_artefacts_change_what_they_should() -> None:
    base = PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=2, noise=0.0, clutter=0.0)
    clean = make_phantom(base).cine.frames[0].astype(float)
    fan = Layout.of(base).fan()
    assert not clean[~fan].any()
    for option in ("drop_out", "shadow"):
        image = make_phantom(replace(base, **{option: 1.0})).cine.frames[0].astype(float)
        assert (image - clean)[fan].mean() < -2
    for option, rows in (("haze", slice(5, 20)), ("reverberation", slice(20, 55))):
        image = make_phantom(replace(base, **{option: 1.0})).cine.frames[0].astype(float)
        assert (image - clean)[rows][fan[rows]].mean() > 3


def local_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the squared correlation in 21x21 px windows."""

    def mean(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, 21)

    first, second = first - first.mean(), second - second.mean()
    covariance = mean(first * second) - mean(first) * mean(second)
    variances = [np.maximum(mean(part * part) - mean(part) ** 2, 0.0) for part in (first, second)]
    return covariance**2 / (variances[0] * variances[1] + 1e-3)


@pytest.mark.parametrize("speckle", [SpeckleModel.SCATTERER, SpeckleModel.SECTOR])
@pytest.mark.parametrize("kind", [PhantomKind.APICAL, PhantomKind.SHORT_AXIS, PhantomKind.RIGID])
def test_real_like_noise_has_the_correlation_of_real_loops(
    kind: PhantomKind, speckle: SpeckleModel
) -> None:
    config = PhantomConfig(kind=kind, speckle=speckle, frames=3, cycle_frames=50)
    made = make_phantom(real_like(config))
    rows, columns = np.mgrid[:384, :512]
    kept = []
    for pair in range(2):
        u = made.displacement[pair]
        moving = made.cine.frames[pair].astype(float)
        back = map_coordinates(moving, [rows + u[1], columns + u[0]], order=3, mode="nearest")
        fixed = made.cine.frames[pair + 1].astype(float)
        kept.append(local_correlation(back, fixed)[made.mask[pair + 1]].mean())
    assert 0.3 < np.mean(kept) < 0.5
