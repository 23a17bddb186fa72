"""The tracked wall of a result with its curves: what strain rows and a bull's-eye are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis import strain
from engine.analysis.band import Band, track_band
from engine.analysis.events import HeartCycle
from engine.analysis.sampling import LoopSampler
from engine.analysis.segments import Segment, segments_of
from engine.analysis.trust import THRESHOLD
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import ScaleField, TrackingResult

WHOLE: Final = ((0.0, 1.0),)


@dataclass(frozen=True, eq=False)
class Wall:
    """A tracked wall, ready to be measured.

    Attributes:
        band: The sheet.
        layer: Layer of the headline strain; the endocardium where no epicardium is known.
        segments: Named segments; empty without a confirmed view.
        spans: Where they lie in the band's coordinate s.
        spacing_mm: Pixel spacing (x, y), mm, or None.
    """

    band: Band
    layer: str
    segments: tuple[Segment, ...]
    spans: tuple[tuple[float, float], ...]
    spacing_mm: tuple[float, float] | None

    @property
    def direction(self) -> str:
        """``circumferential`` in the short axis, else ``longitudinal``."""
        return "circumferential" if self.band.basis.closed else "longitudinal"

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that can be measured."""
        return tuple(strain.LAYERS) if self.band.has_layers else ("endocardial",)

    def lengths(self, layer: str | None = None, *, raw: bool = False) -> NDArray[np.float64]:
        """Return lengths of the whole layer and of the segments, ``(T, 1 + segments)``."""
        spans = (*WHOLE, *self.spans)
        return strain.contour_lengths(
            self.band, layer or self.layer, self.spacing_mm, spans, raw=raw
        )

    def thickness(self) -> NDArray[np.float64]:
        """Return the mean thickness of the whole wall and of segments, ``(T, 1 + segments)``."""
        return strain.thickness(self.band, self.spacing_mm, (*WHOLE, *self.spans))

    def trusted(self) -> NDArray[np.float64] | None:
        """Return the trusted fraction, ``(T, 1 + segments)``; None if trust is unknown."""
        if self.band.trust is None:
            return None
        sure = self.band.trust >= THRESHOLD
        s = np.linspace(0.0, 1.0, sure.shape[1], endpoint=not self.band.basis.closed)
        columns = []
        for start, end in (*WHOLE, *self.spans):
            inside = (s >= start) & (s <= end)
            for turn in (-1.0, 1.0):
                inside |= (s + turn >= start) & (s + turn <= end)
            columns.append(sure[:, inside].mean(axis=(1, 2)))
        return np.stack(columns, axis=1)


def track_wall(
    result: TrackingResult,
    field: ScaleField,
    cycle: HeartCycle,
    config: MeasureConfig,
    trust: NDArray[np.floating] | None,
) -> Wall:
    """Track the wall between the end-diastolic contours and name its segments.

    Segments are named only in a confirmed view that fits the contour and is not mirrored.

    Args:
        result: With contours.
        field: Displacements measured.
        cycle: The beat.
        config: Layer, segment model and drift compensation.
        trust: ``(T-1, H, W)``, 0 to 1; None counts all alike.

    Raises:
        InputError: If there are no contours, or the layer is unknown.
    """
    if result.contours is None:
        raise InputError("Strain needs contours of the wall; the result holds none.")
    if config.layer not in strain.LAYERS:
        known = ", ".join(strain.LAYERS)
        raise InputError(f"Unknown layer '{config.layer}'. Choose among {known}.")
    end = cycle.end if config.drift_compensation else None
    band = track_band(
        LoopSampler(field.displacement, result.mask), result.contours, cycle.start, end, trust
    )
    layer = config.layer if band.has_layers else "endocardial"
    segments: tuple[Segment, ...] = ()
    if why_unnamed(result) is None and result.view is not None:
        segments = segments_of(result.view, config.segments)
    spans = strain.segment_spans(band, segments, layer, result.spacing_mm) if segments else []
    return Wall(band, layer, segments, tuple(spans), result.spacing_mm)


def why_unnamed(result: TrackingResult) -> str | None:
    """Return why segments cannot be named, or None where they can."""
    if result.view is None:
        return "The view is not confirmed, so no segment has a name."
    if result.contours is not None and result.view.is_short_axis != result.contours.closed:
        return f"The contour does not fit the view {result.view}, so no segment has a name."
    if result.config.get("mirrored"):
        return "The image is mirrored, which swaps the walls; no segment is named."
    return None
