"""Masks and contours through a loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.arrays import frozen_array


class MaskKind(StrEnum):
    """What a mask holds, in the words shown to the user."""

    SECTOR = "ultrasound sector"
    TISSUE_REGION = "tissue region (paper)"
    WALL = "myocardial wall"
    BLOOD_POOL = "blood pool"
    FILE = "from file"


@dataclass(frozen=True, eq=False)
class Contours:
    """Endocardial and epicardial curves through the loop.

    In apical views a curve runs from one annulus point through the apex to the other; in short
    axis it is closed (the first point is not repeated). Image coordinates: x right, y down, px,
    the centre of the top-left pixel is (0, 0).

    Attributes:
        endocardial: ``(T, N, 2)`` float32, (x, y), px.
        epicardial: ``(T, N, 2)`` float32, (x, y), px, or None.
        closed: Whether the curves are closed (short axis).
        keyframes: Frames (of the loop, from 0) whose contour was given or confirmed.
    """

    endocardial: NDArray[np.float32]
    epicardial: NDArray[np.float32] | None = None
    closed: bool = False
    keyframes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        shape = (None, None, 2)
        endocardial = frozen_array(self.endocardial, "endocardial contour", np.float32, shape)
        object.__setattr__(self, "endocardial", endocardial)
        if self.epicardial is not None:
            epicardial = frozen_array(self.epicardial, "epicardial contour", np.float32, shape)
            if len(epicardial) != len(endocardial):
                raise InputError("Both contours must have one curve for every frame.")
            object.__setattr__(self, "epicardial", epicardial)


@dataclass(frozen=True, eq=False)
class Mask:
    """Where the field counts.

    Attributes:
        data: ``(T, H, W)`` bool, read-only.
        kind: What it holds.
        contours: Curves that made it, or None.
        notes: Sentences on how it was made ("ES from the smallest cavity area: a surrogate").
        ed_frame: End-diastolic frame of the loop (from 0), or None.
        es_frame: End-systolic frame of the loop (from 0), or None.
        confidence: 0 to 1: how sure the automatic start is; None where it was given.
        mark_origins: Where the end-diastolic and the end-systolic frame come from, in the words of
            ``engine.cycle``; empty where a person gave them.
    """

    data: NDArray[np.bool_]
    kind: MaskKind
    contours: Contours | None = None
    notes: tuple[str, ...] = ()
    ed_frame: int | None = None
    es_frame: int | None = None
    confidence: float | None = None
    mark_origins: tuple[str, str] = ("", "")
    shape: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        data = frozen_array(self.data, "mask", np.bool_, (None, None, None))
        if not data.any():
            raise InputError(
                "The mask is empty: no pixel is inside. Draw or choose a mask with some area."
            )
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "shape", data.shape)
