"""What the rows of strain say of themselves: which length, of which part, how compensated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.analysis.segments import Segment
from engine.analysis.wall import Wall
from engine.model.view import APICAL, View

SOURCE: Final = "(Voigt 2015)"
WHOLE: Final = "global"

_LENGTH: Final = {
    "longitudinal": "the contour from annulus through apex to annulus",
    "circumferential": "the closed contour",
}
_RESEARCH: Final = "A research value."


def view_strain(view: View) -> str:
    """Return the quantity that holds the longitudinal strain of an apical view: ``ls_a4c``."""
    return f"ls_{view.value.lower()}"


VIEW_STRAINS: Final = tuple(view_strain(view) for view in APICAL)
"""Longitudinal strains of the whole contour, one an apical view."""


def regions(wall: Wall) -> tuple[str, ...]:
    """Return the regions of a wall's columns: ``global``, then its segments."""
    return (WHOLE, *(segment.name for segment in wall.segments))


def names(segments: Sequence[Segment]) -> str:
    """Return segments as a sentence lists them."""
    return ", ".join(segment.name.replace("_", " ") for segment in segments)


def length_words(wall: Wall, region: str, layer: str | None = None) -> str:
    """Return which length is measured, as the end of a sentence.

    Args:
        wall: The wall.
        region: ``global`` or a segment.
        layer: Layer measured; the headline's by default. Single layers and segments are research
            values, as the ASE/EACVI recommendations of 2025 have it.
    """
    contour = _LENGTH[wall.direction]
    if region == WHOLE:
        without = f", without {names(wall.excluded)}" if wall.excluded else ""
        said = f"length of {contour}{without}, {layer or wall.layer} layer."
        return said if layer in {None, wall.layer} else f"{said} {_RESEARCH}"
    return (
        f"length of the segment's share of {contour}, {layer or wall.layer} layer; all segments "
        f"are equally long at end-diastole. {_RESEARCH}"
    )


def thickness_words(region: str) -> str:
    """Return which thickness is measured, as the end of a sentence."""
    where = "the whole wall" if region == WHOLE else "the segment"
    return f"mean thickness of {where} between endo- and epicardial material. {_RESEARCH}"


def kept_words(wall: Wall) -> str:
    """Return what was done to the tracked wall: drift, borders, layers."""
    said = ["The drift over the cycle is not compensated."]
    if wall.band.end is not None:
        said = ["Forward and backward paths are blended over every beat, which leaves no drift."]
    if wall.gain.known:
        said.append(
            "Its borders move in and out as the contours of all frames show, endocardium "
            f"{wall.gain.endocardial:.2f} and epicardium {wall.gain.epicardial:.2f} times as "
            "tracked."
        )
    if wall.band.basis.closed and wall.band.has_layers:
        said.append("Its layers share the wall's area as at end-diastole.")
    return " ".join(said)
