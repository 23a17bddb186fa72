"""Small regions are enlarged before their motion is looked for, and nothing is shifted by it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from engine.registration.warp import resize_displacement
from engine.registration.working_size import (
    LARGEST_FACTOR,
    LEAST_CAVITY_PX,
    LEAST_WALL_PX,
    enlarged,
    enlarged_mask,
    is_cavity,
    working_factor,
)


def ring(size: int, outer: float, inner: float) -> np.ndarray:
    """Return one mask of a ring ``(1, size, size)``; a disk without an inner radius."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    distance = np.hypot(rows, columns)
    return ((distance <= outer) & (distance >= inner))[None]


def test_a_wall_is_enlarged_to_its_least_size() -> None:
    factor = working_factor(ring(112, 39.6, 32))
    assert factor == pytest.approx(LEAST_WALL_PX / 80)


def test_a_cavity_is_enlarged_further_than_a_wall() -> None:
    assert working_factor(ring(160, 49.6, 0)) == pytest.approx(LEAST_CAVITY_PX / 100)


@pytest.mark.parametrize("outer", [64, 100])
def test_a_large_wall_keeps_its_size(outer: int) -> None:
    assert working_factor(ring(256, outer, outer - 12)) == 1


@pytest.mark.parametrize("inner", [32, 16, 12])
def test_a_disk_is_a_cavity_and_a_ring_is_none_however_thick_at_end_systole(inner: int) -> None:
    assert is_cavity(ring(128, 40, 0))
    assert not is_cavity(ring(128, 40, inner))


def test_nothing_is_enlarged_beyond_the_largest_factor() -> None:
    assert working_factor(ring(64, 10, 0)) == LARGEST_FACTOR


def test_the_fullest_frame_tells_wall_from_cavity() -> None:
    wall = ring(128, 39.5, 32)
    speck = ring(128, 2, 0)
    assert working_factor(np.concatenate([speck, wall])) == working_factor(wall)


def test_a_factor_of_one_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 11), dtype=np.uint8)
    assert np.array_equal(enlarged(images, 1.0), images)
    assert np.array_equal(enlarged_mask(images > 99, 1.0), images > 99)


def test_enlarged_pictures_stay_where_they_were() -> None:
    rows, columns = np.mgrid[:40, :60].astype(float)
    spot = 200 * np.exp(-((rows - 17.3) ** 2 + (columns - 31.8) ** 2) / 32)
    large = enlarged(spot.astype(np.uint8)[None], 2.4)[0].astype(float)
    at = np.array(ndimage.center_of_mass(large))
    # Half-pixel convention: pixel i of the large picture lies at (i + 0.5) / 2.4 - 0.5.
    assert (at + 0.5) / 2.4 - 0.5 == pytest.approx([17.3, 31.8], abs=0.05)
    inside = enlarged_mask((spot > 100)[None], 2.4)[0]
    assert inside.sum() == pytest.approx(2.4**2 * (spot > 100).sum(), rel=0.05)


def test_a_motion_found_in_the_enlarged_picture_has_the_small_ones_pixels() -> None:
    large = torch.full((1, 2, 96, 144), 2.4)
    small = resize_displacement(large, (40, 60))
    assert torch.allclose(small, torch.ones_like(small))
