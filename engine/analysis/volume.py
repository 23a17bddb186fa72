"""Cavity area, volume by the method of disks, and ejection fraction.

Method of disks (modified Simpson): the long axis from the middle of the mitral plane to the apex
is cut into 20 disks of equal height; single plane ``(pi/4) sum a_i^2 L/20``, biplane
``(pi/4) sum a_i b_i L/20`` with the longer of both lengths (Lang et al., J Am Soc Echocardiogr
2015;28:1-39; the rule is discussed in Ultrasound Med Biol 2022, doi
10.1016/j.ultrasmedbio.2022.07.013).

The mitral plane may be tilted against the axis. It goes through the axis at height zero, so what
it takes from one half of the disks above it gives to the other half below: the solid holds as much
as one that is cut straight there. A disk is therefore whole, from wall to wall, where the straight
line between both annulus points would cut it short.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.long_axis import axis_of_contour
from engine.errors import InputError
from engine.masks.contour import areas

DISKS: Final = 20
LENGTH_TOLERANCE: Final = 0.10
_MM3_PER_ML: Final = 1000.0


def cavity_area(endocardial: NDArray[np.floating], spacing_mm: tuple[float, float] | None) -> float:
    """Return the area within a contour ``(N, 2)``, closed by a straight line, mm2 (px2)."""
    pixel = (1.0, 1.0) if spacing_mm is None else spacing_mm
    return float(areas(np.asarray(endocardial, dtype=np.float64))) * pixel[0] * pixel[1]


def disk_diameters(
    endocardial: NDArray[np.floating], spacing_mm: tuple[float, float] | None, disks: int = DISKS
) -> tuple[NDArray[np.float64], float]:
    """Return the diameters of the disks, mitral plane to apex, and the axis length, mm.

    Args:
        endocardial: ``(N, 2)``, (x, y), px, from annulus through apex to annulus.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels and answers in px.
        disks: Number of disks.

    Returns:
        ``(disks,)``, each from wall to wall across the axis, and the length.
    """
    axis = axis_of_contour(endocardial, spacing_mm)
    pixel = np.asarray((1.0, 1.0) if spacing_mm is None else spacing_mm)
    points = np.asarray(endocardial, dtype=np.float64) * pixel
    along, across = axis.along(points), axis.across(points)
    # The side whose end lies higher goes on straight down to the height of the axis' begin.
    along = np.concatenate([[min(along[0], 0.0)], along, [min(along[-1], 0.0)]])
    across = np.concatenate([across[:1], across, across[-1:]])
    heights = (np.arange(disks) + 0.5) * axis.length / disks
    diameters = np.zeros(disks)
    for index, height in enumerate(heights):
        above = along > height
        cut = np.flatnonzero(above[1:] != above[:-1])
        if len(cut) < 2:
            continue
        share = (height - along[cut]) / (along[cut + 1] - along[cut])
        places = across[cut] + share * (across[cut + 1] - across[cut])
        diameters[index] = np.ptp(places)
    return diameters, axis.length


def single_plane_volume(
    endocardial: NDArray[np.floating], spacing_mm: tuple[float, float] | None
) -> float:
    """Return the volume by the single-plane method of disks, mL (px3 without spacing)."""
    diameters, length = disk_diameters(endocardial, spacing_mm)
    cubic = float(np.pi / 4.0 * np.sum(diameters**2) * length / DISKS)
    return cubic if spacing_mm is None else cubic / _MM3_PER_ML


def biplane_volume(
    first: NDArray[np.floating],
    first_spacing_mm: tuple[float, float],
    second: NDArray[np.floating],
    second_spacing_mm: tuple[float, float],
) -> tuple[float, float]:
    """Return the volume by the biplane method of disks and how far both lengths differ.

    Args:
        first: Endocardial contour of one apical view, ``(N, 2)``, px.
        first_spacing_mm: Its spacing (x, y), mm.
        second: Contour of the orthogonal view.
        second_spacing_mm: Its spacing.

    Returns:
        mL, and the difference of the axis lengths as a fraction of the longer one; more than
        ``LENGTH_TOLERANCE`` makes foreshortening of one view likely.
    """
    a, length_a = disk_diameters(first, first_spacing_mm)
    b, length_b = disk_diameters(second, second_spacing_mm)
    longer = max(length_a, length_b)
    volume = np.pi / 4.0 * np.sum(a * b) * longer / DISKS / _MM3_PER_ML
    return float(volume), abs(length_a - length_b) / longer


def ejection_fraction(end_diastolic: float, end_systolic: float) -> float:
    """Return ``(EDV - ESV) / EDV`` as a fraction.

    Raises:
        InputError: If the end-diastolic volume is not positive.
    """
    if not end_diastolic > 0:
        raise InputError("The end-diastolic volume is zero: check the contour at end-diastole.")
    return (end_diastolic - end_systolic) / end_diastolic
