"""Strain of a tracked wall: lengths, thickness and rotation against end-diastole.

Definitions follow Voigt et al., Eur Heart J Cardiovasc Imaging 2015;16:1-11 (EACVI/ASE/Industry
task force): Lagrangian strain ``(L(t) - L0) / L0`` with L0 at end-diastole, shortening negative,
thickening positive. The strain of a view is that of the whole contour's length, never the mean of
its segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.band import Band
from engine.analysis.segments import Segment
from engine.masks.shape import signed_area

LAYERS: Final = {"endocardial": 0.0, "midwall": 0.5, "epicardial": 1.0}
WHOLE: Final = ((0.0, 1.0),)
LEAST_PEAK: Final = 0.01
"""Strain below which a peak is none: a wall that only lengthens passes zero by chance."""
_SAMPLES: Final = 721


def contour_lengths(
    band: Band,
    layer: str,
    spacing_mm: tuple[float, float] | None,
    regions: Sequence[Sequence[tuple[float, float]]],
    *,
    raw: bool = False,
) -> NDArray[np.float64]:
    """Return the length of parts of a layer in every frame.

    Args:
        band: The tracked wall.
        layer: Key of ``LAYERS``.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels.
        regions: Spans of each part: start and end in the band's coordinate s; closed contours may
            run past 0 or 1.
        raw: Whether to measure without the cycle closed.

    Returns:
        ``(T, len(regions))``, mm (px without spacing).
    """
    curve = band.curve(LAYERS[layer], _SAMPLES, raw=raw) * _pixel(spacing_mm)
    length = cumulative_length(curve)
    s = np.linspace(0.0, 1.0, _SAMPLES)
    return np.array(
        [
            [sum(_between(s, frame, start, end) for start, end in spans) for spans in regions]
            for frame in length
        ]
    )


def cumulative_length(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the length from the first point on, ``(T, S)``, of curves ``(T, S, 2)``."""
    steps = np.linalg.norm(np.diff(curve, axis=1), axis=2)
    return np.concatenate([np.zeros((len(curve), 1)), np.cumsum(steps, axis=1)], axis=1)


def _between(
    s: NDArray[np.float64], length: NDArray[np.float64], start: float, end: float
) -> float:
    def at(place: float) -> float:
        turns = np.floor(place) if not 0.0 <= place <= 1.0 else 0.0
        return float(turns * length[-1] + np.interp(place - turns, s, length))

    return at(end) - at(start)


def segment_spans(
    band: Band,
    segments: Sequence[Segment],
    layer: str,
    spacing_mm: tuple[float, float] | None,
) -> list[tuple[float, float]]:
    """Return where segments of equal end-diastolic length lie in the band's coordinate s.

    Apical contours are read from their left end on the image; closed ones clockwise on the screen
    from the direction that opens the anterior wall (120 degrees with six walls, 135 with four).
    """
    curve = band.curve(LAYERS[layer], _SAMPLES)[band.start]
    length = cumulative_length((curve * _pixel(spacing_mm))[None])[0]
    fraction = length / length[-1]
    s = np.linspace(0.0, 1.0, _SAMPLES)
    if not band.basis.closed:
        rightwards = curve[0, 0] <= curve[-1, 0]
        bounds = [(part.start, part.end) for part in segments]
        if not rightwards:
            bounds = [(1.0 - end, 1.0 - start) for start, end in bounds]
        return [
            (float(np.interp(a, fraction, s)), float(np.interp(b, fraction, s))) for a, b in bounds
        ]
    centre = curve[:-1].mean(axis=0)
    angle = np.deg2rad(120.0 if len(segments) == 6 else 135.0)
    ray = np.array([np.cos(angle), -np.sin(angle)])
    towards = (curve[:-1] - centre) @ ray / np.linalg.norm(curve[:-1] - centre, axis=1)
    first = float(fraction[int(np.argmax(towards))])
    # Image rows run down, so a positive shoelace area is clockwise on the screen.
    sense = 1.0 if signed_area(curve[:-1]) > 0 else -1.0
    spans = []
    for part in segments:
        ends = sorted((first + sense * part.start, first + sense * part.end))
        spans.append((_unwrapped(ends[0], fraction, s), _unwrapped(ends[1], fraction, s)))
    return spans


def _unwrapped(place: float, fraction: NDArray[np.float64], s: NDArray[np.float64]) -> float:
    turns = np.floor(place)
    return float(turns + np.interp(place - turns, fraction, s))


