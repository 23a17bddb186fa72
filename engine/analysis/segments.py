"""Segments of the left ventricle: names, codes, and their share of a contour.

Models of 16, 17 and 18 segments (Cerqueira et al. 2002; Voigt et al. 2015; Lang et al. 2015).
SNOMED CT codes are those of DICOM CID 3717; the six apical segments of the 18-segment model that
it does not list have none. All segments of a contour have equal length at end-diastole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.model import View

_WALLS: Final = {
    View.A4C: ("inferoseptal", "anterolateral"),
    View.A2C: ("inferior", "anterior"),
    View.APLAX: ("inferolateral", "anteroseptal"),
}
_APICAL_WALL: Final = {
    "inferoseptal": "septal",
    "anteroseptal": "septal",
    "anterolateral": "lateral",
    "inferolateral": "lateral",
    "inferior": "inferior",
    "anterior": "anterior",
}
_SIX_WALLS: Final = (
    "anterior",
    "anterolateral",
    "inferolateral",
    "inferior",
    "inferoseptal",
    "anteroseptal",
)
_FOUR_WALLS: Final = ("anterior", "lateral", "inferior", "septal")
_LEVELS: Final = {View.PSAX_BASE: "basal", View.PSAX_MID: "mid", View.PSAX_APEX: "apical"}

AHA_NUMBERS: Final = {
    "basal_anterior": 1,
    "basal_anteroseptal": 2,
    "basal_inferoseptal": 3,
    "basal_inferior": 4,
    "basal_inferolateral": 5,
    "basal_anterolateral": 6,
    "mid_anterior": 7,
    "mid_anteroseptal": 8,
    "mid_inferoseptal": 9,
    "mid_inferior": 10,
    "mid_inferolateral": 11,
    "mid_anterolateral": 12,
    "apical_anterior": 13,
    "apical_septal": 14,
    "apical_inferior": 15,
    "apical_lateral": 16,
    "apex": 17,
}
SNOMED: Final = {
    1: "264850008",
    2: "396482007",
    3: "396646008",
    4: "264846001",
    5: "396652009",
    6: "396654005",
    7: "264848000",
    8: "396647004",
    9: "396649001",
    10: "264847005",
    11: "396655006",
    12: "396656007",
    13: "264844003",
    14: "264845002",
    15: "264849008",
    16: "264853005",
    17: "128564006",
}


@dataclass(frozen=True)
class Segment:
    """A segment's share of a contour.

    Attributes:
        name: In snake case, such as ``basal_inferoseptal``.
        start: Fraction of the contour's end-diastolic length at which it begins. Apical views
            count from the annulus point on the left of the image, short-axis views clockwise on
            the screen from the border between anteroseptal (septal) and anterior wall.
        end: Fraction at which it ends.
    """

    name: str
    start: float
    end: float

    @property
    def aha_number(self) -> int | None:
        """Number in the 16- and 17-segment models, or None."""
        return AHA_NUMBERS.get(self.name)

    @property
    def snomed(self) -> str | None:
        """SNOMED CT code, or None where the reference lists none."""
        return None if self.aha_number is None else SNOMED[self.aha_number]


def segments_of(view: View, model: int) -> tuple[Segment, ...]:
    """Return the segments that a view shows, in order along the contour.

    The view must be confirmed, and the image be shown the usual way round: a mirrored loop would
    swap the walls.

    Args:
        view: Confirmed view.
        model: 16, 17 or 18 segments. The model of 17 adds the apical cap to apical views.
    """
    if view.is_short_axis:
        level = _LEVELS[view]
        four = view is View.PSAX_APEX and model != 18
        names = [f"{level}_{wall}" for wall in (_FOUR_WALLS if four else _SIX_WALLS)]
    else:
        left, right = _WALLS[view]
        names = [*_wall_names(left, model), *reversed(_wall_names(right, model))]
        if model == 17:
            names.insert(3, "apex")
    share = 1.0 / len(names)
    return tuple(Segment(name, i * share, (i + 1) * share) for i, name in enumerate(names))


def _wall_names(wall: str, model: int) -> list[str]:
    """Return the segments of one wall from base to apex."""
    apical = wall if model == 18 else _APICAL_WALL[wall]
    return [f"basal_{wall}", f"mid_{wall}", f"apical_{apical}"]
