"""Errors of a displacement field against the true one, and consistency without a truth.

Displacements are pull-backs ``(P, 2, H, W)``, components (x, y), px; masks ``(P, H, W)`` lie on
the fixed frames. All means are pooled over the pairs and the masks' pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float32]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class EndpointError:
    """Length of the difference to the true displacement, px."""

    mean: float
    p95: float


@dataclass(frozen=True)
class DerivativeError:
    """Root mean square errors of one frame's derivatives, % or 1/frame.

    Attributes:
        strain: Of the three components of the Green-Lagrange strain, %.
        vorticity: 1/frame.
        divergence: 1/frame.
    """

    strain: float
    vorticity: float
    divergence: float


def endpoint_error(found: Field, truth: Field, masks: Masks) -> EndpointError:
    """Return mean and 95th percentile of the endpoint error within the masks."""
    lengths = np.hypot(found[:, 0] - truth[:, 0], found[:, 1] - truth[:, 1])[masks]
    return EndpointError(float(lengths.mean()), float(np.percentile(lengths, 95)))


def pair_errors(found: Field, truth: Field, masks: Masks) -> dict[str, tuple[float, ...]]:
    """Return the endpoint error of every single pair, by column name; NaN where a mask is empty."""
    errors = [
        endpoint_error(found[pair][None], truth[pair][None], masks[pair][None])
        if masks[pair].any()
        else EndpointError(float("nan"), float("nan"))
        for pair in range(len(found))
    ]
    return {
        "endpoint error": tuple(error.mean for error in errors),
        "95th percentile": tuple(error.p95 for error in errors),
    }


def mean_length(found: Field, masks: Masks) -> float:
    """Return the mean length of the displacement within the masks, px."""
    return float(np.hypot(found[:, 0], found[:, 1])[masks].mean())


def derivative_error(found: Field, truth: Field, masks: Masks) -> DerivativeError:
    """Return the errors of strain, vorticity and divergence, one px inside the masks."""
    inner = np.stack([ndimage.binary_erosion(mask) for mask in masks])
    strain, vorticity, divergence = (
        _rms(mine - true, inner)
        for mine, true in zip(_derivatives(found), _derivatives(truth), strict=True)
    )
    return DerivativeError(100 * strain, vorticity, divergence)


def recovered_amplitude(found: Field, truth: Field, masks: Masks) -> float:
    """Return how much of the true motion's variation is found: 1 is all, 0 none.

    The slope of the found displacement over the true one within the masks, both less their mean,
    so that a motion of one wavelength is judged apart from the drift that carries it.
    """
    mine = np.moveaxis(found, 1, -1)[masks].astype(np.float64)
    true = np.moveaxis(truth, 1, -1)[masks].astype(np.float64)
    mine -= mine.mean(axis=0)
    true -= true.mean(axis=0)
    power = float((true * true).sum())
    return float((mine * true).sum() / power) if power > 0 else float("nan")


def round_trip_error(forward: Field, backward: Field, masks: Masks) -> float:
    """Return how far a point ends from its start after going back and forth, px.

    Args:
        forward: Pull-back from the fixed frames, ``u``.
        backward: Pull-back of the same pairs with fixed and moving exchanged, ``v``.
        masks: On the fixed frames.

    Returns:
        Mean length of ``u(p) + v(p + u(p))`` within the masks.
    """
    total = np.stack([compose(u, v) for u, v in zip(forward, backward, strict=True)])
    return mean_length(total, masks)


def compose(first: Field, second: Field) -> Field:
    """Return ``first(p) + second(p + first(p))`` of two displacements ``(2, H, W)``, px."""
    rows, columns = np.indices(first.shape[1:], np.float32)
    at = np.stack([rows + first[1], columns + first[0]])
    parts = [ndimage.map_coordinates(part, at, order=1, mode="nearest") for part in second]
    return np.asarray(first + np.stack(parts), np.float32)


def carry_points(
    displacement: Field, points: NDArray[np.float64], iterations: int = 20
) -> NDArray[np.float64]:
    """Carry material points forward through consecutive pairs.

    The pull-back says where a pixel came from, so the new place ``q`` of a point solves
    ``q + u(q) = p``: fixed-point iteration, which converges where the field does not fold.

    Args:
        displacement: ``(P, 2, H, W)`` of consecutive pairs.
        points: ``(M, 2)`` at the first frame, (x, y), px.
        iterations: Of the fixed point, a pair.

    Returns:
        Paths ``(P+1, M, 2)``, px.
    """
    paths = [np.asarray(points, np.float64)]
    for field in displacement:
        start = paths[-1]
        place = start - _sample(field, start)
        for _ in range(iterations):
            place = start - _sample(field, place)
        paths.append(place)
    return np.stack(paths)


def segment_strains(
    start: NDArray[np.float64], end: NDArray[np.float64], segments: int, *, closed: bool
) -> NDArray[np.float64]:
    """Return the Lagrangian strain of contour segments.

    Args:
        start: Contour ``(N, 2)`` at end-diastole, (x, y), px.
        end: The same material points later, ``(N, 2)``.
        segments: Count; all of equal length at the start.
        closed: Whether the last point joins the first.

    Returns:
        Strain of every segment ``(segments,)``, %.
    """
    if closed:
        start, end = np.vstack([start, start[:1]]), np.vstack([end, end[:1]])
    before = np.linalg.norm(np.diff(start, axis=0), axis=1)
    after = np.linalg.norm(np.diff(end, axis=0), axis=1)
    middle = np.cumsum(before) - before / 2
    index = np.minimum((middle / before.sum() * segments).astype(int), segments - 1)
    first = np.bincount(index, before, segments)
    return 100 * (np.bincount(index, after, segments) / first - 1)


def _derivatives(u: Field) -> tuple[NDArray[np.float64], ...]:
    """Return strain ``(P, 3, H, W)``, vorticity and divergence ``(P, H, W)`` of one frame."""
    gradient = np.gradient(u.astype(np.float64), axis=(2, 3))
    (xx, yx), (xy, yy) = gradient[1].swapaxes(0, 1), gradient[0].swapaxes(0, 1)
    # F = (I + grad u)^-1, E = (F^T F - I) / 2; grad u = [[xx, xy], [yx, yy]], image axes.
    a, b, c, d = 1 + xx, xy, yx, 1 + yy
    determinant = a * d - b * c
    determinant = np.where(np.abs(determinant) < 1e-3, np.nan, determinant)
    f = np.array([[d, -b], [-c, a]]) / determinant
    e_xx = (f[0, 0] ** 2 + f[1, 0] ** 2 - 1) / 2
    e_yy = (f[0, 1] ** 2 + f[1, 1] ** 2 - 1) / 2
    e_xy = (f[0, 0] * f[0, 1] + f[1, 0] * f[1, 1]) / 2
    return np.stack([e_xx, e_yy, e_xy], axis=1), yx - xy, -xx - yy


def _rms(error: NDArray[np.float64], masks: Masks) -> float:
    """Return the root mean square over the masks; folded pixels (NaN) do not count."""
    values = error[masks] if error.ndim == 3 else np.moveaxis(error, 1, -1)[masks]
    return float(np.sqrt(np.nanmean(values**2)))


def _sample(field: Field, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample a displacement ``(2, H, W)`` at points ``(M, 2)``."""
    at = points.T[::-1]
    parts = [ndimage.map_coordinates(part, at, order=1, mode="nearest") for part in field]
    return np.stack(parts, axis=-1).astype(np.float64)
