"""Velocity from the pull-back displacement, and what is read from it by hand.

The pull-back ``u`` of pair k lives on frame k+1 and points to where the tissue was in frame k,
so the tissue moved by ``-u``. Measurements have x to the right and y up, while image rows run
down: ``vx = -ux sx / dt`` and ``vy = +uy sy / dt``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid
from scipy.ndimage import map_coordinates

from engine.errors import InputError
from engine.model.arrays import frozen_array

MM_PER_CM: Final = 10.0
CALIBRATED: Final = "cm/s"
UNCALIBRATED: Final = "px/frame"


@dataclass(frozen=True, eq=False)
class VelocityField:
    """Velocities of every pair of frames; those of pair k stand at frame k+1.

    Attributes:
        values: ``(T-1, 2, H, W)`` float32, components (x right, y up), in ``unit``.
        unit: ``cm/s``, or ``px/frame`` where spacing or times are unknown.
        pixel: Size of a pixel (x, y) in a common unit of length: cm with ``cm/s``; mm where only
            the spacing is known; 1 px where nothing is.
        metric: Factors (x, y) that turn the components into that common length per time.
    """

    values: NDArray[np.float32]
    unit: str
    pixel: tuple[float, float]
    metric: tuple[float, float]

    def __post_init__(self) -> None:
        values = frozen_array(self.values, "velocity", np.float32, (None, 2, None, None))
        object.__setattr__(self, "values", values)

    @property
    def rate_unit(self) -> str:
        """Unit of the spatial derivatives: ``1/s`` or ``1/frame``."""
        return "1/s" if self.unit == CALIBRATED else "1/frame"

    @property
    def pixel_area(self) -> float:
        """Area of a pixel, square of the common unit of length."""
        return self.pixel[0] * self.pixel[1]

    def speed(self) -> NDArray[np.float32]:
        """Return the speed, ``(T-1, H, W)`` float32, in ``unit``."""
        return np.hypot(self.values[:, 0], self.values[:, 1])


def velocity_field(
    displacement: ArrayLike,
    spacing_mm: tuple[float, float] | None,
    frame_times_s: ArrayLike | None,
) -> VelocityField:
    """Turn pull-back displacements into velocities.

    Args:
        displacement: ``(T-1, 2, H, W)``, pull-back, components (x, y), px.
        spacing_mm: Pixel spacing (x, y), mm; None if unknown.
        frame_times_s: Acquisition times ``(T,)``, s; None if unknown.

    Returns:
        Velocities in cm/s; in px/frame where the spacing or the times are unknown.

    Raises:
        InputError: If the shapes disagree or the times do not increase.
    """
    pull_back = np.asarray(displacement, dtype=np.float32)
    if pull_back.ndim != 4 or pull_back.shape[1] != 2:
        raise InputError(f"Displacements must be (T-1, 2, H, W), but are {pull_back.shape}.")
    signs = np.array([-1.0, 1.0], dtype=np.float32).reshape(1, 2, 1, 1)
    if spacing_mm is None or frame_times_s is None:
        scale = (1.0, 1.0) if spacing_mm is None else spacing_mm
        return VelocityField(pull_back * signs, UNCALIBRATED, scale, scale)
    intervals = np.diff(np.asarray(frame_times_s, dtype=np.float64))
    if intervals.shape != pull_back.shape[:1]:
        raise InputError(
            f"{len(pull_back)} fields need {len(pull_back) + 1} frame times, "
            f"but there are {len(intervals) + 1}."
        )
    if not np.all(intervals > 0):
        raise InputError("Frame times must increase from frame to frame.")
    spacing_cm = np.asarray(spacing_mm, dtype=np.float64) / MM_PER_CM
    factors = spacing_cm[None, :] / intervals[:, None]
    values = pull_back * (signs * factors[:, :, None, None].astype(np.float32))
    return VelocityField(
        values, CALIBRATED, (float(spacing_cm[0]), float(spacing_cm[1])), (1.0, 1.0)
    )


def velocity_at_point(field: VelocityField, point: tuple[float, float]) -> NDArray[np.float64]:
    """Return the velocity at a fixed place over time, ``(T-1, 2)``, by linear interpolation.

    Args:
        field: Velocities.
        point: (x, y), px.

    Raises:
        InputError: If the point lies outside the image.
    """
    return _sample(field, np.asarray([point], dtype=np.float64))[:, :, 0]


def profile_along_line(
    field: VelocityField,
    start: tuple[float, float],
    end: tuple[float, float],
    samples: int = 101,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the velocity along a straight line for every pair.

    Args:
        field: Velocities.
        start: (x, y) of the first point, px.
        end: (x, y) of the last point, px.
        samples: Number of points on the line.

    Returns:
        Distances from the start ``(samples,)`` in the field's unit of length, and velocities
        ``(T-1, 2, samples)`` in its unit.

    Raises:
        InputError: If the line leaves the image or has no length.
    """
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    length = float(np.hypot(*((last - first) * field.pixel)))
    if length == 0 or samples < 2:
        raise InputError("A profile needs a line of some length and at least two samples.")
    share = np.linspace(0.0, 1.0, samples)
    return share * length, _sample(field, first + share[:, None] * (last - first))


def flux_through_line(
    field: VelocityField,
    start: tuple[float, float],
    end: tuple[float, float],
    samples: int = 101,
) -> NDArray[np.float64]:
    """Return the flow through a line for every pair, per unit of depth.

    Flow counts as positive from the right-hand to the left-hand side of someone who walks on
    the screen from start to end (y up).

    Args:
        field: Velocities.
        start: (x, y) of the first point, px.
        end: (x, y) of the last point, px.
        samples: Number of points on the line.

    Returns:
        ``(T-1,)``, cm2/s (px2/frame where uncalibrated; mm2/frame where only times are unknown).
    """
    distance, velocity = profile_along_line(field, start, end, samples)
    along = (np.asarray(end, dtype=np.float64) - np.asarray(start)) * field.pixel * (1.0, -1.0)
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    metric = np.asarray(field.metric)[None, :, None]
    through = np.einsum("i,tis->ts", normal, velocity * metric)
    flux: NDArray[np.float64] = trapezoid(through, distance, axis=1)
    return flux


def _sample(field: VelocityField, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample at points ``(M, 2)`` (x, y) in px: ``(T-1, 2, M)``."""
    height, width = field.values.shape[2:]
    inside = (points >= 0) & (points <= (width - 1, height - 1))
    if not np.all(inside):
        raise InputError(f"The point or line leaves the image of {width} x {height} px.")
    rows_columns = points[:, ::-1].T
    return np.stack(
        [
            [map_coordinates(part, rows_columns, output=np.float64, order=1) for part in pair]
            for pair in field.values
        ]
    )
