"""Gamma1 and Gamma2: how much the neighbourhood of a point circles about it.

Graftieaux, Michard and Grosjean, Meas Sci Technol 2001;12:1422-1429: the mean sine of the angle
between the line to a neighbour and the neighbour's velocity (Gamma1), and the same with the
neighbourhood's mean velocity taken off (Gamma2), which no uniform stream changes. |Gamma1| > 0.9
marks a core, |Gamma2| > 2/pi a place where rotation outweighs shear. Both are evaluated on a
strided grid: they are averages and vary slowly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

CORE_THRESHOLD: Final = 0.9
BOUNDARY_THRESHOLD: Final = 2.0 / np.pi
_NODES_PER_RADIUS: Final = 4
_LEAST_SUPPORT: Final = 0.6


@dataclass(frozen=True, eq=False)
class GammaField:
    """Gamma1 and Gamma2 at every pixel, counter-clockwise positive, zero outside the mask.

    Attributes:
        gamma1: ``(H, W)`` float64, -1 to 1.
        gamma2: ``(H, W)`` float64, -1 to 1.
    """

    gamma1: NDArray[np.float64]
    gamma2: NDArray[np.float64]


def gamma_field(
    velocity: NDArray[np.floating],
    mask: NDArray[np.bool_],
    pixel: tuple[float, float],
    radius_px: float,
) -> GammaField:
    """Evaluate Gamma1 and Gamma2 with a disk as neighbourhood.

    Args:
        velocity: ``(2, H, W)``, (x right, y up), in one unit of length per time.
        mask: ``(H, W)``: where it counts. Places whose disk lies to less than 60 % in the mask
            get zero, because a one-sided neighbourhood feigns rotation.
        pixel: Size of a pixel (x, y) in one unit of length.
        radius_px: Radius of the disk, px along the finer axis.
    """
    stride = max(1, round(radius_px / _NODES_PER_RADIUS))
    nodes, inside = _strided(velocity, mask, stride)
    step = (pixel[0] * stride, pixel[1] * stride)
    offsets = _disk(radius_px * min(pixel), step)
    coarse = _gammas(nodes, inside, offsets, step)
    height, width = mask.shape
    full = [_enlarge(part, stride, (height, width)) * mask for part in coarse]
    return GammaField(*full)


def _strided(
    velocity: NDArray[np.floating], mask: NDArray[np.bool_], stride: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return masked box means at every stride-th pixel, and 1 where the node lies in the mask."""
    # An even box has no middle pixel and would shift every vortex by half a pixel.
    box = (stride | 1, stride | 1)
    weight = cv2.boxFilter(mask.astype(np.float32), -1, box)
    nodes = []
    for part in velocity:
        total = cv2.boxFilter(np.where(mask, part, 0.0).astype(np.float32), -1, box)
        nodes.append((total / np.maximum(weight, 1e-6))[::stride, ::stride])
    inside = mask[::stride, ::stride].astype(np.float32)
    return (np.stack(nodes) * inside).astype(np.float32), inside


def _disk(radius: float, step: tuple[float, float]) -> list[tuple[int, int]]:
    """Return the (row, column) offsets of the nodes in a disk, the centre left out."""
    reach_x, reach_y = int(radius / step[0]), int(radius / step[1])
    return [
        (row, column)
        for row in range(-reach_y, reach_y + 1)
        for column in range(-reach_x, reach_x + 1)
        if 0 < (column * step[0]) ** 2 + (row * step[1]) ** 2 <= radius**2 * (1 + 1e-9)
    ]


def _gammas(
    nodes: NDArray[np.float32],
    inside: NDArray[np.float32],
    offsets: list[tuple[int, int]],
    step: tuple[float, float],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sum over the neighbours of every node.

    Gamma1 is a plain convolution of the unit velocities; Gamma2 is not, because the mean taken
    off differs from node to node.
    """
    rows, columns = np.array(offsets).T
    reach_y, reach_x = int(np.abs(rows).max()), int(np.abs(columns).max())
    disk, arm_x, arm_y = np.zeros((3, 2 * reach_y + 1, 2 * reach_x + 1), dtype=np.float32)
    place = (rows + reach_y, columns + reach_x)
    length = np.hypot(columns * step[0], rows * step[1])
    disk[place] = 1.0
    arm_x[place], arm_y[place] = columns * step[0] / length, -rows * step[1] / length

    def correlate(image: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
        total = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(total, dtype=np.float32)

    count = correlate(inside, disk)
    mean = [(correlate(part, disk) + part) / np.maximum(count + 1.0, 1.0) for part in nodes]
    unit = nodes / np.maximum(np.hypot(nodes[0], nodes[1]), 1e-12)
    first = correlate(unit[1], arm_x) - correlate(unit[0], arm_y)
    second = np.zeros_like(first)
    pad = ((reach_y, reach_y), (reach_x, reach_x))
    flow_x, flow_y, present = (np.pad(part, pad) for part in (nodes[0], nodes[1], inside))
    height, width = inside.shape
    for row, column in zip(*place, strict=True):
        window = (slice(row, row + height), slice(column, column + width))
        u, v = flow_x[window] - mean[0], flow_y[window] - mean[1]
        turning = arm_x[row, column] * v - arm_y[row, column] * u
        second += present[window] * turning / np.sqrt(u * u + v * v + 1e-20)
    enough = (inside > 0) & (count >= _LEAST_SUPPORT * len(offsets))
    neighbours = np.maximum(count, 1.0)
    return np.where(enough, first / neighbours, 0.0), np.where(enough, second / neighbours, 0.0)


def _enlarge(
    coarse: NDArray[np.float32], stride: int, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Interpolate values of every stride-th pixel to all pixels."""
    if stride == 1:
        return coarse.astype(np.float64)
    rows, columns = np.indices(shape, dtype=np.float32) / stride
    enlarged = cv2.remap(coarse, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(enlarged, dtype=np.float64)
