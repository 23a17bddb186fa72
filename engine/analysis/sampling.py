"""Reads a pull-back field between pixels, continued smoothly beyond its mask.

Material points of a wall lie on the mask's very border, where interpolation would reach for
values outside that mean nothing. Those are replaced by a local linear continuation of the
values inside, so that a rigid or uniformly strained field is read exactly there, too.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates, spline_filter

from engine.analysis.regions import bounding_box

_REACH: Final = 12
_SIGMAS: Final = (2.0, 5.0)
_SUPPORT: Final = 0.02
_RIDGE: Final = 1e-4
_ITERATIONS: Final = 40
_TOLERANCE_PX: Final = 1e-4


def extend_beyond_mask(
    displacement: NDArray[np.floating], mask: NDArray[np.bool_], reach: float = _REACH
) -> NDArray[np.float64]:
    """Continue a field from inside a mask to its surroundings, to first order.

    Args:
        displacement: ``(2, H, W)``, px.
        mask: ``(H, W)``: where it counts; at least one pixel.
        reach: Distance from the mask, px, to continue it to; beyond it stays zero.

    Returns:
        ``(2, H, W)`` float64; unchanged inside the mask.
    """
    inside = np.where(mask, displacement, 0.0).astype(np.float64)
    result = inside.copy()
    missing = ~mask & (distance_transform_edt(~mask) <= reach)
    for sigma in _SIGMAS:
        if not missing.any():
            return result
        fitted, support = _local_linear(inside, mask, sigma)
        chosen = missing & (support > _SUPPORT)
        result[:, chosen] = fitted[:, chosen]
        missing &= ~chosen
    if missing.any():
        nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
        rows, columns = nearest[:, missing]
        result[:, missing] = result[:, rows, columns]
    return result


def _local_linear(
    values: NDArray[np.float64], mask: NDArray[np.bool_], sigma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a plane around every pixel to the values in the mask, with Gaussian weights."""
    half = int(np.ceil(3.0 * sigma))
    offset = np.arange(-half, half + 1, dtype=np.float64)
    flat = np.exp(-0.5 * (offset / sigma) ** 2)
    flat /= flat.sum()
    kernels = (flat, flat * offset / sigma, flat * (offset / sigma) ** 2)

    def moment(image: NDArray[np.float64], x: int, y: int) -> NDArray[np.float64]:
        filtered = cv2.sepFilter2D(
            image, cv2.CV_64F, kernels[x], kernels[y], borderType=cv2.BORDER_CONSTANT
        )
        return np.asarray(filtered, dtype=np.float64)

    inside = mask.astype(np.float64)
    m00, m10, m01 = moment(inside, 0, 0), moment(inside, 1, 0), moment(inside, 0, 1)
    m20, m11, m02 = moment(inside, 2, 0), moment(inside, 1, 1), moment(inside, 0, 2)
    safe = np.maximum(m00, 1e-12)
    centre_x, centre_y = m10 / safe, m01 / safe
    ridge = _RIDGE * safe
    xx = m20 - m10 * centre_x + ridge
    yy = m02 - m01 * centre_y + ridge
    xy = m11 - m10 * centre_y
    determinant = np.maximum(xx * yy - xy * xy, 1e-30)
    fitted = np.empty_like(values)
    for index, value in enumerate(values):
        total, by_x, by_y = moment(value, 0, 0), moment(value, 1, 0), moment(value, 0, 1)
        mean = total / safe
        right_x, right_y = by_x - total * centre_x, by_y - total * centre_y
        slope_x = (yy * right_x - xy * right_y) / determinant
        slope_y = (xx * right_y - xy * right_x) / determinant
        fitted[index] = mean - slope_x * centre_x - slope_y * centre_y
    return fitted, m00


class FieldSampler:
    """One pull-back field, read between pixels by cubic splines.

    Args:
        displacement: ``(2, H, W)``, px.
        mask: ``(H, W)``: where it counts. An empty mask lets all of it count.
    """

    def __init__(self, displacement: NDArray[np.floating], mask: NDArray[np.bool_]) -> None:
        counted = mask if mask.any() else np.ones_like(mask)
        rows, columns = bounding_box(counted, _REACH)
        extended = extend_beyond_mask(displacement[:, rows, columns], counted[rows, columns])
        self._counted = counted[rows, columns]
        self._origin = np.array([columns.start, rows.start], dtype=np.float64)
        self._coefficients = [
            spline_filter(part, order=3, output=np.float32, mode="nearest") for part in extended
        ]

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the displacement at points ``(M, 2)`` (x, y), px, as ``(M, 2)``."""
        rows_columns = (points - self._origin).T[::-1]
        parts = [
            map_coordinates(
                part, rows_columns, np.float64, order=3, mode="nearest", prefilter=False
            )
            for part in self._coefficients
        ]
        return np.stack(parts, axis=1)

    def known(
        self, image: NDArray[np.floating], points: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Read an image ``(H, W)`` that counts in the mask at points ``(M, 2)`` (x, y), px.

        Beyond the mask the nearest pixel's value counts, less with the distance, and nothing where
        the field is not continued any more.
        """
        height, width = self._counted.shape
        columns, rows = np.rint(points - self._origin).astype(np.intp).T
        at = (np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
        apart, (to_rows, to_columns) = self._nearest
        left, top = self._origin.astype(np.intp)
        beyond = np.hypot(rows - at[0], columns - at[1]) + apart[at]
        nearest = image[to_rows[at] + top, to_columns[at] + left]
        return np.asarray(nearest * np.maximum(1.0 - beyond / _REACH, 0.0), dtype=np.float64)

    @cached_property
    def _nearest(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Distance to the mask's nearest pixel ``(h, w)``, px, and its row and column."""
        apart, pixel = distance_transform_edt(~self._counted, return_indices=True)
        return np.asarray(apart), np.asarray(pixel, dtype=np.intp)

    def back(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Carry points ``(M, 2)`` of frame k+1 back to frame k: ``p + u(p)``."""
        return points + self(points)

    def forth(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Carry points ``(M, 2)`` of frame k forth to frame k+1: solves ``q + u(q) = p``.

        Fixed-point steps, each shortened wherever it did not reduce the remainder, so that a
        folding field ends at its best place instead of jumping about.
        """
        start = np.asarray(points, dtype=np.float64)
        current = start - self(start)
        remainder = start - self.back(current)
        size = np.hypot(*remainder.T)
        pace = np.ones(len(start))
        for _ in range(_ITERATIONS):
            if np.all(size < _TOLERANCE_PX):
                break
            proposal = current + pace[:, None] * remainder
            new_remainder = start - self.back(proposal)
            new_size = np.hypot(*new_remainder.T)
            better = new_size < size
            current[better] = proposal[better]
            remainder[better] = new_remainder[better]
            size[better] = new_size[better]
            pace = np.where(better, pace, 0.5 * pace)
        return current


class LoopSampler:
    """The pull-back fields of a whole loop; each is prepared when first read.

    Args:
        displacement: ``(T-1, 2, H, W)``, px.
        mask: ``(T, H, W)``: where the fields count, by fixed frame.
    """

    def __init__(self, displacement: NDArray[np.floating], mask: NDArray[np.bool_]) -> None:
        self._displacement = displacement
        self._mask = mask
        self._ready: dict[int, FieldSampler] = {}

    def __len__(self) -> int:
        return len(self._displacement)

    def __getitem__(self, pair: int) -> FieldSampler:
        if pair not in self._ready:
            self._ready[pair] = FieldSampler(self._displacement[pair], self._mask[pair + 1])
        return self._ready[pair]
