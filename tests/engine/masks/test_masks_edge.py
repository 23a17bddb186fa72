"""The wall's edge is found where it is, however wide the point spread and strong the haze."""

import numpy as np
import pytest
from scipy.special import ndtr

from engine.masks.edge import inward_shift, outward_shift

HEIGHT = 240
RADIUS = 60.0


def logarithmic_ring(spread: float, floor_db: float) -> np.ndarray:
    """Return a dark disk of ``RADIUS`` in an even wall as a picture of 55 dB shows it.

    The wall's power is blurred by a Gaussian point spread, so its share at a distance d beyond
    the edge is the normal distribution of d.

    Args:
        spread: Standard deviation of the blurred power, px.
        floor_db: Power of haze in the cavity, dB below the wall.
    """
    rows, columns = np.indices((HEIGHT, HEIGHT))
    beyond = np.hypot(rows - HEIGHT / 2, columns - HEIGHT / 2) - RADIUS
    level = 10 * np.log10(ndtr(beyond / spread) + 10 ** (floor_db / 10))
    return np.clip(140 + 255 / 55 * level, 0, 255)[None].astype(np.float32)


def circle(radius: float) -> np.ndarray:
    """Return a circle around the middle, ``(1, 100, 2)``."""
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    places = HEIGHT / 2 + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(places[None])


@pytest.mark.parametrize("spread", [0.8, 1.6, 2.4])
@pytest.mark.parametrize("floor_db", [-18.0, -15.0, -12.0])
def test_the_edge_is_found_for_any_blur_and_haze(spread: float, floor_db: float) -> None:
    frames = logarithmic_ring(spread, floor_db)
    for start in (RADIUS - 3, RADIUS - 1.5):
        found = start + outward_shift(frames, circle(start), closed=True)[0]
        assert found == pytest.approx(RADIUS, abs=0.0045 * HEIGHT)


def test_gain_does_not_move_the_edge() -> None:
    frames = logarithmic_ring(1.6, -16)
    shift = outward_shift(frames, circle(RADIUS - 2), closed=True)
    louder = outward_shift(0.5 * frames + 40, circle(RADIUS - 2), closed=True)
    assert louder == pytest.approx(shift, abs=0.02)


def test_the_edge_of_a_faint_wall_lies_nearer_to_its_steepest_rise() -> None:
    faint = 0.3 * logarithmic_ring(1.6, -15) + 60
    curves = circle(RADIUS - 1.5)
    usual = outward_shift(faint, curves, closed=True)
    # Something black and something far brighter than the wall: the wall is faint beside them.
    faint[:, :6], faint[:, -6:] = 0, 255
    near = outward_shift(faint, curves, closed=True)
    assert near.mean() < usual.mean() - 0.5
    assert near.min() >= -0.5


def test_an_even_picture_moves_nothing_far() -> None:
    shift = outward_shift(np.full((1, 100, 100), 80, np.float32), 0.4 * circle(30), closed=True)
    assert np.all(np.isfinite(shift))
    assert np.abs(shift).max() <= 0.02 * 100


def test_the_outer_edge_lies_near_the_top_of_its_bright_line() -> None:
    rows, columns = np.indices((HEIGHT, HEIGHT))
    beyond = np.hypot(rows - HEIGHT / 2, columns - HEIGHT / 2) - RADIUS
    line = 2.0 * np.exp(-0.5 * ((beyond + 0.6) / 1.2) ** 2)
    level = 10 * np.log10(ndtr(-beyond / 1.2) + line + 10**-1.5)
    frames = (140 + 255 / 55 * level)[None].astype(np.float32)
    outward = (circle(RADIUS) - HEIGHT / 2) / RADIUS
    for start in (RADIUS + 2, RADIUS + 1):
        found = start - inward_shift(frames, circle(start), outward, closed=True)
        assert found == pytest.approx(RADIUS, abs=0.0045 * HEIGHT)


def test_a_wall_that_blurs_more_where_the_cavity_is_small_has_two_shifts() -> None:
    sharp, blurred = logarithmic_ring(0.8, -16)[0], logarithmic_ring(2.4, -16)[0]
    curves = np.concatenate([circle(RADIUS - 1.5), circle(RADIUS - 3)])
    found = outward_shift(np.stack([sharp, blurred]), curves, closed=True)
    radii = np.linalg.norm(curves - HEIGHT / 2, axis=2) + found
    assert radii == pytest.approx(RADIUS, abs=0.0045 * HEIGHT)
