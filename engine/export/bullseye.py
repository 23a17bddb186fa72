"""Bull's-eye of segmental values: the number in every segment, colour as a second channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Wedge

from engine.analysis.segments import AHA_NUMBERS
from engine.errors import InputError
from engine.export.numbers import plain_number
from engine.export.palette import PRINT, STRAIN, STRAIN_LIMIT, oklab, rgb

# Direction of a wall on the plot, degrees counter-clockwise from the right: anterior on top,
# septum on the left, as AHA lays it out (Cerqueira et al. 2002).
_SIX: Final = {
    "anterolateral": 30,
    "anterior": 90,
    "anteroseptal": 150,
    "inferoseptal": 210,
    "inferior": 270,
    "inferolateral": 330,
}
_FOUR: Final = {"lateral": 0, "anterior": 90, "septal": 180, "inferior": 270}
_SHORT: Final = {
    "anterolateral": "Ant-lat",
    "anterior": "Anterior",
    "anteroseptal": "Ant-sept",
    "inferoseptal": "Inf-sept",
    "inferior": "Inferior",
    "inferolateral": "Inf-lat",
}


def segment_places(model: int) -> dict[str, tuple[float, float, float, float]]:
    """Return where every segment lies: inner and outer radius, first and last angle (degrees).

    Args:
        model: 16, 17 or 18 segments.

    Raises:
        InputError: If there is no such model.
    """
    if model not in {16, 17, 18}:
        raise InputError(f"There is no model of {model} segments. Choose 16, 17 or 18.")
    rings = (0.43, 0.72)
    core = 0.17 if model == 17 else 0.0
    places = {}
    for wall, angle in _SIX.items():
        places[f"basal_{wall}"] = (rings[1], 1.0, angle - 30.0, angle + 30.0)
        places[f"mid_{wall}"] = (rings[0], rings[1], angle - 30.0, angle + 30.0)
    apical, half = (_SIX, 30.0) if model == 18 else (_FOUR, 45.0)
    for wall, angle in apical.items():
        places[f"apical_{wall}"] = (core, rings[0], angle - half, angle + half)
    if model == 17:
        places["apex"] = (0.0, core, 0.0, 360.0)
    return places


def model_of(regions: Mapping[str, object]) -> int:
    """Return the model that a set of segment names belongs to: 17, 16, or 18 where both fit."""
    if "apex" in regions:
        return 17
    sixteen = any(f"apical_{wall}" in regions for wall in ("septal", "lateral"))
    return 16 if sixteen else 18


def draw_bullseye(
    axes: Axes,
    values: Mapping[str, float],
    model: int,
    *,
    limit: float = STRAIN_LIMIT,
    unit: str = "%",
    size: float = 7.5,
) -> None:
    """Draw a bull's-eye.

    Args:
        axes: Where to draw.
        values: Segment in snake case to value; segments that are missing are hatched.
        model: 16, 17 or 18 segments.
        limit: Value of the strongest colours: red for -limit, blue for +limit.
        unit: Chooses the digits.
        size: Of the numbers, points.

    Raises:
        InputError: If the model does not exist or does not hold a segment.
    """
    places = segment_places(model)
    unknown = sorted(set(values) - set(places))
    if unknown:
        raise InputError(f"The model of {model} segments holds no '{unknown[0]}'.")
    for name, (inner, outer, first, last) in places.items():
        value = values.get(name)
        face = "#f2f3f5" if value is None else _hex(value, limit)
        axes.add_patch(_patch((inner, outer, first, last), face, missing=value is None))
        if value is not None:
            radius, angle = _label_place(inner, outer, first, last)
            axes.text(
                radius * np.cos(angle), radius * np.sin(angle), plain_number(value, unit),
                ha="center", va="center", size=size, color=_ink(face), weight="bold",
            )  # fmt: skip
    for wall, angle in _SIX.items():
        x, y = 1.09 * np.cos(np.deg2rad(angle)), 1.09 * np.sin(np.deg2rad(angle))
        side = "center" if abs(x) < 0.1 else "left" if x > 0 else "right"
        axes.text(x, y, _SHORT[wall], ha=side, va="center", size=6.8, color=PRINT.muted)
    axes.set_xlim(-1.55, 1.55)
    axes.set_ylim(-1.2, 1.2)
    axes.set_aspect("equal")
    axes.axis("off")


def segment_number(name: str) -> str:
    """Return a segment's AHA number as text, or an empty string where it has none."""
    found = AHA_NUMBERS.get(name)
    return "" if found is None else str(found)


def _patch(place: tuple[float, float, float, float], face: str, *, missing: bool) -> Wedge | Circle:
    inner, outer, first, last = place
    edge, hatch = ("#b9c1c9", "/////") if missing else ("#ffffff", None)
    if last - first >= 360:
        return Circle((0, 0), outer, facecolor=face, edgecolor=edge, linewidth=0.9, hatch=hatch)
    return Wedge(
        (0, 0), outer, first, last, width=outer - inner, facecolor=face, edgecolor=edge,
        linewidth=0.9, hatch=hatch,
    )  # fmt: skip


def _label_place(inner: float, outer: float, first: float, last: float) -> tuple[float, float]:
    """Return radius and angle (radians) of a number; sectors that meet in the centre need more."""
    if last - first >= 360:
        return 0.0, 0.0
    radius = 0.68 * outer if inner == 0 else (inner + outer) / 2
    return radius, float(np.deg2rad((first + last) / 2))


def _hex(value: float, limit: float) -> str:
    red, green, blue = STRAIN.colours(value, -limit, limit).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def _ink(face: str) -> str:
    lightness = float(oklab(np.array(rgb(face)) / 255.0)[0])
    return "#ffffff" if lightness < 0.62 else "#17202a"
