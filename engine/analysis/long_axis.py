"""Long axis of the left ventricle: from its contour, else from the mask's principal axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model import TrackingResult


@dataclass(frozen=True, eq=False)
class LongAxis:
    """Where the ventricle begins and ends in one frame.

    Attributes:
        base: Middle of the mitral plane (x, y), mm (px without spacing), y down.
        apex: The same of the apex.
        width: Largest extent across the axis, mm.
        origin: What it was found from, for the reader.
    """

    base: NDArray[np.float64]
    apex: NDArray[np.float64]
    width: float
    origin: str

    @property
    def length(self) -> float:
        """Distance from mitral plane to apex, mm."""
        return float(np.hypot(*(self.apex - self.base)))

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector from base to apex."""
        return (self.apex - self.base) / self.length

    def along(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance from the mitral plane towards the apex of points ``(M, 2)``, mm."""
        distance: NDArray[np.float64] = (points - self.base) @ self.direction
        return distance

    def across(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the signed distance from the axis of points ``(M, 2)``, mm."""
        normal = np.array([-self.direction[1], self.direction[0]])
        distance: NDArray[np.float64] = (points - self.base) @ normal
        return distance


def axis_of_frame(result: TrackingResult, frame: int) -> LongAxis | None:
    """Return the axis of an open contour in a frame of the loop, else of the mask there.

    Returns:
        The axis; None where there is no contour and the mask is too small.
    """
    if result.contours is not None and not result.contours.closed:
        return axis_of_contour(result.contours.endocardial[frame], result.spacing_mm)
    return axis_of_mask(result.mask[frame], result.spacing_mm)


def axis_of_contour(
    endocardial: NDArray[np.floating], spacing_mm: tuple[float, float] | None
) -> LongAxis:
    """Return the axis of an open contour, from annulus point through apex to annulus point.

    The base is the middle between the annulus points, the apex the point farthest from it.

    Args:
        endocardial: ``(N, 2)``, (x, y), px.
        spacing_mm: Pixel spacing (x, y), mm; None takes square pixels.

    Raises:
        InputError: If the contour is a single point.
    """
    points = np.asarray(endocardial, dtype=np.float64) * _pixel(spacing_mm)
    base = 0.5 * (points[0] + points[-1])
    distance = np.hypot(*(points - base).T)
    apex = points[int(np.argmax(distance))]
    if not distance.max() > 0:
        raise InputError("The contour is a single point; draw it from annulus to annulus.")
    axis = LongAxis(base, apex, 0.0, "contour")
    return LongAxis(base, apex, float(np.ptp(axis.across(points))), "contour")


def axis_of_mask(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float] | None
) -> LongAxis | None:
    """Return the principal axis of a mask ``(H, W)``, its lower end on the image as base.

    Returns:
        The axis; None if the mask holds fewer than three pixels.
    """
    rows, columns = np.nonzero(mask)
    if len(rows) < 3:
        return None
    pixel = _pixel(spacing_mm)
    points = np.stack([columns, rows], axis=1) * pixel
    centre = points.mean(axis=0)
    direction = np.linalg.eigh(np.cov((points - centre).T)).eigenvectors[:, -1]
    upwards = direction if direction[1] < 0 else -direction
    along = (points - centre) @ upwards
    base, apex = centre + upwards * along.min(), centre + upwards * along.max()
    normal = np.array([-upwards[1], upwards[0]])
    width = float(np.ptp((points - centre) @ normal) + pixel.mean())
    return LongAxis(base, apex, width, "mask's principal axis, its lower end taken as base")


def _pixel(spacing_mm: tuple[float, float] | None) -> NDArray[np.float64]:
    return np.asarray((1.0, 1.0) if spacing_mm is None else spacing_mm, dtype=np.float64)
