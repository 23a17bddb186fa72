"""What tracking hands to everything after it; mirrors the result file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.arrays import frozen_array
from engine.model.field import Scale, ScaleField
from engine.model.mask import Contours
from engine.model.view import Target, View


@dataclass(frozen=True, eq=False)
class TrackingResult:
    """Fields of every scale with all that is needed to measure and show them.

    Attributes:
        fields: One per scale, coarse to fine; all of one shape.
        mask: ``(T, H, W)`` bool: where the field counts.
        method: Name of the method, such as ``ssmsr``.
        target: Tissue or blood.
        source_sha256: Of the tracked source.
        source_name: Its file name, or an empty string.
        software_version: Of the program that tracked.
        seed: Random seed.
        config: Settings as plain JSON values.
        frames: The cine as tracked, ``(T, H, W)`` uint8, or None.
        frame_times_s: ``(T,)`` float64, s; None if unknown.
        spacing_mm: (x, y), mm; None if unknown.
        contours: Curves through the loop, or None.
        view: Confirmed view, or None.
        ed_frame: End-diastolic frame in source numbering, or None.
        es_frame: End-systolic frame in source numbering, or None.
        first_frame: Source number of frame 0 of the arrays.
        r_times_s: R waves on the clock of ``frame_times_s``, s.
        reviewed: Whether a person has accepted the moving contour.
        notices: Sentences for the user from the run.
        mark_origins: Where the end-diastolic and the end-systolic frame come from, in the words of
            ``engine.cycle``; empty where a person gave them.
    """

    fields: tuple[ScaleField, ...]
    mask: NDArray[np.bool_]
    method: str
    target: Target
    source_sha256: str
    software_version: str
    seed: int = 0
    source_name: str = ""
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    frames: NDArray[np.uint8] | None = None
    frame_times_s: NDArray[np.float64] | None = None
    spacing_mm: tuple[float, float] | None = None
    contours: Contours | None = None
    view: View | None = None
    ed_frame: int | None = None
    es_frame: int | None = None
    first_frame: int = 0
    r_times_s: tuple[float, ...] = ()
    reviewed: bool = False
    notices: tuple[str, ...] = ()
    mark_origins: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        if not self.fields:
            raise InputError("The result holds no displacement field.")
        pairs, height, width = self.fields[0].shape
        if any(item.shape != (pairs, height, width) for item in self.fields):
            raise InputError("The fields of the scales differ in shape.")
        shape = (pairs + 1, height, width)
        object.__setattr__(self, "mask", frozen_array(self.mask, "mask", np.bool_, shape))
        if self.frames is not None:
            frames = frozen_array(self.frames, "frames", np.uint8, shape)
            object.__setattr__(self, "frames", frames)
        if self.frame_times_s is not None:
            times = frozen_array(self.frame_times_s, "frame_times_s", np.float64, shape[:1])
            object.__setattr__(self, "frame_times_s", times)

    @property
    def finest(self) -> ScaleField:
        """The field of the finest scale."""
        return self.fields[-1]

    @property
    def stopped(self) -> bool:
        """Whether the run ended before the finest scale that its settings ask for."""
        tracking = self.config.get("tracking")
        asked = tracking.get("scales") if isinstance(tracking, Mapping) else None
        order = [scale.value for scale in Scale]
        known = [order.index(key) for key in asked or () if key in order]
        return order.index(self.finest.scale.value) < max(known, default=0)

    def at_scale(self, scale: Scale) -> ScaleField:
        """Return the field of a scale.

        Raises:
            InputError: If the result does not hold it.
        """
        for item in self.fields:
            if item.scale == scale:
                return item
        held = ", ".join(item.scale.label for item in self.fields)
        raise InputError(f"The result holds no field of scale {scale.label}. Choose among {held}.")
