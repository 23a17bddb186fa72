"""Numbers for readers: no more digits than the method can stand for.

Strain and ejection fraction to 1 %, drift to 0.1 %, speed to 1 cm/s, circulation to two digits; the
full precision is in the CSV alone.
"""

from __future__ import annotations

import math
from typing import Final

from engine.model import Measurement

_WHOLE: Final = frozenset({"%", "cm/s", "mm/s", "ms", "1/min", "mL", "degree", "mm", "px", "frame"})
_TENTHS: Final = frozenset({"cm^2", "px/frame", "cm"})
_FINE: Final = frozenset({"drift"})
"""Quantities given in tenths whatever their unit: half a percent of drift is much."""
_SIGNS: Final = {
    "^2": "²",
    "degree": "°",
    "1/min": "/min",
}
_NAMES: Final = {
    "cavity_area": "Cavity area",
    "dispersion": "Mechanical dispersion",
    "drift": "Drift over the cycle, raw",
    "ejection_fraction": "Ejection fraction",
    "ejection_fraction_mean_of_beats": "EF, mean of beats",
    "gls": "GLS",
    "heart_rate": "Heart rate",
    "ls_a2c": "LS A2C",
    "ls_a4c": "LS A4C",
    "ls_aplax": "LS APLAX",
    "lv_length": "LV length",
    "post_systolic_index": "Post-systolic index",
    "q": "Q",
    "velocity_x": "Velocity to the right",
    "velocity_y": "Velocity upwards",
}
_KINDS: Final = {"mean": "Mean", "max": "Largest"}
_ENDINGS: Final = {
    "_trusted": "trusted part",
    "_of_beat": "by beat",
    "_mean_of_beats": "mean of beats",
    "_sd_of_beats": "SD of beats",
}
# One view never gives what is called global: its curve is that of the whole contour seen.
_REGIONS: Final = {"global": "Whole contour", "mask": "Whole mask"}


def plain_number(value: float, unit: str, *, tenths: bool = False) -> str:
    """Return a number with the digits that its unit allows, and a true minus sign.

    Args:
        value: Finite.
        unit: Unit of the contract, such as ``cm/s``.
        tenths: Give one decimal whatever the unit.
    """
    if tenths or unit in _TENTHS:
        text = f"{value:.1f}"
    elif unit in _WHOLE:
        text = f"{value:.0f}"
    elif unit == "px^2":
        text = f"{_rounded(value, 3):.0f}"
    else:
        text = _two_digits(value)
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


def unit_sign(unit: str) -> str:
    """Return a unit as printed, such as ``m²/s`` for ``m^2/s``."""
    for plain, sign in _SIGNS.items():
        unit = unit.replace(plain, sign)
    return unit


def number(value: float, unit: str, *, tenths: bool = False) -> str:
    """Return a number with its unit, such as ``−18 %``; see ``plain_number``."""
    text = plain_number(value, unit, tenths=tenths)
    if not unit:
        return text
    sign = unit_sign(unit)
    return f"{text}{'' if sign == '°' else ' '}{sign}"


def measured(row: Measurement) -> str:
    """Return the value of a row with its unit."""
    return number(row.value, row.unit, tenths=row.quantity in _FINE)


def quantity_name(quantity: str) -> str:
    """Return a quantity in words, such as ``Longitudinal strain``."""
    if quantity in _NAMES:
        return _NAMES[quantity]
    for ending, words in _ENDINGS.items():
        if quantity.endswith(ending):
            return f"{quantity_name(quantity.removesuffix(ending))}, {words}"
    of, _, kind = quantity.rpartition("_")
    if of and kind in _KINDS:
        name = quantity_name(of)
        return f"{_KINDS[kind]} {name if name == 'Q' else name[:1].lower() + name[1:]}"
    for kind in ("strain_rate", "strain"):
        direction = quantity.removeprefix(f"{kind}_")
        if direction != quantity:
            return f"{direction.replace('_', ' ').capitalize()} {kind.replace('_', ' ')}"
    for known in sorted(_NAMES, key=len, reverse=True):
        if known != "q" and quantity.startswith(f"{known}_"):
            return f"{_NAMES[known]}, {quantity[len(known) + 1 :].replace('_', ' ')}"
    words = quantity.replace("_", " ")
    return words[:1].upper() + words[1:]


def region_name(region: str) -> str:
    """Return a region in words, such as ``Basal inferoseptal``."""
    if region in _REGIONS:
        return _REGIONS[region]
    words = region.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def percent(fraction: float) -> str:
    """Return a fraction as whole percent."""
    return number(100 * fraction, "%")


def _two_digits(value: float) -> str:
    if value == 0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = _rounded(value, 2)
    if abs(rounded) < 1e-4 or abs(rounded) >= 1e5:
        return f"{rounded:.1e}"
    return f"{rounded:.{max(digits, 0)}f}"


def _rounded(value: float, digits: int) -> float:
    """Return a number rounded to so many significant digits."""
    return round(value, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0.0
