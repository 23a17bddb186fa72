"""Lagrangian motion through time: paths blended over a beat, and pull-backs composed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sampling import FieldSampler


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
