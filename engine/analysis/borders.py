"""The wall's borders as the contours of every frame show them, given to the tracked sheet.

Tracking smooths what differs across a wall, so the endocardium of the sheet moves in too little
and the wall thickens too little. Contours found in every frame jump and slide along the wall, but
they say how far its borders move in and out. One number a border, the motion along the normal
that is seen over that which is tracked, is fitted to the whole beat: it leaves the sheet's course
through time and its pattern along the wall as tracked, and no single frame's contour counts much.

A correction fades linearly towards the other border; the epicardial one acts on the outer half
alone, since the epicardium moves little in apical views and is seen less well. In a closed ring the
contours are not asked: all layers shorten alike out of the plane, and muscle keeps its volume, so
the layers share the area of the wall as at end-diastole (an affine motion keeps these shares, too).
Which form errs least on phantoms stands in ``docs/experiments.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.band import Band
from engine.masks import shape
from engine.model import Contours

_ALONG: Final = 61
_MARGIN: Final = 0.12
_AROUND, _ACROSS = 96, 25
_LEAST_AGREEMENT: Final = 0.5
_LARGEST_CHANGE: Final = 0.75
_LEAST_PLACES: Final = 100
_LEAST_MOTION_PX: Final = 0.5
_ROUNDS: Final = 5
_BIWEIGHT: Final = 4.685

# How a correction runs across the wall: factors of the powers of the place, -1 at the endocardium
# and 1 at the epicardium.
_TO_EPICARDIUM: Final = (0.5, -0.5)
_OUTER_HALF: Final = (0.0, 0.5, 0.5)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class BorderGain:
    """Motion along the normal since end-diastole: that of the contours over the tracked one.

    Attributes:
        endocardial: 1 where the contours tell nothing.
        epicardial: The same of the outer border.
    """

    endocardial: float = 1.0
    epicardial: float = 1.0

    @property
    def known(self) -> bool:
        """Whether the contours tell anything."""
        return self != BorderGain()


def follow_borders(band: Band, contours: Contours, last: int) -> tuple[Band, BorderGain]:
    """Give the sheet the in-and-out motion that the contours of every frame show.

    Nothing changes where there is one border only. Contours that do not move with the sheet (such
    as those of one frame, repeated), or ask for more than a correction, leave its borders as they
    are. A ring's layers share its area, whatever the contours tell.

    Args:
        band: The tracked sheet.
        contours: Curves of every frame.
        last: Last frame of the beat.

    Returns:
        The sheet, and by how much its borders' motion was changed.
    """
    if not band.has_layers or contours.epicardial is None:
        return band, BorderGain()
    if band.basis.closed:
        return _with_shared_area(band), BorderGain()
    frames = range(band.start, last + 1)
    gain = BorderGain(
        _gain(band, 0.0, contours.endocardial, frames),
        _gain(band, 1.0, contours.epicardial, frames),
    )
    inner = _moved(band, 0.0, gain.endocardial - 1.0, _TO_EPICARDIUM)
    return _moved(inner, 1.0, gain.epicardial - 1.0, _OUTER_HALF), gain


def _gain(band: Band, w: float, curves: NDArray[np.float32], frames: range) -> float:
    """Return a border's motion seen over the tracked one, fitted robustly to the whole beat."""
    paths = band.curve(w, _ALONG)
    normals = shape.normals(paths, closed=False)
    tracked = _normal_motion(paths, normals, band.start)
    across = band.curve(1.0 - w, _ALONG)[band.start] - paths[band.start]
    reach = float(np.hypot(*across.T).mean())
    apart = np.full((len(paths), _ALONG), np.nan)
    for frame in frames:
        polyline = np.asarray(curves[frame], dtype=np.float64)
        apart[frame] = _distances(paths[frame], normals[frame], polyline, reach)
    apart -= apart[band.start]
    s = np.linspace(0.0, 1.0, _ALONG)
    # The ends lie where the valve does, and slide.
    counted = np.isfinite(apart) & (s > _MARGIN) & (s < 1.0 - _MARGIN)
    if counted.sum() < _LEAST_PLACES:
        return 1.0
    found, missing = tracked[counted], apart[counted]
    seen = found + missing
    if np.sqrt(np.mean(found**2)) < _LEAST_MOTION_PX:
        return 1.0
    size = float(np.sqrt((found @ found) * (seen @ seen)))
    change = _robust_slope(found, missing)
    if found @ seen <= _LEAST_AGREEMENT * size or abs(change) > _LARGEST_CHANGE:
        return 1.0
    return 1.0 + change


