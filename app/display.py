"""How the loop is drawn: layers, overlays, arrow size, gain. Never reaches the tracking."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from engine.model import Scale


class Page(StrEnum):
    """What the middle of the window shows."""

    IMAGE = "image"
    FIELD = "field"
    COMPARE = "compare"


class Comparison(StrEnum):
    """How layers are compared."""

    SCALES = "scales"
    PAIR = "pair"
    DIFFERENCE = "difference"
    BLINK = "blink"
    WARP = "warp"


@dataclass(frozen=True)
class DisplayOptions:
    """Choices of drawing.

    Attributes:
        page: Image alone, one scale, or layers compared.
        scale: Scale shown on the page of one scale.
        arrows: Whether arrows are drawn.
        blind_arrows: Whether they are drawn in blood without contrast, too.
        contour: Whether the mask's contour is drawn.
        wall: Whether the contour drawn is the wall as tracked, instead of the mask's.
        vorticity: Whether vorticity and vortex cores are drawn.
        strain: Whether the strain of the wall is drawn at every pixel.
        trust: Whether what is untrusted fades.
        depth: Whether the depth scale is drawn.
        arrow_spacing: Distance of the arrows as a multiple of the legible one.
        arrow_length: Length of the arrows as a multiple of the usual one.
        gain: Brightness of the display, 0 as recorded, -1 to 1.
        contrast: Contrast of the display, 1 as recorded.
        comparison: How layers are compared.
        first: Key of the first layer compared: a scale's, or a peer method's name.
        second: Key of the second.
        warped: Whether the frame before is warped when it alternates with the frame shown.
    """

    page: Page = Page.IMAGE
    scale: Scale | None = None
    arrows: bool = True
    blind_arrows: bool = False
    contour: bool = True
    wall: bool = False
    vorticity: bool = False
    strain: bool = False
    trust: bool = True
    depth: bool = True
    arrow_spacing: float = 1.0
    arrow_length: float = 1.0
    gain: float = 0.0
    contrast: float = 1.0
    comparison: Comparison = Comparison.SCALES
    first: str = Scale.QUARTER.value
    second: str = Scale.FULL.value
    warped: bool = True


MAPS: Final = ("vorticity", "strain")
"""Options that lay a map in colour over the image."""


def arrows_option(*, trackable: bool) -> str:
    """Return the name of the option that shows arrows: they mean nothing without contrast."""
    return "arrows" if trackable else "blind_arrows"


class Display(QObject):
    """The current options.

    Signals:
        changed: Any of them changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = DisplayOptions()

    def set(self, **values: Any) -> None:
        """Change options; of the maps in colour only one is shown, the one asked for last."""
        shown = next((name for name in MAPS if values.get(name)), None)
        if shown is not None:
            values = dict.fromkeys(MAPS, False) | values
        options = dataclasses.replace(self.options, **values)
        if options != self.options:
            self.options = options
            self.changed.emit()

    def show_scale(self, scale: Scale) -> None:
        """Show the field of one scale."""
        self.set(page=Page.FIELD, scale=scale)
