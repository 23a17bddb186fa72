"""Where no ventricle is recognised, the blood in the middle stands in, dark or bright."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from engine.masks.blood_pool import middle_region
from engine.model import Cine


@pytest.mark.parametrize(("blood", "wall"), [(20, 150), (190, 30)], ids=["dark", "contrast"])
def test_the_cavity_is_taken_and_not_its_surroundings(
    blood: int, wall: int, cine_of: Callable[..., Cine]
) -> None:
    frames = np.full((4, 96, 128), wall, np.uint8)
    cavity = np.zeros((96, 128), np.uint8)
    cv2.ellipse(cavity, (64, 50), (24, 34), 0, 0, 360, 1, -1)
    frames[:, cavity > 0] = blood
    grain = np.random.default_rng(2).normal(0, 8, frames.shape)
    cine = cine_of(np.clip(frames + grain, 0, 255))
    found = middle_region(cine, np.ones((96, 128), np.bool_))
    assert found is not None
    for region in found:
        common = (region & (cavity > 0)).sum()
        assert 2 * common / (region.sum() + cavity.sum()) > 0.95


def test_what_lies_between_particles_is_no_blood(cine_of: Callable[..., Cine]) -> None:
    random = np.random.default_rng(5)
    frames = np.zeros((2, 240, 240), np.uint8)
    for frame in frames:
        frame[tuple(random.integers(0, 240, (2, 1000)))] = 255
    frames = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in frames])
    assert (
        middle_region(cine_of(np.clip(frames * 8.0, 0, 255)), np.ones((240, 240), np.bool_)) is None
    )
