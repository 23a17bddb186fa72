"""What the brightness along the paths of material points says about the error of those paths.

Along its true path a point keeps its brightness but for what changes from frame to frame: echoes
that are renewed (their share decays with the time between two frames) and noise. Both are measured
on the loop itself, and all pairs of frames are compared at the weight that they then deserve
(generalised least squares, the point's own mean unknown). A path that strays changes brightness by
the gradient there times how far it strays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from torch import Tensor

LONGEST_LAG: Final = 16
"""Frames apart up to which the decay of the echoes is measured."""

_DECAYS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
"""Shares of the echoes that stay from a frame to the next, tried."""
_CLUSTER_PX = 32
"""Side of the blocks whose evidence is taken to be independent of one another."""
_BLOCK_PX = 24
"""Side of the blocks whose sums tell how far neighbouring evidence agrees by chance."""


@dataclass(frozen=True, eq=False)
class Looks:
    """Brightness of every frame of a stretch at its material points.

    Attributes:
        values: Brightness, ``(n + 1, P)``.
        slopes: Its gradient (x, y), ``(n + 1, 2, P)``, 1/px.
        known: Share of the pairs in which a point's motion is believed, ``(P,)``.
        places: The points in the last frame (x, y), ``(2, P)``, px.
        spacing: Between neighbouring points, px.
    """

    values: Tensor
    slopes: Tensor
    known: Tensor
    places: Tensor
    spacing: int

    def levelled(self) -> Looks:
        """Return the looks without each frame's own mean and contrast.

        A gain that changes through the beat must not look like motion at the wall's border.
        """
        gain = self.values.std(dim=1, keepdim=True) + 1e-6
        values = (self.values - self.values.mean(dim=1, keepdim=True)) / gain
        slopes = self.slopes / gain[:, None]
        return Looks(values, slopes, self.known, self.places, self.spacing)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A quadratic in the error of the paths, one error for every course through time.

    Attributes:
        information: For courses (r, s) with ``r <= s``: xx, xy, yy of every point, ``(3, P)``.
        pull: For every course, (x, y) of every point, ``(2, P)``: towards what fits.
    """

    information: dict[tuple[int, int], Tensor]
    pull: tuple[Tensor, ...]


def evidence(looks: Looks, courses: Tensor) -> Evidence:
    """Return what the looks say about errors that follow given courses.

    Args:
        looks: ``levelled`` ones.
        courses: Position along every course in every frame, ``(n + 1, R)``.
    """
    weights = _frame_weights(looks)
    course = courses.double().numpy()
    way = course[None] - course[:, None]
    trust = looks.known * min(1.0, looks.spacing**2 / _grain(looks))
    count = courses.shape[1]
    information = {}
    for first in range(count):
        for second in range(first, count):
            pairs = torch.from_numpy(weights * way[..., first] * way[..., second] / 2).float()
            information[first, second] = _crossed(looks.slopes, pairs) * trust
    pull = []
    for first in range(count):
        pairs = torch.from_numpy(weights * way[..., first]).float()
        change = pairs @ looks.values - looks.values * pairs.sum(1, keepdim=True)
        pull.append(-(change[:, None] * looks.slopes).sum(0) / 2 * trust)
    return Evidence(information, tuple(pull))


def contradiction(pulls: Tensor, information: Tensor, places: Tensor) -> float:
    """Return the evidence's variance over what its information promises, at least 1.

    Blocks of the picture contradict one another by more than the speckle's correlation tells:
    shadows and haze are in it too.

    Args:
        pulls: Towards what fits, of every number that is looked for at every point, ``(K, P)``.
        information: About these numbers, ``(K, K)``.
        places: Of the points, ``(2, P)``, px.
    """
    sums = _block_sums(pulls, places, _CLUSTER_PX).double()
    values, vectors = torch.linalg.eigh(information.double())
    told = values > 1e-3 * values[-1]
    whitened = sums.T @ vectors[:, told] / values[told].clamp(min=1e-12).sqrt()
    return max(1.0, float(whitened.square().sum(0).mean())) if bool(told.any()) else 1.0


