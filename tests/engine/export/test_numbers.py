"""Printed numbers claim no more than the method can hold."""

from __future__ import annotations

import pytest

from engine.export.numbers import measured, number, quantity_name, region_name
from engine.model import Measurement


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-18.437, "%", "−18 %"),
        (57.6, "%", "58 %"),
        (-0.3, "%", "0 %"),
        (12.49, "cm/s", "12 cm/s"),
        (1.234, "px/frame", "1.2 px/frame"),
        (0.0071834, "m^2/s", "0.0072 m²/s"),
        (-0.0123456, "m^2/s", "−0.012 m²/s"),
        (62.4, "1/min", "62 /min"),
        (11.2, "degree", "11°"),
        (2.0671, "", "2.1"),
        (123.4, "1/s", "120 1/s"),
        (0.0, "1/s", "0 1/s"),
    ],
)
def test_digits_follow_the_unit(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text
    assert measured(Measurement("q", "", "mask", value, unit)) == text


def test_names_are_words() -> None:
    assert quantity_name("strain_longitudinal") == "Longitudinal strain"
    assert quantity_name("strain_rate_radial") == "Radial strain rate"
    assert quantity_name("ls_a4c_peak_systolic") == "LS A4C, peak systolic"
    assert quantity_name("vortex_depth") == "Vortex depth"
    assert quantity_name("speed_mean") == "Mean speed"
    assert quantity_name("speed_max") == "Largest speed"
    assert quantity_name("q_mean") == "Mean Q"
    assert quantity_name("velocity_y_mean_trusted") == "Mean velocity upwards, trusted part"
    assert region_name("basal_inferoseptal") == "Basal inferoseptal"
    assert region_name("vortex-1") == "Vortex 1"


def test_drift_is_given_in_tenths() -> None:
    drift = Measurement("drift", "", "global", -0.28, "%")
    strain = Measurement("ls_a4c", "", "global", -17.62, "%")
    assert measured(drift) == "\N{MINUS SIGN}0.3 %"
    assert measured(strain) == "\N{MINUS SIGN}18 %"
