"""Relative pressure of the blood from its velocity in one plane: a research value.

Navier-Stokes gives the pressure's slope, ``grad p = -rho (dv/dt + v . grad v) + mu lap v``. The
pressure whose differences between neighbouring pixels fit these slopes best (least squares)
solves Poisson's equation with Neumann's condition on the mask's border. Flow through the plane is
unknown, so the values hold in plane only, and only differences of pressure mean anything.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.sparse import coo_matrix, csr_matrix, diags_array
from scipy.sparse.linalg import spsolve

from engine.analysis.gradients import gradient

PASCAL_PER_MMHG: Final = 133.322


def pressure_gradient(
    velocity_m_s: NDArray[np.floating],
    acceleration_m_s2: NDArray[np.floating],
    mask: NDArray[np.bool_],
    pixel_m: tuple[float, float],
    *,
    density_kg_m3: float,
    viscosity_pa_s: float,
) -> NDArray[np.float64]:
    """Return the slope of the pressure, ``(2, H, W)``, Pa/m, (x right, y up).

    Args:
        velocity_m_s: ``(2, H, W)``, (x right, y up), m/s.
        acceleration_m_s2: dv/dt at fixed places, the same shape, m/s2.
        mask: ``(H, W)``.
        pixel_m: Size of a pixel (x, y), m.
        density_kg_m3: Density of the blood, kg/m3.
        viscosity_pa_s: Dynamic viscosity of the blood, Pa s.
    """
    slopes = [gradient(part, mask, pixel_m) for part in velocity_m_s]
    carried = [velocity_m_s[0] * slope[0] + velocity_m_s[1] * slope[1] for slope in slopes]
    second = [
        gradient(slope[0], mask, pixel_m)[0] + gradient(slope[1], mask, pixel_m)[1]
        for slope in slopes
    ]
    inertia = -density_kg_m3 * (acceleration_m_s2 + np.stack(carried))
    result: NDArray[np.float64] = inertia + viscosity_pa_s * np.stack(second)
    return result


def relative_pressure(
    slope_pa_m: NDArray[np.floating], mask: NDArray[np.bool_], pixel_m: tuple[float, float]
) -> NDArray[np.float64]:
    """Integrate a pressure's slope over a mask.

    Args:
        slope_pa_m: ``(2, H, W)``, (x right, y up), Pa/m.
        mask: ``(H, W)``.
        pixel_m: Size of a pixel (x, y), m.

    Returns:
        ``(H, W)`` mmHg, of mean zero in every connected piece; zero outside the mask.
    """
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(mask.sum())
    firsts, seconds, rises, weights = [], [], [], []
    for axis, (size, sense) in enumerate(((pixel_m[1], -1.0), (pixel_m[0], 1.0))):
        here = [slice(None), slice(None)]
        there = [slice(None), slice(None)]
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        first, second = number[tuple(here)], number[tuple(there)]
        joined = (first >= 0) & (second >= 0)
        component = slope_pa_m[1 - axis]
        mean = 0.5 * (component[tuple(here)] + component[tuple(there)])
        firsts.append(first[joined])
        seconds.append(second[joined])
        rises.append(sense * size * mean[joined])
        weights.append(np.full(int(joined.sum()), 1.0 / size**2))
    edges = np.concatenate(firsts), np.concatenate(seconds)
    rise, weight = np.concatenate(rises), np.concatenate(weights)
    solution = _solve(edges, rise, weight, mask)
    pressure = np.zeros(mask.shape)
    pressure[mask] = solution / PASCAL_PER_MMHG
    return pressure


def _solve(
    edges: tuple[NDArray[np.int_], NDArray[np.int_]],
    rise: NDArray[np.float64],
    weight: NDArray[np.float64],
    mask: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the values whose differences over the edges fit the rises best."""
    count, nodes = len(rise), int(mask.sum())
    rows = np.concatenate([np.arange(count), np.arange(count)])
    signs = np.concatenate([-np.ones(count), np.ones(count)])
    incidence = csr_matrix(coo_matrix((signs, (rows, np.concatenate(edges))), (count, nodes)))
    weighted = diags_array(weight) @ incidence
    laplacian = (incidence.T @ weighted).tocsc()
    # A value may be added to every piece; holding it lightly to zero makes the answer unique.
    held = 1e-9 * float(laplacian.diagonal().max())
    laplacian = (
        laplacian
        + held * coo_matrix((np.ones(nodes), (np.arange(nodes), np.arange(nodes)))).tocsc()
    )
    solution = np.asarray(spsolve(laplacian, weighted.T @ rise), dtype=np.float64)
    pieces = label(mask)[0][mask]
    means = np.bincount(pieces, solution) / np.maximum(np.bincount(pieces), 1)
    centred: NDArray[np.float64] = solution - means[pieces]
    return centred