def _block_sums(values: Tensor, places: Tensor, side: int) -> Tensor:
    """Sum values over square blocks of the picture.

    Args:
        values: Of every point, ``(K, P)``.
        places: Of the points (x, y), ``(2, P)``, px.
        side: Of a block, px.

    Returns:
        ``(K, blocks)``, of the blocks that hold a point.
    """
    x, y = places.long()
    block = torch.unique(y // side * 100_000 + x // side, return_inverse=True)[1]
    sums = torch.zeros(len(values), int(block.max()) + 1, dtype=values.dtype)
    return sums.index_add_(1, block, values)


def _crossed(slopes: Tensor, pairs: Tensor) -> Tensor:
    """Return xx, xy, yy of the gradients of one frame times those of another, ``(3, P)``.

    Two frames share the echo but not the noise, whose gradients would feign information.
    """
    other = torch.einsum("kl,lip->kip", pairs, slopes)
    xx, yy = (slopes * other).sum(0)
    xy = (slopes[:, 0] * other[:, 1] + slopes[:, 1] * other[:, 0]).sum(0) / 2
    return torch.stack([xx, xy, yy])


def _frame_weights(looks: Looks) -> NDArray[np.float64]:
    """Return the weight of every pair of frames, ``(n + 1, n + 1)``, 0 on the diagonal.

    With the frames' covariance C and an unknown mean, twice the negative log-likelihood of values
    v is ``v' P v`` with ``P = C^-1 - C^-1 1 1' C^-1 / (1' C^-1 1)``; as the rows of P sum to 0, it
    is also the sum of ``-P_kl (v_k - v_l)^2`` over all pairs of frames.
    """
    count = len(looks.values)
    noise, echo, decay = _changes(looks)
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    inverse = np.linalg.inv((noise + 1e-6) * np.eye(count) + echo * decay**lag)
    sums = inverse.sum(1)
    weights = np.outer(sums, sums) / sums.sum() - inverse
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, dtype=np.float64)


def _changes(looks: Looks) -> tuple[float, float, float]:
    """Return variance of the noise, variance of what decays, and what stays from frame to frame.

    They are fitted to half the mean square difference of frames by their distance in time.
    """
    believed = looks.known / looks.known.sum().clamp(min=1e-6)
    lags = np.arange(1, min(len(looks.values) - 1, LONGEST_LAG) + 1)
    halves, counts = [], []
    for lag in lags:
        difference = looks.values[lag:] - looks.values[:-lag]
        halves.append(float((difference.square() * believed).sum(1).mean()) / 2)
        counts.append(len(difference))
    root = np.sqrt(np.array(counts))
    fits = []
    for decay in _DECAYS:
        design = np.stack([np.ones(len(lags)), 1 - decay**lags], axis=1)
        (noise, echo), misfit = nnls(design * root[:, None], np.array(halves) * root)
        fits.append((misfit, float(noise), float(echo), decay))
    _, noise, echo, decay = min(fits)
    return noise, echo, decay


def _grain(looks: Looks) -> float:
    """Return the area over which neighbouring points pull alike by chance, px, at least 1."""
    side = max(_BLOCK_PX // looks.spacing, 1) * looks.spacing
    areas = []
    for first in (len(looks.values) // 3, 2 * len(looks.values) // 3):
        difference = looks.values[first + 1] - looks.values[first]
        for axis in range(2):
            slope = (looks.slopes[first + 1, axis] + looks.slopes[first, axis]) / 2
            density = (difference * slope - (difference * slope).mean()).double()
            sums = _block_sums(density[None], looks.places, side)
            areas.append(float(sums.square().sum() / density.square().sum().clamp(min=1e-12)))
    return max(1.0, looks.spacing**2 * float(np.mean(areas)))
