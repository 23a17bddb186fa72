"""Echocardiographic views and what is tracked in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Target(StrEnum):
    """What is tracked: the moving tissue, or the blood (with contrast)."""

    TISSUE = "tissue"
    BLOOD = "blood"


class View(StrEnum):
    """Standard views; SNOMED CT codes in ``snomed`` (DICOM CID 12226)."""

    A4C = "A4C"
    A2C = "A2C"
    APLAX = "APLAX"
    PSAX_BASE = "PSAX-base"
    PSAX_MID = "PSAX-mid"
    PSAX_APEX = "PSAX-apex"

    @property
    def is_short_axis(self) -> bool:
        """Whether contours are closed curves around the cavity."""
        return self.value.startswith("PSAX")

    @property
    def snomed(self) -> str | None:
        """SNOMED CT code, or None where the reference gives none."""
        return {
            View.A4C: "399214001",
            View.A2C: "399232001",
            View.APLAX: "399339008",
            View.PSAX_BASE: "399036006",
            View.PSAX_MID: "399271003",
        }.get(self)


APICAL: Final = (View.A4C, View.A2C, View.APLAX)
"""Views whose contour runs from annulus through apex to annulus."""
