"""Colours of the product, defined once: the window, the films and the printed pages share them.

Colour maps are given by a few anchors and interpolated in Oklab (B. Ottosson, "A perceptual color
space for image processing", 2020), where equal steps look equal. Sequential maps rise in
lightness throughout, diverging maps are told apart by lightness and by red against blue or
purple against orange, so that they can be read with any of the common colour-vision deficiencies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.colors import ListedColormap

STEPS: Final = 256

_TO_CONE: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance, as ``#rrggbb``.

    Attributes:
        background: Behind everything.
        surface: Of cards and bars.
        line: Of rules, grids and frames.
        text: Of what is read first.
        muted: Of labels and remarks.
        accent: Of what can be acted on, and of the product.
        warning: Of what the reader must not miss.
        endocardium: Of the inner contour.
        epicardium: Of the outer contour.
        outline: Of a mask without contours.
        end_diastole: Of marks of ED.
        end_systole: Of marks of ES.
    """

    background: str
    surface: str
    line: str
    text: str
    muted: str
    accent: str
    warning: str
    endocardium: str
    epicardium: str
    outline: str
    end_diastole: str
    end_systole: str


DARK: Final = Theme(
    background="#0d1014",
    surface="#171b21",
    line="#2b313a",
    text="#e8ebef",
    muted="#98a2ae",
    accent="#3fb8c5",
    warning="#f2b24a",
    endocardium="#4fd1dc",
    epicardium="#b9a5f0",
    outline="#6f93a0",
    end_diastole="#4fd1dc",
    end_systole="#f08a5d",
)

PRINT: Final = Theme(
    background="#ffffff",
    surface="#f3f5f7",
    line="#ccd3da",
    text="#17202a",
    muted="#5a6672",
    accent="#0f7686",
    warning="#8f5200",
    endocardium="#0f7686",
    epicardium="#6a51a3",
    outline="#4d6873",
    end_diastole="#0f7686",
    end_systole="#b8431a",
)

# Curves of up to seven walls or segments (Okabe and Ito's set without its yellow, which is too
# pale on white paper).
CURVES: Final = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#5b5b5b",
)


@dataclass(frozen=True)
class ColourMap:
    """A colour map given by anchors at equal distances.

    Attributes:
        name: Its name.
        anchors: Colours ``#rrggbb`` from the lowest to the highest value.
    """

    name: str
    anchors: tuple[str, ...]

    def table(self) -> NDArray[np.uint8]:
        """Return its 256 colours, ``(256, 3)`` uint8, RGB."""
        return _table(self.anchors)

    def colours(self, values: ArrayLike, low: float, high: float) -> NDArray[np.uint8]:
        """Return the colour of every value, ``(..., 3)`` uint8, RGB.

        Args:
            values: Any shape; values beyond the limits take the end colours.
            low: Value of the first colour.
            high: Value of the last colour; must differ from ``low``.
        """
        position = (np.asarray(values, np.float64) - low) / (high - low)
        index = np.clip(np.nan_to_num(position) * (STEPS - 1), 0, STEPS - 1)
        return self.table()[np.rint(index).astype(np.intp)]

    def as_matplotlib(self) -> ListedColormap:
        """Return the map for matplotlib."""
        from matplotlib.colors import ListedColormap  # noqa: PLC0415 - the window needs none

        return ListedColormap(self.table() / 255.0, name=self.name)


# Speed over dark images: no colour is so dark that it drowns in black, none so pale and unsaturated
# that it passes for bright tissue.
SPEED: Final = ColourMap(
    "speed", ("#6a67e6", "#9a5fdc", "#cf5fae", "#f0736a", "#fb9f42", "#fbd04a", "#f8f6a4")
)
# Strain: red shortens, blue lengthens.
STRAIN: Final = ColourMap(
    "strain",
    (
        "#7a0b22", "#b5293a", "#dd6a57", "#f3b49a", "#f5f4f2",
        "#a9cfe4", "#5c9fce", "#2a69ab", "#0b3263",
    ),
)  # fmt: skip
STRAIN_LIMIT: Final = 25.0
"""Strain of its strongest colours, %, wherever segments or pixels are coloured."""
STRAIN_TICKS: Final = (-20.0, -10.0, 0.0, 10.0, 20.0)
"""Where a colour bar of strain is labelled, %."""
# Vorticity: orange turns counter-clockwise (positive), purple clockwise.
VORTICITY: Final = ColourMap(
    "vorticity",
    (
        "#3d1a6b", "#6a4ca0", "#9c8ac4", "#cdc6e0", "#f5f4f2",
        "#fbd3a0", "#f0a04b", "#c8690f", "#7f3b08",
    ),
)  # fmt: skip


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three bytes of a colour ``#rrggbb``."""
    value = int(colour.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def oklab(colours: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return Oklab coordinates of sRGB colours.

    Args:
        colours: ``(..., 3)``, sRGB in [0, 1].

    Returns:
        ``(..., 3)``: lightness in [0, 1], green to red, blue to yellow.
    """
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONE.T) @ _TO_OKLAB.T)


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    cone = (lab @ np.linalg.inv(_TO_OKLAB).T) ** 3
    linear = np.clip(cone @ np.linalg.inv(_TO_CONE).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@lru_cache
def _table(anchors: tuple[str, ...]) -> NDArray[np.uint8]:
    lab = oklab(np.array([rgb(anchor) for anchor in anchors]) / 255.0)
    position = np.linspace(0, len(anchors) - 1, STEPS)
    known = np.arange(len(anchors))
    mixed = np.stack([np.interp(position, known, lab[:, axis]) for axis in range(3)], axis=-1)
    table = np.rint(_srgb(mixed) * 255).astype(np.uint8)
    table.flags.writeable = False
    return table
