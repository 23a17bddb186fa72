"""What the network sees is asked once, and a heart that it does not see is not believed."""

import numpy as np
import pytest

from engine.masks.cavity_network import Sighting, sight
from engine.masks.left_ventricle import CONFIDENT
from engine.masks.proposal import propose, sure_throughout
from engine.masks.rasterise import fill_loop
from engine.masks.sector import analyse_sector
from engine.masks.settings import SearchConfig
from engine.masks.working import COARSE_HEIGHT, SMOOTHING, make_working
from engine.phantom import Phantom


def test_the_map_nearest_in_time_stands_in() -> None:
    maps = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
    seen = Sighting(np.array([0, 4, 8]), maps)
    assert seen.of(np.array([1, 3, 9]), closed=False).ravel().tolist() == [0, 1, 2]
    assert seen.of(np.array([4]), closed=True).ravel().tolist() == [4]


@pytest.mark.parametrize("side", [0, 1])
def test_a_heart_that_the_network_sees_elsewhere_is_not_believed(
    apical: Phantom, side: int
) -> None:
    loop = make_working(apical.cine, analyse_sector(apical.cine), COARSE_HEIGHT, SMOOTHING)
    seen = sight(loop, np.arange(0, len(loop.frames), 6))
    elsewhere = np.zeros_like(seen.maps)
    third = loop.size[1] // 3
    columns = slice(0, third) if side == 0 else slice(-third, None)
    elsewhere[:, :, 30:80, columns] = 1
    config = SearchConfig()

    def confidence(witness: Sighting) -> float:
        rng = np.random.default_rng(config.seed)
        return propose(loop, witness, config, rng, short_axis=False).confidence

    assert confidence(seen) > CONFIDENT
    assert confidence(Sighting(seen.frames, elsewhere)) < CONFIDENT


def test_a_contour_that_leaves_the_cavity_in_some_frames_is_not_trusted(apical: Phantom) -> None:
    assert apical.contours is not None
    loop = make_working(apical.cine, analyse_sector(apical.cine), COARSE_HEIGHT, SMOOTHING)
    right = loop.to_working(apical.contours.endocardial.astype(float))
    every = np.arange(len(right))
    maps = np.repeat(fill_loop(right, loop.size)[None].astype(np.float32), 2, axis=0)
    seen = Sighting(every, maps)
    assert sure_throughout(loop, right, seen) > 0.99
    middle = right.mean(1, keepdims=True)
    wrong = right.copy()
    wrong[::4] = middle[::4] + 1.5 * (right[::4] - middle[::4])
    assert sure_throughout(loop, wrong, seen) < 0.01
