"""The shapes that an error common to all pairs may have, and how large each is expected to be.

What a pair misses of a wall is above all how the motion changes across it: the wall is thin, and a
smooth estimate takes its two edges for one. Across the wall, a place is told by its distance from
the wall's middle nearby, which any mask yields. Besides come smooth errors of every length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from engine.registration.quality import mean_thickness
from engine.registration.splines import cubic_splines

ACROSS: Final = 0.02
"""Expected error of the change across the whole wall, relative to the motion."""
ACROSS_REGIONAL: Final = 0.03
"""The same of its change along the wall."""
ALONG: Final = 0.03
"""Expected error of half a wall's length, relative to the motion."""
LOCAL: Final = 0.1
"""Expected error of a coefficient of the finest shapes, relative to the motion."""

_COARSE_CELLS, _REGIONAL_CELLS, _FINE_CELLS = 2, 5, 8
"""Cells of the spline grids along the longer side of the box."""
_NEARBY = 0.45
"""Deviation of the Gaussian that finds the wall's middle nearby, thicknesses of the wall."""
_LIMIT_PERCENT = 99.0
"""Outside the mask a place is no farther from the middle than this percentile of those inside."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Scalar shapes over a box; each serves both components of a displacement.

    Attributes:
        groups: Shapes that share factor and spline grid.
        expected: Expected size of every shape's coefficient relative to the motion, ``(J,)``.
    """

    groups: tuple[_Group, ...]
    expected: Tensor

    @classmethod
    def within(cls, inside: Tensor) -> Shapes:
        """Return the shapes for a mask.

        Args:
            inside: ``(H, W)`` bool, at least one pixel.
        """
        size = (int(inside.shape[0]), int(inside.shape[1]))
        whole = (torch.ones(size[0], 1), torch.ones(size[1], 1))
        coarse, regional, fine = (
            _spline_grid(size, cells) for cells in (_COARSE_CELLS, _REGIONAL_CELLS, _FINE_CELLS)
        )
        across = torch.from_numpy(_across(inside.numpy()))
        plan = [(part, whole, ACROSS) for part in across]
        plan += [(part, regional, ACROSS_REGIONAL) for part in across]
        everywhere = torch.ones(size)
        plan += [(everywhere, coarse, ALONG), (everywhere, fine, LOCAL)]
        groups = tuple(_Group(factor, *grid) for factor, grid, _ in plan)
        sizes = [
            torch.full((group.count,), expected)
            for group, (*_, expected) in zip(groups, plan, strict=True)
        ]
        return cls(groups, torch.cat(sizes).double())

    def at(self, places: Tensor) -> Tensor:
        """Return every shape's value at whole-pixel places.

        Args:
            places: (x, y) ``(2, P)``, px.

        Returns:
            ``(P, J)``.
        """
        x, y = places.long()
        return torch.cat([group.at(x, y) for group in self.groups], dim=1)

    def field(self, coefficients: Tensor) -> Tensor:
        """Return the vector field of coefficients.

        Args:
            coefficients: ``(2, J)``, px.

        Returns:
            ``(2, H, W)``, px.
        """
        counts = [group.count for group in self.groups]
        parts = torch.split(coefficients.float(), counts, dim=1)
        fields = [group.field(part) for group, part in zip(self.groups, parts, strict=True)]
        return torch.stack(fields).sum(0)


@dataclass(frozen=True, eq=False)
class _Group:
    """One factor ``(H, W)`` times the products of splines over rows and columns."""

    factor: Tensor
    rows: Tensor
    columns: Tensor

    @property
    def count(self) -> int:
        """Number of shapes."""
        return self.rows.shape[1] * self.columns.shape[1]

    def at(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the shapes' values at pixels, ``(P, count)``."""
        products = self.rows[y][:, :, None] * self.columns[x][:, None, :]
        return products.flatten(1) * self.factor[y, x][:, None]

    def field(self, coefficients: Tensor) -> Tensor:
        """Return the field ``(2, H, W)`` of coefficients ``(2, count)``."""
        weights = coefficients.view(2, self.rows.shape[1], self.columns.shape[1])
        field: Tensor = self.factor * (self.rows @ weights @ self.columns.T)
        return field


def _across(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the way (x, y) from the mask's middle nearby, ``(2, H, W)``; 1 inside, on average."""
    mask = inside.astype(np.float32)
    spread = _NEARBY * mean_thickness(inside)
    share = ndimage.gaussian_filter(mask, spread) + 1e-4
    rows, columns = np.indices(inside.shape, dtype=np.float32)
    way = np.stack(
        [at - ndimage.gaussian_filter(mask * at, spread) / share for at in (columns, rows)]
    )
    length = np.hypot(way[0], way[1])
    largest = float(np.percentile(length[inside], _LIMIT_PERCENT))
    way *= np.minimum(1.0, largest / np.maximum(length, 1e-6))
    size = np.sqrt(np.square(way[:, inside]).sum(0).mean() / 2)
    return np.asarray(way / max(float(size), 1e-6), dtype=np.float32)


def _spline_grid(size: tuple[int, int], cells: int) -> tuple[Tensor, Tensor]:
    """Return cubic B-splines over the rows ``(H, splines)`` and the columns ``(W, splines)``."""
    spacing = max(size) / cells
    return _cubic_basis(size[0], spacing), _cubic_basis(size[1], spacing)


def _cubic_basis(length: int, spacing: float) -> Tensor:
    """Return the uniform cubic B-splines at every pixel, ``(length, splines)``."""
    splines, values = cubic_splines(np.arange(length) / spacing)
    basis = np.zeros((length, int(splines.max()) + 1), dtype=np.float32)
    np.put_along_axis(basis, splines, values, axis=1)
    return torch.from_numpy(basis)
