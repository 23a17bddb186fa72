"""From scatterers to the complex echo: point spreads on the image's grid, or on the beams'.

Every model returns a complex amplitude whose envelope is that of the demodulated signal. Where
the density of unit scatterers is the model's, its mean power is 1.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.phantom.config import REFERENCE_DEPTH_MM, PhantomConfig, SpeckleModel
from engine.phantom.layout import Layout
from engine.phantom.motion import Points

DEVELOPED, DILUTE = 8.0, 1.0
"""Scatterers in a resolution cell."""
CARRIER = 1.5
"""Period of the carrier over the axial width of the point spread."""
Echo = NDArray[np.complex64]


class Imager(Protocol):
    """A way to form the echo.

    Attributes:
        density: Scatterers per px.
    """

    density: float

    def echo(self, points: Points, weights: Echo) -> Echo:
        """Return the complex echo, ``(H, W)``, of scatterers at ``(N, 2)`` px."""


def make_imager(config: PhantomConfig, layout: Layout) -> Imager:
    """Return the imager of a phantom's speckle model."""
    if config.speckle is SpeckleModel.SECTOR:
        return SectorImager(layout, config.speckle_px)
    dilute = config.speckle is SpeckleModel.SPARSE
    return CartesianImager(layout.size, config.speckle_px, DILUTE if dilute else DEVELOPED)


def density_of(in_cell: float, speckle_px: tuple[float, float]) -> float:
    """Return scatterers per px for a number of them in a resolution cell."""
    return in_cell / (2 * np.pi * speckle_px[0] * speckle_px[1])


class CartesianImager:
    """One Gaussian point spread for the whole image, wider across the beam (x) than along it.

    Args:
        size: (H, W), px.
        speckle_px: Width of the point spread (x, y), px.
        in_cell: Scatterers in a resolution cell.
    """

    def __init__(
        self, size: tuple[int, int], speckle_px: tuple[float, float], in_cell: float
    ) -> None:
        lateral, axial = speckle_px
        self.density = density_of(in_cell, speckle_px)
        self._size = size
        self._margin = int(np.ceil(3.5 * lateral))
        self._grid = tuple(fft.next_fast_len(side + 2 * self._margin) for side in size)
        gain = np.sqrt(4 * np.pi * lateral * axial / self.density)
        self._transfer = (gain * _gaussian_transfer(self._grid, axial, lateral)).astype(np.float32)

    def echo(self, points: Points, weights: Echo) -> Echo:
        """Return the complex echo, ``(H, W)``."""
        height, width = self._size
        start = self._margin
        grid = splat(points[:, ::-1] + start, weights, self._grid)
        spread = fft.ifft2(fft.fft2(grid, overwrite_x=True) * self._transfer, overwrite_x=True)
        echo: Echo = spread[start : start + height, start : start + width]
        return echo


class SectorImager:
    """Beams from the fan's tip: a Gabor pulse along them, a Gaussian of constant angle across.

    The scatterers' echoes are summed on the beams as the demodulated analytic signal (the same
    envelope as the Hilbert transform of the RF line) and converted to the image's grid.

    Args:
        layout: Of the view.
        speckle_px: Width of the point spread across the beam at half depth, and along it, px.
    """

    def __init__(self, layout: Layout, speckle_px: tuple[float, float]) -> None:
        self.density = density_of(DEVELOPED, speckle_px)
        self._layout = layout
        row_mm = layout.spacing_mm[1] / layout.scale
        self._sample_mm = 0.7 * speckle_px[1] * row_mm
        self._carrier = 2 * np.pi / (CARRIER * speckle_px[1] * row_mm)
        spread = speckle_px[0] * row_mm / (0.5 * REFERENCE_DEPTH_MM)
        self._beam = spread / 1.5
        self._first = -layout.half_angle - 4 * spread
        samples = int(np.ceil(REFERENCE_DEPTH_MM * 1.03 / self._sample_mm)) + 8
        beams = int(np.ceil(-2 * self._first / self._beam)) + 1
        self._grid = (fft.next_fast_len(samples), fft.next_fast_len(beams))
        axial = speckle_px[1] * row_mm / self._sample_mm
        self._transfer = _gaussian_transfer(self._grid, axial, 1.5).astype(np.float32)
        depth, angle = layout.polar(layout.grid())
        shape = layout.size
        self._rows = (depth / self._sample_mm).astype(np.float32).reshape(shape)
        self._columns = ((angle - self._first) / self._beam).astype(np.float32).reshape(shape)
        px_area = layout.spacing_mm[0] * layout.spacing_mm[1] / layout.scale**2
        cell = np.maximum(depth, 1.0) * self._sample_mm * self._beam / px_area
        power = self.density * cell / (4 * np.pi * axial * 1.5)
        self._gain = (1 / np.sqrt(power)).astype(np.float32).reshape(shape)

    def echo(self, points: Points, weights: Echo) -> Echo:
        """Return the complex echo, ``(H, W)``."""
        depth, angle = self._layout.polar(points)
        phase = np.exp(-1j * np.mod(self._carrier * depth, 2 * np.pi)).astype(np.complex64)
        at = np.stack([depth / self._sample_mm, (angle - self._first) / self._beam], axis=1)
        grid = splat(at, weights * phase, self._grid)
        beams = fft.ifft2(fft.fft2(grid, overwrite_x=True) * self._transfer, overwrite_x=True)
        parts = beams.view(np.float32).reshape(*self._grid, 2)
        image = cv2.remap(parts, self._columns, self._rows, cv2.INTER_LINEAR)
        echo: Echo = image.view(np.complex64)[..., 0] * self._gain
        return echo


def splat(at: Points, weights: Echo, shape: tuple[int, ...]) -> Echo:
    """Add weights at fractional places (row, column), bilinearly; those outside are left out."""
    rows, columns = shape
    inside = (at[:, 0] >= 0) & (at[:, 0] < rows - 1) & (at[:, 1] >= 0) & (at[:, 1] < columns - 1)
    at, weights = at[inside], weights[inside]
    corner = at.astype(np.int64)
    down, right = (at - corner).T
    first = corner[:, 0] * columns + corner[:, 1]
    grid = np.zeros((2, rows * columns))
    for offset, part in (
        (0, (1 - down) * (1 - right)),
        (1, (1 - down) * right),
        (columns, down * (1 - right)),
        (columns + 1, down * right),
    ):
        index = first + offset
        grid[0] += np.bincount(index, part * weights.real, rows * columns)
        grid[1] += np.bincount(index, part * weights.imag, rows * columns)
    total: Echo = (grid[0] + 1j * grid[1]).astype(np.complex64).reshape(shape)
    return total


def random_weights(count: int, rng: np.random.Generator) -> Echo:
    """Return complex amplitudes of unit size and random phase."""
    phase = rng.random(count, dtype=np.float32) * np.float32(2 * np.pi)
    weights: Echo = np.cos(phase) + np.complex64(1j) * np.sin(phase)
    return weights


def _gaussian_transfer(shape: tuple[int, ...], rows: float, columns: float) -> NDArray[np.float64]:
    """Return the transfer function of a Gaussian of unit sum; its widths in samples."""
    row, column = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None]
    transfer: NDArray[np.float64] = np.exp(
        -2 * np.pi**2 * ((rows * row) ** 2 + (columns * column) ** 2)
    )
    return transfer