def _robust_slope(x: Values, y: Values) -> float:
    """Return the slope of ``y = a x``, with Tukey's biweight."""
    weight = np.ones(len(x))
    slope = 0.0
    for _ in range(_ROUNDS):
        slope = float((weight * x) @ y) / max(float((weight * x) @ x), 1e-12)
        residual = y - slope * x
        scale = 1.4826 * float(np.median(np.abs(residual))) + 1e-6
        weight = np.clip(1.0 - (residual / (_BIWEIGHT * scale)) ** 2, 0.0, 1.0) ** 2
    return slope


def _normal_motion(paths: Values, normals: Values, start: int) -> Values:
    motion: Values = np.sum((paths - paths[start]) * normals, axis=2)
    return motion


def _distances(points: Values, normals: Values, polyline: Values, reach: float) -> Values:
    """Return the signed distance to a polyline along the normals, ``(S,)``; NaN beyond reach."""
    begin, side = polyline[:-1], np.diff(polyline, axis=0)
    arm = begin - points[:, None]
    across = normals[:, :1] * side[:, 1] - normals[:, 1:] * side[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (arm[..., 0] * side[:, 1] - arm[..., 1] * side[:, 0]) / across
        place = (arm[..., 0] * normals[:, 1:] - arm[..., 1] * normals[:, :1]) / across
    hit = (place >= 0.0) & (place <= 1.0) & (np.abs(distance) <= reach)
    size = np.where(hit, np.abs(distance), np.inf)
    nearest = np.argmin(size, axis=1)[:, None]
    chosen = np.take_along_axis(np.where(hit, distance, np.nan), nearest, axis=1)
    signed: Values = chosen[:, 0]
    return signed


def _moved(band: Band, w: float, change: float, across: tuple[float, ...]) -> Band:
    """Move a border by a share of its motion along the normal.

    Args:
        band: The sheet.
        w: Its border.
        change: Share of the tracked motion that is added.
        across: How the correction runs across the wall.
    """
    if change == 0.0:
        return band
    fitted = np.linalg.pinv(band.basis.along(np.linspace(0.0, 1.0, _ALONG)))
    factors = np.zeros(band.basis.degree + 1)
    factors[: len(across)] = across

    def moved(coefficients: Values) -> Values:
        paths = replace(band, coefficients=coefficients).curve(w, _ALONG)
        normals = shape.normals(paths, closed=False)
        motion = _normal_motion(paths, normals, band.start)
        added = fitted @ (change * motion[..., None] * normals)
        by_power = added[:, :, None, :] * factors[:, None]
        return np.asarray(coefficients + by_power.reshape(coefficients.shape))

    return replace(band, coefficients=moved(band.coefficients), raw=moved(band.raw))


def _with_shared_area(band: Band) -> Band:
    """Shift the layers of a ring so that they share the wall's area as at end-diastole."""
    s = np.repeat(np.arange(_AROUND) / _AROUND, _ACROSS)
    depths = np.linspace(0.0, 1.0, _ACROSS)
    design = band.basis.matrix(s, np.tile(depths, _AROUND))
    fitted = np.linalg.pinv(design)

    def shifted(coefficients: Values) -> Values:
        shares = _area_shares(design @ coefficients)
        result = coefficients.copy()
        for frame, share in enumerate(shares):
            pairs = zip(shares[band.start], share, strict=True)
            places = np.stack([np.interp(first, now, depths) for first, now in pairs])
            moved = band.basis.matrix(s, places.ravel()) @ coefficients[frame]
            result[frame] += fitted @ (moved - design @ coefficients[frame])
        return result

    return replace(band, coefficients=shifted(band.coefficients), raw=shifted(band.raw))


def _area_shares(points: Values) -> Values:
    """Return the share of the wall's area between endocardium and each depth.

    Args:
        points: ``(T, around * across, 2)``: the sheet on a grid.

    Returns:
        ``(T, around, across)``, from 0 to 1.
    """
    sheet = points.reshape(len(points), _AROUND, _ACROSS, 2)
    along = np.roll(sheet, -1, axis=1) - np.roll(sheet, 1, axis=1)
    across = np.gradient(sheet, axis=2)
    area = np.abs(along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0])
    steps = 0.5 * (area[..., 1:] + area[..., :-1])
    total = np.concatenate([np.zeros((*steps.shape[:2], 1)), np.cumsum(steps, axis=2)], axis=2)
    shares: Values = total / np.maximum(total[..., -1:], 1e-12)
    return shares
