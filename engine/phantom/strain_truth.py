"""The strain that a phantom knows of its own contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phantom.motion import Points

Values = NDArray[np.float64]
SEGMENTS = 6


@dataclass(frozen=True, eq=False)
class StrainTruth:
    """Lagrangian strain of material curves against frame 0, %.

    Segments have equal length at frame 0, in the order of the contour (apical: from the left
    annulus to the right; short axis: from the right, counter-clockwise on the screen). Along the
    wall means longitudinal in apical views and circumferential in the short axis.

    Attributes:
        endocardial: Along the wall, ``(T,)``.
        midwall: Along the wall, ``(T,)``.
        epicardial: Along the wall, ``(T,)``.
        segments: Along the midwall, ``(T, 6)``.
        radial: Thickening: distance of material pairs of both contours, mean, ``(T,)``.
        radial_segments: The same by segment, ``(T, 6)``.
        twist: Rotation of the midwall about its centre, degree, counter-clockwise on the screen,
            ``(T,)``; None for open contours.
    """

    endocardial: Values
    midwall: Values
    epicardial: Values
    segments: Values
    radial: Values
    radial_segments: Values
    twist: Values | None


def strain_truth(
    endocardial: Points,
    midwall: Points,
    epicardial: Points,
    spacing_mm: tuple[float, float],
    closed: bool,
) -> StrainTruth:
    """Measure strain of moving material curves.

    Args:
        endocardial: ``(T, N, 2)``, px, points of equal spacing at frame 0.
        midwall: The same for the middle of the wall.
        epicardial: The same for the epicardium.
        spacing_mm: (x, y), mm.
        closed: Whether the last point is joined to the first.
    """
    inner, middle, outer = (
        curve * np.asarray(spacing_mm) for curve in (endocardial, midwall, epicardial)
    )
    segments = _by_segment(_steps(middle, closed)).sum(axis=-1)
    thickness = np.linalg.norm(outer - inner, axis=-1)
    if not closed:
        # A point between two intervals belongs to both; mid-interval values divide evenly.
        thickness = 0.5 * (thickness[:, 1:] + thickness[:, :-1])
    return StrainTruth(
        endocardial=_strain(_steps(inner, closed).sum(axis=1)),
        midwall=_strain(_steps(middle, closed).sum(axis=1)),
        epicardial=_strain(_steps(outer, closed).sum(axis=1)),
        segments=_strain(segments),
        radial=_strain(thickness.mean(axis=1)),
        radial_segments=_strain(_by_segment(thickness).mean(axis=-1)),
        twist=_twist(middle) if closed else None,
    )


def _steps(curve: Values, closed: bool) -> Values:
    if closed:
        curve = np.concatenate([curve, curve[:, :1]], axis=1)
    lengths: Values = np.linalg.norm(np.diff(curve, axis=1), axis=-1)
    return lengths


def _by_segment(values: Values) -> Values:
    return values.reshape(len(values), SEGMENTS, -1)


def _strain(length: Values) -> Values:
    strain: Values = 100 * (length / length[0] - 1)
    return strain


def _twist(curve: Values) -> Values:
    arms = curve - curve.mean(axis=1, keepdims=True)
    # y points down: the sign makes counter-clockwise on the screen positive.
    spin = -(arms[0, :, 0] * arms[..., 1] - arms[0, :, 1] * arms[..., 0]).sum(axis=1)
    twist: Values = np.rad2deg(np.arctan2(spin, (arms[0] * arms).sum(axis=(1, 2))))
    return twist
