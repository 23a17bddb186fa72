"""Material points followed through a stretch of a loop, and the courses that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from engine.registration.course_evidence import Looks
from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs
from engine.registration.warp import identity_grid, warp

LEAST_SHARES: Final = (0.95, 0.99)
"""Share of the motion's energy that one course must hold, or two: walls' first course holds 0.967
or more, a turning body's first two 0.995; a vortex' at most 0.92 and 0.985."""

LARGEST_ERROR: Final = 1.0
"""Expected error beyond which a pair is not believed at a place, px of the full grid."""

_POINTS = 24_000
"""Material points that are looked at, about."""
_BORDER_PX = 2
"""How far outside the mask points are still looked at: half of its edge's echo lies there, px."""


@dataclass(frozen=True, eq=False)
class Followed:
    """Material points of the last frame of neighbouring pairs, followed to the first.

    Attributes:
        looks: What is seen along their paths.
        moved: Displacement of every point in every pair, ``(n, 2, P)``, px.
        inside: Mask of the last frame, ``(H, W)`` bool.
    """

    looks: Looks
    moved: Tensor
    inside: Tensor


def followed_back(pairs: ImagePairs, motion: Motion, indices: range, scale: float) -> Followed:
    """Follow the last frame's points back through some pairs."""
    size = (int(motion.displacement.shape[2]), int(motion.displacement.shape[3]))
    inside = pairs.at_size([indices[-1]], size).mask[0, 0].cpu() > 0.5
    border = 2 * _BORDER_PX + 1
    seen = max_pool2d(inside[None].float(), border, stride=1, padding=_BORDER_PX)[0] > 0
    spacing = max(1, math.ceil(math.sqrt(float(seen.sum()) / _POINTS)))
    rows, columns = torch.nonzero(seen[::spacing, ::spacing], as_tuple=True)
    start = torch.stack([columns, rows]).float() * spacing
    places, looks, believed, steps = start, [], [], []
    for index in reversed(indices):
        pair = motion.batch([index])
        looks.append(_look(pairs.at_size([index], size).fixed.cpu(), places))
        if pair.log_scale is not None:
            believed.append(_sample(pair.log_scale, places)[0] < math.log(LARGEST_ERROR * scale))
        steps.append(_sample(pair.displacement, places))
        places = places + steps[-1]
    looks.append(_look(pairs.at_size([indices[0]], size).moving.cpu(), places))
    looked = torch.stack(looks[::-1])
    known = torch.stack(believed).float().mean(0)
    return Followed(
        Looks(looked[:, 0], looked[:, 1:], known, start, spacing), torch.stack(steps[::-1]), inside
    )


@dataclass(frozen=True, eq=False)
class Courses:
    """The few courses through time that material points share.

    Attributes:
        positions: Position along every course in every frame, ``(n + 1, R)``; 0 in the last, one
            unit a pair on average (root of the mean square).
        moved: Displacement of every point where a course advances by one, ``(R, 2, P)``, px.
    """

    positions: Tensor
    moved: Tensor

    @property
    def sizes(self) -> Tensor:
        """Size of the motion along each course, ``(R,)``, px a pair."""
        return self.moved.square().sum(1).mean(1).sqrt()


def shared_courses(moved: Tensor) -> Courses | None:
    """Return the fewest courses that hold the motion, or None if they do not.

    Args:
        moved: Displacement of every point in every pair, ``(n, 2, P)``, px.
    """
    left, values, right = torch.linalg.svd(moved.flatten(1), full_matrices=False)
    energy = values.square()
    shares = torch.cumsum(energy, 0)[: len(LEAST_SHARES)] / energy.sum().clamp(min=1e-12)
    held = shares > torch.tensor(LEAST_SHARES)
    if not bool(held.any()):
        return None
    count = int(torch.nonzero(held)[0]) + 1
    root = math.sqrt(len(moved))
    rates = left[:, :count] * root
    # Displacements point to the past: the last frame is the origin, earlier ones lie ahead.
    positions = torch.cat([rates.flip(0).cumsum(0).flip(0), torch.zeros(1, count)])
    along = values[:count, None] * right[:count] / root
    return Courses(positions, along.view(count, *moved.shape[1:]))


def _sample(images: Tensor, places: Tensor) -> Tensor:
    """Return the values of images ``(1, C, H, W)`` at places ``(2, P)`` px, ``(C, P)``."""
    points = places[None, :, None, :]
    offset = points - identity_grid(points.shape[2:])
    return warp(images, offset, mode="bicubic")[0, :, 0]


def _look(image: Tensor, places: Tensor) -> Tensor:
    """Return brightness of ``(1, 1, H, W)`` and its gradient (x, y) at places, ``(3, P)``."""
    down, across = torch.gradient(image[0, 0])
    return _sample(torch.stack([image[0, 0], across, down])[None], places)