def within(s: NDArray[np.float64], spans: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Return which coordinates ``s`` lie in one of the spans, ``(M,)``; spans may pass 0 or 1."""
    inside = np.zeros(s.shape, dtype=np.bool_)
    for start, end in spans:
        for turn in (-1.0, 0.0, 1.0):
            inside |= (s + turn >= start) & (s + turn <= end)
    return inside


def thickness(
    band: Band,
    spacing_mm: tuple[float, float] | None,
    regions: Sequence[Sequence[tuple[float, float]]],
) -> NDArray[np.float64]:
    """Return the wall's mean thickness over regions in every frame, ``(T, len(regions))``, mm.

    Args:
        band: The tracked wall.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels.
        regions: Spans of each region in the band's coordinate s.
    """
    pixel = _pixel(spacing_mm)
    inner = band.curve(0.0, _SAMPLES) * pixel
    outer = band.curve(1.0, _SAMPLES) * pixel
    across = np.linalg.norm(outer - inner, axis=2)
    s = np.linspace(0.0, 1.0, _SAMPLES)
    return np.stack([across[:, within(s, spans)].mean(axis=1) for spans in regions], axis=1)


def rotation(
    band: Band,
    layer: str,
    spacing_mm: tuple[float, float] | None,
    spans: Sequence[tuple[float, float]] = WHOLE,
) -> NDArray[np.float64]:
    """Return a closed layer's mean rotation about the cavity's centroid since end-diastole.

    Args:
        band: Tracked short-axis wall.
        layer: Key of ``LAYERS``.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels.
        spans: Parts of the layer that count, in the band's coordinate s.

    Returns:
        ``(T,)`` degrees, counter-clockwise on the screen positive.
    """
    pixel = _pixel(spacing_mm)
    cavity = band.curve(0.0, _SAMPLES)[:, :-1] * pixel
    points = band.curve(LAYERS[layer], _SAMPLES)[:, :-1] * pixel
    arms = points - np.array([centroid(curve) for curve in cavity])[:, None]
    first = arms[band.start]
    # Rows run down: this cross product is positive counter-clockwise on the screen.
    cross = first[:, 1] * arms[..., 0] - first[:, 0] * arms[..., 1]
    dot = first[:, 0] * arms[..., 0] + first[:, 1] * arms[..., 1]
    counted = within(np.linspace(0.0, 1.0, _SAMPLES)[:-1], spans)
    turned: NDArray[np.float64] = np.degrees(np.arctan2(cross, dot))[:, counted].mean(axis=1)
    return turned


def centroid(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centroid (x, y) of the area within a closed curve ``(N, 2)``."""
    shifted = curve - curve.mean(axis=0)
    following = np.roll(shifted, -1, axis=0)
    cross = shifted[:, 0] * following[:, 1] - following[:, 0] * shifted[:, 1]
    moment = ((shifted + following) * cross[:, None]).sum(axis=0)
    middle: NDArray[np.float64] = curve.mean(axis=0) + moment / (3.0 * cross.sum())
    return middle


def lagrangian(values: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    """Return ``(L(t) - L0) / L0`` of lengths ``(T, ...)``; L0 at frame ``start``."""
    relative: NDArray[np.float64] = values / values[start] - 1.0
    return relative


def natural(strain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``ln(1 + S)`` of Lagrangian strain."""
    logarithm: NDArray[np.float64] = np.log1p(strain)
    return logarithm


def rates(
    values: NDArray[np.float64], times_s: NDArray[np.float64], start: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(dL/dt) / L0`` and ``(dL/dt) / L(t)``, 1/s, of lengths ``(T, ...)``.

    Second-order differences in time, for unequal intervals, too.
    """
    slope = np.gradient(values, times_s, axis=0, edge_order=2 if len(values) > 2 else 1)
    return slope / values[start], slope / values


@dataclass(frozen=True)
class StrainEvents:
    """Named values of one strain curve, as fractions (not %).

    Attributes:
        end_systolic: At end-systole.
        peak_systolic: Largest shortening (thickening) from end-diastole to end-systole.
        peak: Largest over the whole cycle.
        peak_index: Frame of ``peak``.
        post_systolic_index: ``(S_peak - S_ES) / S_peak`` where the peak comes after end-systole,
            else 0; above 1 where the segment is longer at end-systole than at end-diastole. None
            where it never shortens by ``LEAST_PEAK``: there is no peak to compare with.
    """

    end_systolic: float
    peak_systolic: float
    peak: float
    peak_index: int
    post_systolic_index: float | None


def strain_events(
    strain: NDArray[np.float64], start: int, end_systole: int, end: int, sign: float = -1.0
) -> StrainEvents:
    """Read the named values off a curve.

    Args:
        strain: ``(T,)`` Lagrangian.
        start: End-diastolic frame.
        end_systole: End-systolic frame.
        end: Last frame of the cycle.
        sign: -1 for shortening, 1 for thickening.
    """
    cycle = sign * strain[start : end + 1]
    peak_index = start + int(np.argmax(cycle))
    peak = float(strain[peak_index])
    at_end = float(strain[end_systole])
    index: float | None = None
    if sign * peak >= LEAST_PEAK:
        index = (peak - at_end) / peak if peak_index > end_systole else 0.0
    systole = sign * strain[start : end_systole + 1]
    return StrainEvents(
        end_systolic=at_end,
        peak_systolic=float(sign * systole.max()) + 0.0,
        peak=peak,
        peak_index=peak_index,
        post_systolic_index=index,
    )


def _pixel(spacing_mm: tuple[float, float] | None) -> NDArray[np.float64]:
    return np.asarray((1.0, 1.0) if spacing_mm is None else spacing_mm, dtype=np.float64)
