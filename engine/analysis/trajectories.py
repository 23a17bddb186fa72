"""Lagrangian paths of points, and pull-backs composed through time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sampling import FieldSampler, LoopSampler
from engine.errors import InputError


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Paths of material points through a loop.

    Attributes:
        raw: ``(T, M, 2)`` float64, (x, y), px: carried away from the start frame alone.
        closed: ``(T, M, 2)``: blended over the cycle so that its end equals its start, and carried
            on from there; the same as ``raw`` where no full cycle is known.
        start: Frame of the loop in which the points are given.
        end: Frame that closes the cycle, or None.
    """

    raw: NDArray[np.float64]
    closed: NDArray[np.float64]
    start: int
    end: int | None

    @property
    def drift(self) -> NDArray[np.float64] | None:
        """Raw distance from the start after a cycle, ``(M, 2)``, px; None without a cycle."""
        return None if self.end is None else self.raw[self.end] - self.raw[self.start]


def follow_points(
    loop: LoopSampler, points: NDArray[np.floating], start: int, end: int | None = None
) -> Trajectories:
    """Carry points through a loop, forwards and backwards from a frame.

    Args:
        loop: Fields of the loop.
        points: ``(M, 2)``, (x, y), px, in frame ``start``.
        start: Frame of the loop, usually end-diastole.
        end: Frame in which the cycle closes, or None.

    Raises:
        InputError: If a frame lies outside the loop.
    """
    frames = len(loop) + 1
    if not 0 <= start < frames or (end is not None and not start < end < frames):
        raise InputError(f"A cycle from frame {start} to {end} does not fit {frames} frames.")
    before = loop.carry(points, start, range(start - 1, -1, -1))[::-1]
    after = loop.carry(points, start, range(start + 1, frames))
    raw = np.concatenate([before, np.asarray(points, dtype=np.float64)[None], after])
    closed = raw.copy()
    if end is not None:
        backward = loop.carry(points, end, range(end - 1, start - 1, -1))[::-1]
        closed[start : end + 1] = blend(raw[start : end + 1], backward)
        # The next beat starts where this one closed: going on with the raw path would jump.
        closed[end + 1 :] = loop.carry(points, end, range(end + 1, frames))
    return Trajectories(raw, closed, start, end)


def blend(forward: NDArray[np.float64], backward: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blend a forward with a backward path linearly in time over one cycle.

    The weight of the forward path falls from 1 to 0, so the end equals the start, and where both
    carry independent errors that grow with their length the blend has the smaller one.

    Args:
        forward: ``(n+1, ...)`` from the cycle's start on.
        backward: ``(n, ...)`` for all but the last frame, carried back from the cycle's end,
            where the points lie as at its start.
    """
    count = len(backward)
    weight = (np.arange(count) / count).reshape(-1, *[1] * (forward.ndim - 1))
    return np.concatenate([(1.0 - weight) * forward[:-1] + weight * backward, forward[:1]])


def composed_pull_backs(
    displacement: NDArray[np.floating], mask: NDArray[np.bool_], start: int
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield, for every frame from ``start`` on, the pull-back to frame ``start``.

    ``U_0 = 0`` and ``U_{k+1}(p) = u_k(p) + U_k(p + u_k(p))``, read by cubic splines that continue
    what lies in the mask beyond its border.

    Args:
        displacement: ``(T-1, 2, H, W)``, px.
        mask: ``(T, H, W)``: where the fields count.
        start: Reference frame.

    Yields:
        Frame and ``(2, H, W)`` float64 displacement, components (x, y), px; zero outside the
        frame's mask.
    """
    composed = np.zeros(displacement.shape[1:])
    yield start, composed
    for frame in range(start + 1, len(mask)):
        rows, columns = np.nonzero(mask[frame])
        points = np.stack([columns, rows], axis=1).astype(np.float64)
        step = displacement[frame - 1][:, rows, columns].T.astype(np.float64)
        earlier = FieldSampler(composed, mask[frame - 1])
        composed = np.zeros_like(composed)
        composed[:, rows, columns] = (step + earlier(points + step)).T
        yield frame, composed
