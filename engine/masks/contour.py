"""Curves through a loop: refined on the edge, smooth along themselves and in time.

Refinement is an exact search (dynamic programming): every contour point may move along its
normal, neighbours by at most one step of each other, onto the strongest edge from dark inside
to bright outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from engine.masks.filters import evenly, sample_frames, smooth_along
from engine.masks.shape import normals, resample

Array = NDArray[np.float64]
POINTS: Final = 100


def edge_profile(
    frames: NDArray[np.float32],
    contours: Array,
    outward: Array,
    offsets: Array,
    reach: float | Array = 1.5,
) -> Array:
    """Return the contrast outside minus inside at offsets from a curve.

    It is relative to the mean brightness along the normal, which does not move the edge (a ratio
    taken at each offset would pull it to the dark side).

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        contours: ``(T, N, 2)`` (x, y), px.
        outward: Where to: unit vectors, likewise.
        offsets: ``(K,)``, or ``(T, N, K)`` where places differ; px, positive outwards.
        reach: Half the distance over which brightness is compared, px; a number, or
            ``(T, N, 1)``.

    Returns:
        ``(T, N, K)`` in about [-1, 1].
    """
    floor = 0.05 * float(np.percentile(frames[:: max(1, len(frames) // 8)], 99)) + 1e-3

    def brightness(shift: float | Array) -> Array:
        moves = (offsets + shift)[..., None] * outward[:, :, None]
        return sample_frames(frames, contours[:, :, None] + moves)

    out, into = brightness(reach), brightness(-reach)
    level = (out + into).mean(2, keepdims=True) + floor
    return np.asarray((out - into) / level, np.float64)


def best_path(
    score: Array, *, closed: bool, bending: float, farthest: int = 1
) -> NDArray[np.int64]:
    """Return the offset index of every point that maximises the summed score, ``(T, N)``.

    Args:
        score: ``(T, N, K)``.
        closed: Whether the last point is the first's neighbour.
        bending: Cost of a step by one offset between neighbours; it grows with the step's square.
        farthest: Offsets that neighbours may differ by.
    """
    if closed:
        # The seam moves to the strongest point, and the path is run once and a half around.
        points = score.shape[1]
        lap = np.concatenate([score, score, score], axis=1)
        return _viterbi(lap, bending, farthest)[:, points : 2 * points]
    return _viterbi(score, bending, farthest)


def _viterbi(score: Array, bending: float, farthest: int) -> NDArray[np.int64]:
    frames, points, levels = score.shape
    steps = np.arange(-farthest, farthest + 1)
    cost = bending * steps[:, None, None] ** 2
    total = score[:, 0].copy()
    came = np.zeros((frames, points, levels), np.int64)
    for i in range(1, points):
        padded = np.pad(total, ((0, 0), (farthest, farthest)), constant_values=-np.inf)
        options = np.stack([padded[:, k : k + levels] for k in range(len(steps))]) - cost
        choice = options.argmax(0)
        came[:, i] = steps[choice]
        total = np.take_along_axis(options, choice[None], 0)[0] + score[:, i]
    path = np.empty((frames, points), np.int64)
    path[:, -1] = total.argmax(1)
    rows = np.arange(frames)
    for i in range(points - 1, 0, -1):
        path[:, i - 1] = path[:, i] + came[rows, i, path[:, i]]
    return path


def refine(
    frames: NDArray[np.float32],
    contours: Array,
    *,
    closed: bool,
    radius: float,
    step: float = 0.5,
    stay: float = 0.3,
    time_sigma: float = 1.0,
    along_sigma: float = 2.0,
) -> Array:
    """Return contours moved along their normals onto the edge, ``(T, N, 2)``.

    Args:
        frames: ``(T, h, w)`` float32, smoothed.
        contours: ``(T, N, 2)``, near the edge, in correspondence through time.
        closed: Whether the curves are closed.
        radius: Farthest move, px.
        step: Offsets tried, px apart.
        stay: Cost of the farthest move.
        time_sigma: Smoothing of the moves over time, frames; infinite moves all frames alike, on
            the evidence of all.
        along_sigma: Smoothing of the moves along the contour, points.
    """
    count = int(np.ceil(radius / step))
    offsets = evenly(-count * step, count * step, 2 * count + 1)
    outward = normals(contours, closed=closed)
    score = edge_profile(frames, contours, outward, offsets)
    score = smooth_along(score, along_sigma / 2, 1, closed=closed)
    if np.isinf(time_sigma):
        score = score.mean(0, keepdims=True)
    score -= stay * (offsets / max(radius, 1e-6)) ** 2
    path = best_path(score, closed=closed, bending=0.05)
    moves = offsets[path] + step * parabola(score, path)
    moves = smooth_along(moves, along_sigma, 1, closed=closed)
    moves = smooth_along(moves, time_sigma, 0)
    moved = contours + moves[..., None] * outward
    return resample(moved, contours.shape[1], closed=closed)


def parabola(score: Array, path: NDArray[np.int64]) -> Array:
    """Return where the score peaks between the samples around the chosen one, in steps.

    Args:
        score: ``(T, N, K)``.
        path: Chosen samples, ``(T, N)``.
    """
    middle = np.clip(path, 1, score.shape[2] - 2)[..., None]
    below, here, above = (np.take_along_axis(score, middle + d, 2)[..., 0] for d in (-1, 0, 1))
    curve = below - 2 * here + above
    peak = np.where(curve < -1e-6, 0.5 * (below - above) / np.minimum(curve, -1e-6), 0.0)
    return np.where(path == middle[..., 0], np.clip(peak, -0.5, 0.5), 0.0)


def line_weights(frames: int, sigma: float) -> Array:
    """Return what every frame counts in the line fitted around every other, ``(T, T)``.

    A motion is not flattened at the loop's ends.

    Args:
        frames: Of the loop.
        sigma: Standard deviation of the Gaussian weights, frames, positive.
    """
    away = np.arange(frames)[None] - np.arange(frames)[:, None]
    weight = np.exp(-0.5 * (away / sigma) ** 2)
    total, first, second = ((weight * away**power).sum(1, keepdims=True) for power in (0, 1, 2))
    spread = total * second - first**2
    line = weight * (second - first * away) / np.maximum(spread, 1e-12)
    return np.asarray(np.where(spread > 1e-9 * total**2, line, weight / total), np.float64)


def mirrored_weights(frames: int, sigma: float) -> Array:
    """Return what every frame counts in the mean around every other, ``(T, T)``.

    The loop is mirrored at its ends: the first and the last frame are as sure as others.

    Args:
        frames: Of the loop.
        sigma: Standard deviation of the Gaussian weights, frames.
    """
    return np.asarray(gaussian_filter1d(np.eye(frames), sigma, axis=0, mode="reflect"))


def smooth_in_time(
    values: Array,
    sigma: float,
    *,
    lead: int = 1,
    rest: float = 6.0,
    weights: Callable[[int, float], Array] = line_weights,
) -> Array:
    """Return what moves with the heart, smoothed over frames, ``(T, ...)``.

    A beat is a motion in few modes (left singular vectors over time): the leading ones are
    smoothed by ``sigma``, the others, which hold more noise than motion, by ``rest`` times that.
    Args:
        values: ``(T, ...)``, in correspondence through time.
        sigma: Standard deviation of the weights, frames.
        lead: Modes that count as motion.
        rest: How much more the others are smoothed.
        weights: What neighbouring frames count.
    """
    if len(values) < 3 or sigma <= 0:
        return values
    flat = values.reshape(len(values), -1)
    mean = flat.mean(0)
    left, size, right = np.linalg.svd(flat - mean, full_matrices=False)
    course = left * size
    smooth = [
        weights(len(values), sigma) @ course[:, :lead],
        weights(len(values), rest * sigma) @ course[:, lead:],
    ]
    return np.asarray((mean + np.concatenate(smooth, axis=1) @ right).reshape(values.shape))


def without_outliers(values: Array, *, half: int = 2, limit: float = 6.0) -> Array:
    """Return values through time, ``(T, P)``, with those far from their neighbours replaced.

    Args:
        values: ``(T, P)``.
        half: Neighbours on either side whose median is the usual value; at the ends of the loop
            as many, on one side.
        limit: Distance from the usual value, of its standard deviation, above which it stands in.
    """
    frames = len(values)
    if frames < 2 * half + 1:
        return values
    first = np.clip(np.arange(frames) - half, 0, frames - 2 * half - 1)
    usual = np.median(np.stack([values[first + k] for k in range(2 * half + 1)]), axis=0)
    away = np.abs(values - usual)
    # The median absolute deviation of normal values is their standard deviation over 1.48.
    spread = 1.48 * np.median(away, axis=0)
    return np.where(away > limit * spread, usual, values)


def beat_frames(size: Array) -> float:
    """Return the length of a beat in frames, from the cavity's size ``(T,)``.

    The strongest period of the size, between 8 frames and the loop; a loop shorter than two
    beats shows no period, so its own length stands in.
    """
    count = len(size)
    if count < 16 or float(np.ptp(size)) <= 0:
        return float(count)
    centred = (size - size.mean()) * np.hanning(count)
    power = np.abs(np.fft.rfft(centred, 8 * count)) ** 2
    frequency = np.fft.rfftfreq(8 * count)
    power[(frequency < 1.3 / count) | (frequency > 1 / 8)] = 0
    return float(1 / frequency[int(power.argmax())]) if power.max() > 0 else float(count)


def areas(contours: Array) -> Array:
    """Return the enclosed area of every contour ``(..., N, 2)``, px^2, not negative."""
    x, y = contours[..., 0], contours[..., 1]
    cross = x * np.roll(y, -1, axis=-1) - np.roll(x, -1, axis=-1) * y
    return np.asarray(np.abs(cross.sum(axis=-1)) / 2, np.float64)
