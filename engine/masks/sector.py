"""The ultrasound sector: what moves, in one piece, in the shape of a fan.

Text, scale bars and the ECG trace lie outside the fan or are thinner than tissue: an opening
removes them, the fan that fits best restores dark corners and blood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes
from scipy.optimize import minimize

from engine.errors import InputError
from engine.model import Cine

WORKING_SIZE: Final = 160
FULL_IMAGE: Final = 0.93
GOOD_FIT: Final = 0.88
FAINT: Final = 0.5
"""Change, grey levels, that counts where the usual floor leaves no fan."""
EVEN: Final = 0.02
"""Difference of the spacings that leaves pixels square."""
OBLONG: Final = 5.0
"""Ratio of the spacings beyond which they are not believed."""


@dataclass(frozen=True)
class Fan:
    """Geometry of a sector scan in image coordinates (x right, y down, px).

    Attributes:
        apex_px: Point (x, y) where the beams meet; may lie outside the image.
        angles_rad: Angles of the first and the last beam from "down" (from "up" in a flipped
            scan), positive to the right.
        depths_px: Distance of the first and the last sample from the apex, px.
        apex_down: Whether the beams run upwards: the probe is at the bottom of the image.
    """

    apex_px: tuple[float, float]
    angles_rad: tuple[float, float]
    depths_px: tuple[float, float]
    apex_down: bool = False

    def polar(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return depth (px) and beam angle (rad) of points given in px."""
        right = np.asarray(x, np.float64) - self.apex_px[0]
        along = np.asarray(y, np.float64) - self.apex_px[1]
        along = -along if self.apex_down else along
        return np.hypot(right, along), np.arctan2(right, along)

    def mask(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the pixels of a ``(H, W)`` image inside the fan."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
        depth, angle = self.polar(x, y)
        inside: NDArray[np.bool_] = (
            (depth >= self.depths_px[0])
            & (depth <= self.depths_px[1])
            & (angle >= self.angles_rad[0])
            & (angle <= self.angles_rad[1])
        )
        return inside

    def scaled(self, factor_x: float, factor_y: float) -> Fan:
        """Return the fan on a grid with that many more pixels (factors nearly equal)."""
        mean = float(np.sqrt(factor_x * factor_y))
        return Fan(
            (
                (self.apex_px[0] + 0.5) * factor_x - 0.5,
                (self.apex_px[1] + 0.5) * factor_y - 0.5,
            ),
            self.angles_rad,
            (self.depths_px[0] * mean, self.depths_px[1] * mean),
            self.apex_down,
        )


@dataclass(frozen=True, eq=False)
class Sector:
    """The sector of a loop.

    Attributes:
        mask: ``(H, W)`` bool.
        fan: Its geometry, or None where no fan fits (linear probe, full image); px of the picture
            with square pixels and as many rows.
        agreement: Overlap (intersection over union) of the fan and what moves, 0 to 1.
    """

    mask: NDArray[np.bool_]
    fan: Fan | None
    agreement: float


def pixel_aspect(cine: Cine) -> float:
    """Return how much wider than high a pixel is; 1 where the spacing is unknown.

    Hearts are looked for in their true proportions: some data sets store rows twice as dense as
    columns.
    """
    if cine.spacing_mm is None:
        return 1.0
    aspect = cine.spacing_mm[0] / cine.spacing_mm[1]
    believed = 1 / OBLONG <= aspect <= OBLONG and abs(aspect - 1) > EVEN
    return aspect if believed else 1.0


def find_sector(cine: Cine) -> NDArray[np.bool_]:
    """Return the pixels of the ultrasound sector, ``(H, W)`` bool.

    Raises:
        InputError: If the loop shows nothing at all.
    """
    return analyse_sector(cine).mask


def analyse_sector(cine: Cine) -> Sector:
    """Find the sector and its fan geometry.

    Args:
        cine: The loop; with one frame, brightness takes the place of change.

    Raises:
        InputError: If the loop shows nothing at all.
    """
    height, width = cine.shape[1:]
    # A fan is round in square pixels only.
    square = round(width * pixel_aspect(cine))
    factor = min(1.0, WORKING_SIZE / max(height, square))
    size = (max(8, round(square * factor)), max(8, round(height * factor)))
    change = _change(cine, size)
    box = np.ones(change.shape, np.bool_)
    if cine.region is not None:
        box = _box_mask(change.shape, cine.region, width, height)
    moving = _one_piece((change > _floor(change)) & box)
    if moving.mean() >= FULL_IMAGE:
        return Sector(np.ones((height, width), np.bool_), None, float(moving.mean()))
    fan, agreement = fit_fan(moving)
    if agreement < GOOD_FIT:
        # The rim of a dark loop changes by a grey level or two, where files are not compressed.
        faint = _one_piece((change > FAINT) & box)
        if faint.mean() < FULL_IMAGE:
            other, better = fit_fan(faint)
            if better > agreement:
                moving, fan, agreement = faint, other, better
    if agreement >= GOOD_FIT:
        fan = fan.scaled(square / size[0], height / size[1])
        mask = _stretched(fan.mask((height, square)), (height, width))
        if mask.mean() < FULL_IMAGE:
            return Sector(mask, fan, agreement)
        return Sector(np.ones((height, width), np.bool_), fan, agreement)
    return Sector(_stretched(moving, (height, width)), None, agreement)


def _stretched(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return a mask at another size, ``(H, W)``."""
    if mask.shape == shape:
        return mask
    enlarged = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return enlarged > 0.5


def _change(cine: Cine, size: tuple[int, int]) -> NDArray[np.float32]:
    """How much the pixels of a reduced image change over the loop (brightness of a still one)."""
    step = max(1, cine.shape[0] // 48)
    frames = np.stack(
        [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in cine.frames[::step]]
    ).astype(np.float32)
    change = np.ptp(frames, axis=0)
    if change.max() < 2:
        change = frames.max(axis=0)
    if change.max() <= 0:
        raise InputError("The loop is black: every pixel of every frame is 0.")
    return np.asarray(change, np.float32)


def _floor(change: NDArray[np.float32]) -> float:
    """Change above which a pixel counts: compression makes the background flicker a little."""
    return min(max(2.0, 0.03 * float(np.percentile(change, 99))), 0.5 * float(change.max()))


def _box_mask(
    shape: tuple[int, ...], box: tuple[int, int, int, int], width: int, height: int
) -> NDArray[np.bool_]:
    x = (np.arange(shape[1]) + 0.5) * width / shape[1]
    y = (np.arange(shape[0]) + 0.5) * height / shape[0]
    inside: NDArray[np.bool_] = ((y >= box[1]) & (y < box[3]))[:, None] & (
        (x >= box[0]) & (x < box[2])
    )
    return inside


def _one_piece(moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close dark blood, remove thin text and traces, keep the largest piece without holes."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    # Padding with the border's own values lets a sector that leaves the image stay whole.
    padded = np.pad(moving.astype(np.uint8), 8)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disk)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disk)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count < 2:
        return moving
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece: NDArray[np.bool_] = binary_fill_holes(labels == largest)[8:-8, 8:-8]
    return piece


def fit_fan(region: NDArray[np.bool_]) -> tuple[Fan, float]:
    """Fit a fan to a region, probe at the top or at the bottom, whichever overlaps more.

    A probe at the bottom is rare, so it must fit clearly better, by an upright fan with its apex
    below the region's middle: the shadowed side of a usual scan may look like a tilted one.

    Args:
        region: ``(H, W)`` bool, not empty.

    Returns:
        The fan and its intersection over union with the region.
    """
    up, up_score = _fit_fan_downwards(region)
    down, down_score = _fit_fan_downwards(region[::-1])
    columns = np.nonzero(region.any(0))[0]
    aside = abs(down.apex_px[0] - float(columns.mean())) / max(1.0, float(np.ptp(columns)))
    upright = aside < 0.2 and abs(sum(down.angles_rad)) < 0.35
    if upright and down_score > up_score + 0.03:
        flipped = (down.apex_px[0], region.shape[0] - 1 - down.apex_px[1])
        return Fan(flipped, down.angles_rad, down.depths_px, apex_down=True), down_score
    return up, up_score


def _fit_fan_downwards(region: NDArray[np.bool_]) -> tuple[Fan, float]:
    left, right = _side_lines(region)
    slope_gap = right[0] - left[0]
    # Sides that do not open downwards meet far away or below: start from a narrow fan instead.
    if slope_gap < 0.1:
        columns = np.nonzero(region.any(0))[0]
        middle, half = float(columns.mean()), float(np.ptp(columns)) / 2
        top = float(np.nonzero(region.any(1))[0][0])
        left, right = (-0.7, middle + 0.7 * top), (0.7, middle - 0.7 * top)
        slope_gap = 1.4 * max(half, 1) / max(half, 1)
    apex_y = (left[1] - right[1]) / slope_gap
    apex_x = left[0] * apex_y + left[1]
    y, x = np.nonzero(region)
    depth = np.hypot(x - apex_x, y - apex_y)
    start = np.array(
        [
            apex_x,
            apex_y,
            np.arctan(left[0]),
            np.arctan(right[0]),
            max(0.0, np.percentile(depth, 0.2)),
            np.percentile(depth, 99.8),
        ]
    )
    grid_y, grid_x = np.mgrid[: region.shape[0], : region.shape[1]].astype(np.float64)
    weight = region.astype(np.float64)

    def loss(parameters: NDArray[np.float64]) -> float:
        soft = _soft_fan(parameters, grid_x, grid_y)
        common = float((soft * weight).sum())
        return 1 - common / (float(soft.sum() + weight.sum()) - common + 1e-9)

    scale = np.array([4, 4, 0.06, 0.06, 3, 3])
    simplex = np.vstack([start, start + np.diag(scale)])
    best = minimize(
        loss,
        start,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "maxiter": 350, "xatol": 0.02, "fatol": 1e-4},
    )
    values = [float(value) for value in best.x]
    fan = Fan((values[0], values[1]), (values[2], values[3]), (max(0.0, values[4]), values[5]))
    return fan, 1 - float(best.fun)


def _side_lines(
    region: NDArray[np.bool_],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Robust lines ``x = slope y + offset`` through the left and right edge of a region."""
    rows = np.nonzero(region.any(1))[0]
    first = region.argmax(1)[rows].astype(np.float64)
    last = region.shape[1] - 1 - region[:, ::-1].argmax(1)[rows].astype(np.float64)
    return _widening_line(rows, first, -1.0), _widening_line(rows, last, 1.0)


def _widening_line(
    rows: NDArray[np.int64], edge: NDArray[np.float64], side: float
) -> tuple[float, float]:
    """Line that touches the edge from outside over the rows in which the fan widens."""
    outermost = int(np.argmax(side * edge))
    rows, edge = rows[: outermost + 1].astype(np.float64), edge[: outermost + 1]
    if len(rows) < 4:
        return 0.0, float(edge.mean())
    keep = np.ones(len(rows), np.bool_)
    slope, offset = 0.0, 0.0
    for _ in range(8):
        slope, offset = np.polyfit(rows[keep], edge[keep], 1)
        residual = side * (edge - slope * rows - offset)
        spread = max(1.0, 1.5 * float(np.median(np.abs(residual[keep]))))
        keep = np.abs(residual) <= 2 * spread
        if keep.sum() < 4:
            break
    return float(slope), float(offset)


def _soft_fan(
    parameters: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fan with edges one pixel soft, so that its overlap has a slope to descend."""
    apex_x, apex_y, first, last, near, far = parameters
    right, down = x - apex_x, y - apex_y
    depth = np.hypot(right, down)
    inside = np.minimum(depth - near, far - depth)
    # Signed distances from the two sides.
    np.minimum(inside, right * np.cos(first) - down * np.sin(first), out=inside)
    np.minimum(inside, down * np.sin(last) - right * np.cos(last), out=inside)
    return np.asarray(np.clip(inside + 0.5, 0, 1), np.float64)
