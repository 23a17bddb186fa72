"""Displacement fields of one scale through a loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.arrays import frozen_array

_LEAST_PX = 40
"""Side of a picture, px of a scale, below which its motion is mostly lost."""


class Scale(StrEnum):
    """Scales of the pyramid, coarse to fine; values are the keys of the result file."""

    EIGHTH = "1_8"
    QUARTER = "1_4"
    HALF = "1_2"
    FULL = "1"

    @property
    def fraction(self) -> Fraction:
        """The scale as a number, such as 1/8."""
        return Fraction(self.value.replace("_", "/"))

    @property
    def label(self) -> str:
        """The scale as shown to the user, such as ``1/8``."""
        return self.value.replace("_", "/")

    def warning_for(self, size: tuple[int, ...]) -> str:
        """Return a sentence where this scale leaves too little of a picture, else nothing.

        Args:
            size: (H, W), px.
        """
        least = min(size)
        if least * float(self.fraction) >= _LEAST_PX:
            return ""
        return (
            f"This loop is only {least} px high or wide: at scale {self.label} most of its motion "
            "is lost. Track a finer scale."
        )

    @classmethod
    def parse(cls, text: str) -> Scale:
        """Return the scale of a label such as ``1/8``.

        Raises:
            InputError: If there is no such scale.
        """
        try:
            return cls(text.strip().replace("/", "_"))
        except ValueError as error:
            known = ", ".join(scale.label for scale in cls)
            raise InputError(f"Unknown scale '{text}'. Choose among {known}.") from error


@dataclass(frozen=True, eq=False)
class ScaleField:
    """Composed pull-back displacement of one scale for every pair of neighbouring frames.

    ``moving(p + u(p)) ~ fixed(p)``: ``displacement[k]`` lives on frame k+1 (fixed) and points to
    where the tissue was in frame k (moving).

    Attributes:
        scale: Scale at which the last residual was estimated.
        displacement: ``(T-1, 2, H, W)`` float32, components (x, y), px of the full grid.
        uncertainty: Expected endpoint error, ``(T-1, H, W)`` float16, px, or None.
        seconds: Wall time spent on this scale, s.
        steps: Optimisation steps made at this scale.
        mse: Mean squared error over the mask, intensities in [0, 1], mean over pairs.
        nlcc: Squared local correlation, 21x21 window, over the mask, mean over pairs.
        folding: Cells of the mask with a non-positive corner determinant, %.
    """

    scale: Scale
    displacement: NDArray[np.float32]
    uncertainty: NDArray[np.float16] | None = None
    seconds: float = 0.0
    steps: int = 0
    mse: float = float("nan")
    nlcc: float = float("nan")
    folding: float = float("nan")
    shape: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        name = f"displacement of scale {self.scale.label}"
        displacement = frozen_array(self.displacement, name, np.float32, (None, 2, None, None))
        pairs, _, height, width = displacement.shape
        if not pairs:
            raise InputError("A field needs at least two frames.")
        object.__setattr__(self, "displacement", displacement)
        object.__setattr__(self, "shape", (pairs, height, width))
        if self.uncertainty is not None:
            uncertainty = frozen_array(
                self.uncertainty, "uncertainty", np.float16, (pairs, height, width)
            )
            object.__setattr__(self, "uncertainty", uncertainty)
