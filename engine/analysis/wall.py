"""The tracked wall of a result with its curves: what strain rows and a bull's-eye are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis import strain
from engine.analysis.band import Band, track_band
from engine.analysis.borders import BorderGain, follow_borders
from engine.analysis.events import HeartCycle
from engine.analysis.sampling import LoopSampler
from engine.analysis.segments import Segment, segments_of
from engine.analysis.trust import THRESHOLD
from engine.config import MeasureConfig
from engine.errors import InputError
from engine.model import Contours, ScaleField, TrackingResult

MOST_EXCLUDED: Final = 2
DRAWN_POINTS: Final = 241
"""Points of a border as it is drawn; that of a closed one repeats the first."""
EXCLUDED: Final = "Excluded after review"


@dataclass(frozen=True, eq=False)
class Wall:
    """A tracked wall, ready to be measured.

    Attributes:
        band: The sheet.
        layer: Layer of the headline strain; the endocardium where no epicardium is known.
        segments: Named segments that are measured; empty without a confirmed view.
        spans: Where they lie in the band's coordinate s.
        spacing_mm: Pixel spacing (x, y), mm, or None.
        excluded: Segments that no value rests on.
        gain: By how much the contours of every frame changed the borders' motion.
    """

    band: Band
    layer: str
    segments: tuple[Segment, ...]
    spans: tuple[tuple[float, float], ...]
    spacing_mm: tuple[float, float] | None
    excluded: tuple[Segment, ...] = ()
    gain: BorderGain = field(default_factory=BorderGain)

    @property
    def whole(self) -> tuple[tuple[float, float], ...]:
        """Spans of the whole wall, less what is excluded."""
        return self.spans if self.excluded else strain.WHOLE

    @property
    def parts(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Spans of the whole wall, then of every segment."""
        return (self.whole, *((span,) for span in self.spans))

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
        return strain.contour_lengths(
            self.band, layer or self.layer, self.spacing_mm, self.parts, raw=raw
        )

    def thickness(self) -> NDArray[np.float64]:
        """Return the mean thickness of the whole wall and of segments, ``(T, 1 + segments)``."""
        return strain.thickness(self.band, self.spacing_mm, self.parts)

    def rotation(self, layer: str) -> NDArray[np.float64]:
        """Return the mean rotation of a closed layer, ``(T,)``, degree."""
        return strain.rotation(self.band, layer, self.spacing_mm, self.whole)

    def contours(self) -> Contours:
        """Return the borders in every frame, to be drawn."""
        band = self.band
        return Contours(
            band.curve(0.0, DRAWN_POINTS).astype(np.float32),
            band.curve(1.0, DRAWN_POINTS).astype(np.float32) if band.has_layers else None,
            closed=band.basis.closed,
            keyframes=(band.start,),
        )

    def trusted(self) -> NDArray[np.float64] | None:
        """Return the trusted fraction, ``(T, 1 + segments)``; None if trust is unknown."""
        if self.band.trust is None:
            return None
        sure = self.band.trust >= THRESHOLD
        s = np.linspace(0.0, 1.0, sure.shape[1], endpoint=not self.band.basis.closed)
        columns = [sure[:, strain.within(s, spans)].mean(axis=(1, 2)) for spans in self.parts]
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
        InputError: If there are no contours, the layer is unknown, or a segment to leave out is.
    """
    if result.contours is None:
        raise InputError("Strain needs contours of the wall; the result holds none.")
    if config.layer not in strain.LAYERS:
        known = ", ".join(strain.LAYERS)
        raise InputError(f"Unknown layer '{config.layer}'. Choose among {known}.")
    ends = cycle.ends if config.drift_compensation else ()
    band = track_band(
        LoopSampler(field.displacement, result.mask), result.contours, cycle.start, ends, trust
    )
    band, gain = follow_borders(band, result.contours, cycle.last(len(result.mask)))
    layer = config.layer if band.has_layers else "endocardial"
    segments: tuple[Segment, ...] = ()
    if why_unnamed(result) is None and result.view is not None:
        segments = segments_of(result.view, config.segments)
    kept, excluded = _chosen(segments, config.excluded)
    spans = strain.segment_spans(band, segments, layer, result.spacing_mm) if segments else []
    by_segment = dict(zip(segments, spans, strict=True))
    places = tuple(by_segment[segment] for segment in kept)
    return Wall(band, layer, kept, places, result.spacing_mm, excluded, gain)


def _chosen(
    segments: tuple[Segment, ...], names: tuple[str, ...]
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Return the segments that are kept and those that are left out."""
    known = [segment.name for segment in segments]
    strange = [name for name in names if name not in known]
    if strange:
        raise InputError(
            f"There is no segment {', '.join(strange)} to leave out. "
            + (f"Choose among {', '.join(known)}." if known else "Confirm the view first.")
        )
    if names and set(names) == set(known):
        raise InputError("Every segment was left out: keep at least one, or track the loop anew.")
    kept = tuple(segment for segment in segments if segment.name not in names)
    return kept, tuple(segment for segment in segments if segment.name in names)


def why_unnamed(result: TrackingResult) -> str | None:
    """Return why segments cannot be named, or None where they can."""
    if result.view is None:
        return "The view is not confirmed, so no segment has a name."
    if result.contours is not None and result.view.is_short_axis != result.contours.closed:
        return f"The contour does not fit the view {result.view}, so no segment has a name."
    if result.config.get("mirrored"):
        return "The image is mirrored, which swaps the walls; no segment is named."
    return None
