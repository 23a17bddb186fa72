"""Colour maps keep their order for every eye."""

from __future__ import annotations

import numpy as np
import pytest

from engine.export.palette import DARK, PRINT, SPEED, STRAIN, VORTICITY, ColourMap, oklab, rgb


def test_the_map_of_speed_rises_in_lightness() -> None:
    lightness = oklab(SPEED.table() / 255.0)[:, 0]
    # One step of 8-bit rounding is allowed.
    assert np.all(np.diff(lightness) > -0.004)
    assert lightness[-1] - lightness[0] > 0.25


@pytest.mark.parametrize("colours", [STRAIN, VORTICITY], ids=lambda item: item.name)
def test_diverging_maps_are_lightest_at_zero(colours: ColourMap) -> None:
    lightness = oklab(colours.table() / 255.0)[:, 0]
    assert np.argmax(lightness) == pytest.approx(127.5, abs=2)
    assert np.all(np.diff(lightness[:127]) > -0.004)
    assert np.all(np.diff(lightness[129:]) < 0.004)


def test_shortening_is_red_and_lengthening_blue() -> None:
    shorter, longer = STRAIN.colours([-20.0, 20.0], -25, 25).astype(int)
    assert shorter[0] > shorter[2] + 60
    assert longer[2] > longer[0] + 60


def test_values_beyond_the_limits_take_the_end_colours() -> None:
    colours = SPEED.colours([[-5.0, 0.0], [10.0, 99.0]], 0, 10)
    assert np.array_equal(colours[0, 0], colours[0, 1])
    assert np.array_equal(colours[1, 0], colours[1, 1])


def test_anchors_are_met_at_both_ends() -> None:
    table = ColourMap("grey", ("#000000", "#ffffff")).table()
    assert table[0].tolist() == [0, 0, 0]
    assert table[-1].tolist() == [255, 255, 255]


def test_texts_contrast_with_their_background() -> None:
    def luminance(colour: str) -> float:
        value = np.array(rgb(colour)) / 255
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    for theme in (DARK, PRINT):
        for colour in (theme.text, theme.muted, theme.warning):
            pair = sorted([luminance(colour), luminance(theme.background)])
            # WCAG 2.1, level AA for small text.
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5
