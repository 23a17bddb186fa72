"""Pairs in doubt: which they are, and that a motion that fits is kept whatever was expected."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import ndimage

from engine.registration.doubt import BELIEVED_ERROR, DOUBTED_ERROR, in_doubt, refine_in_doubt
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.refine import refine_once
from engine.registration.weights import load_weights

SIZE = (96, 112)


def _network() -> MotionUNet:
    network, _ = load_weights("motion_unet")
    assert isinstance(network, MotionUNet)
    return network.eval()


def _speckle() -> torch.Tensor:
    picture = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(SIZE), 2)
    return torch.from_numpy((0.5 + picture / (6 * picture.std())).astype(np.float32))[None, None]


def test_a_pair_is_in_doubt_where_half_of_the_mask_expects_large_errors() -> None:
    mask = torch.zeros(3, 1, *SIZE)
    mask[:2, :, 20:60, 20:80] = 1
    log_scale = torch.full((3, 1, *SIZE), math.log(DOUBTED_ERROR / 2))
    log_scale[:, :, :45] = math.log(DOUBTED_ERROR * 2)
    log_scale[1, :, 35:] = math.log(DOUBTED_ERROR / 2)
    # 25 of 40 rows, 15 of 40 rows, and an empty mask.
    assert in_doubt(log_scale, mask).tolist() == [True, False, False]


def test_errors_that_are_believed_are_told_as_they_are() -> None:
    still = _speckle()
    moved = torch.roll(still, (0, 1), dims=(2, 3))
    told = torch.full((1, 1, *SIZE), math.log(BELIEVED_ERROR / 2))
    previous = MotionEstimate(torch.full((1, 2, *SIZE), 0.2), told)
    network = _network()
    with torch.no_grad():
        free = refine_once(network, still, moved, 1.0, previous)
        found = refine_in_doubt(network, still, moved, previous, free)
    torch.testing.assert_close(found.displacement, free.displacement)


def test_what_fits_clearly_better_stays() -> None:
    still = _speckle()
    moved = torch.roll(still, (0, 6), dims=(2, 3))
    lost = MotionEstimate(torch.zeros(1, 2, *SIZE), torch.full((1, 1, *SIZE), math.log(6.0)))
    true = torch.zeros(1, 2, *SIZE)
    true[:, 0] = 6.0
    free = MotionEstimate(true, torch.zeros(1, 1, *SIZE))
    with torch.no_grad():
        found = refine_in_doubt(_network(), still, moved, lost, free)
    inner = found.displacement[0, 0, 20:-20, 20:-20]
    assert (inner - 6.0).abs().median() < 0.1
