"""The ends of an apical contour lie where leaflets hinge, and move as the tissue there."""

import numpy as np
import pytest

from engine.masks.annulus import annulus_path
from engine.masks.following import LoopMotion
from engine.masks.rasterise import fill_loop
from engine.masks.shape import resample
from engine.phantom import Phantom


def cut(contours: np.ndarray, part: float) -> np.ndarray:
    """Contours whose sides end early by a part of their length, or go on if it is negative."""
    if part < 0:
        down = contours[:, [0, -1]] - contours[:, [12, -13]]
        steps = part * contours.shape[1] / 12 * down
        longer = [contours[:, :1] - steps[:, :1], contours, contours[:, -1:] - steps[:, 1:]]
        return resample(np.concatenate(longer, axis=1), contours.shape[1], closed=False)
    fine = resample(contours, 1000, closed=False)
    away = round(1000 * part)
    return resample(fine[:, away : 1000 - away], contours.shape[1], closed=False)


def below(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How far both ends lie too low along their sides, of the cavity's length, ``(T, 2)``."""
    length = np.linalg.norm(truth[0] - (truth[0, 0] + truth[0, -1]) / 2, axis=1).max()
    down = truth[:, [0, -1]] - truth[:, [15, -16]]
    down /= np.linalg.norm(down, axis=2, keepdims=True)
    return np.asarray(((found - truth[:, [0, -1]]) * down).sum(2) / length)


def path_of(phantom: Phantom, contours: np.ndarray) -> np.ndarray:
    """The annulus, with the phantom's own cavity as the map that a network would give."""
    truth = phantom.contours
    assert truth is not None
    maps = fill_loop(truth.endocardial, phantom.cine.shape[1:]).astype(np.float32)
    frames = phantom.cine.frames.astype(np.float32)
    return annulus_path(frames, contours, maps, np.arange(len(maps)), LoopMotion(frames))


@pytest.mark.parametrize("part", [-0.03, 0.0, 0.05])
def test_sides_that_end_early_or_late_are_brought_to_the_annulus(
    apical: Phantom, part: float
) -> None:
    assert apical.contours is not None
    truth = apical.contours.endocardial.astype(float)
    away = below(path_of(apical, cut(truth, part)), truth)
    assert np.abs(away.mean(0)).max() < 0.03
    assert away.std(0).max() < 0.02


def test_ends_that_rest_are_moved_as_the_tissue_moves(apical: Phantom) -> None:
    assert apical.contours is not None
    truth = apical.contours.endocardial.astype(float)
    still = np.repeat(truth.mean(0, keepdims=True), len(truth), axis=0)
    found = path_of(apical, still)
    way = np.ptp(truth[:, [0, -1], 1], axis=0)
    assert np.ptp(found[..., 1], axis=0) == pytest.approx(way, rel=0.25)
    assert below(found, truth).std(0).max() < 0.25 * below(still[:, [0, -1]], truth).std(0).min()


def test_a_short_loop_has_an_annulus_too(apical: Phantom) -> None:
    assert apical.contours is not None
    truth = apical.contours.endocardial[:1].astype(float)
    frames = apical.cine.frames[:1].astype(np.float32)
    maps = fill_loop(truth, frames.shape[1:]).astype(np.float32)
    found = annulus_path(frames, truth, maps, np.arange(1), LoopMotion(frames))
    assert np.abs(below(found, truth)).max() < 0.05
