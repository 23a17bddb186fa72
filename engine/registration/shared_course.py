"""One course through time: what every pair leaves over alike is found from all of them together.

A wall that thickens by hundredths of a pixel from frame to frame does not show it in a pair, and
the pictures' local contrast alone even speaks against it: what tells is the brightness itself over
several frames. The points of a wall share one course through the beat, so the error that comes
back in every pair is a single smooth field times that course. It is found by two Gauss-Newton steps
on the pictures of the whole loop, sampled along the material's paths. Where points do not share
one course, as in blood, nothing is changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import correction_grid
from engine.registration.splines import cubic_splines
from engine.registration.warp import compose, identity_grid, invert, resize_displacement, warp

WINDOW: Final = 4
"""Frames between the two pictures that are compared."""

LONGEST: Final = 24
"""Pairs that are taken together at most; a longer loop is cut into equal stretches."""

LEAST_SHARE: Final = 0.9
"""Share of the motion's energy that one course must hold."""

LARGEST_ERROR: Final = 1.0
"""Expected error beyond which a place is not looked at, px of the full grid."""

_STEPS = 2
"""Gauss-Newton steps."""
_CELLS = 8
"""Cells of the B-spline grid along the longer side of the box."""
_POINTS = 40_000
"""Material points that are looked at, about."""
_GRAIN_PX = 16.0
"""Area of one independent value of speckle, px."""
_SPREAD = 0.1
"""Expected size of what is left over, relative to the motion."""


def along_shared_course(pairs: ImagePairs, motion: Motion, scale: float) -> Motion:
    """Return the motion of a loop without the error that its pairs have in common.

    Args:
        pairs: All pairs of the loop, each the next one's predecessor; 2D.
        motion: Theirs, ``(n, 2, *size)``, px of its grid, with its expected error.
        scale: Of that grid, relative to the full resolution.

    Returns:
        Corrected motion; unchanged where points share no course or a loop is short.
    """
    count = len(motion.displacement)
    if motion.log_scale is None or pairs.dims != 2 or count < 2 * WINDOW:
        return motion
    displacement = motion.displacement.clone()
    for indices in torch.arange(count).tensor_split(math.ceil(count / LONGEST)):
        part = slice(int(indices[0]), int(indices[-1]) + 1)
        for _ in range(_STEPS):
            so_far = Motion(displacement, motion.log_scale)
            stretch = _Stretch.sampled(pairs, so_far, indices.tolist(), scale)
            if stretch is not None:
                displacement[part] += _change(
                    displacement[part], stretch.course, stretch.left_over()
                )
    return Motion(displacement, motion.log_scale)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Some neighbouring pairs, sampled at material points of their last frame.

    Attributes:
        course: Position along the shared course at every frame, ``(n + 1,)``; 0 at the last, one
            unit a pair on average (root of the mean square).
        motion_px: Size of the motion of a pair, px (root of the mean square).
        values: Brightness of every frame at the points, ``(n + 1, P)``.
        slopes: Its gradient (x, y), ``(n + 1, 2, P)``, 1/px.
        known: Whether each pair's motion is believed at the points, ``(n, P)``.
        places: The points, ``(2, P)``, px of the last frame.
        size: Of the frames (H, W), px.
        share: Pixels that each point stands for.
    """

    course: Tensor
    motion_px: float
    values: Tensor
    slopes: Tensor
    known: Tensor
    places: Tensor
    size: tuple[int, int]
    share: float

    @classmethod
    def sampled(
        cls, pairs: ImagePairs, motion: Motion, indices: list[int], scale: float
    ) -> _Stretch | None:
        """Follow the last frame's points back; None where they share no course."""
        size = (int(motion.displacement.shape[2]), int(motion.displacement.shape[3]))
        inside = pairs.at_size([indices[-1]], size).mask[0, 0].cpu() > 0.5
        step = max(1, math.ceil(math.sqrt(float(inside.sum()) / _POINTS)))
        rows, columns = torch.nonzero(inside[::step, ::step], as_tuple=True)
        if not len(rows):
            return None
        start = torch.stack([columns, rows]).float() * step
        places, looks, errors, steps = start, [], [], []
        for index in reversed(indices):
            pair = motion.batch([index])
            looks.append(_look(pairs.at_size([index], size).fixed.cpu(), places))
            if pair.log_scale is not None:
                errors.append(_sample(pair.log_scale, places)[0])
            steps.append(_sample(pair.displacement, places))
            places = places + steps[-1]
        looks.append(_look(pairs.at_size([indices[0]], size).moving.cpu(), places))
        moved, seen = torch.stack(steps[::-1]), torch.stack(looks[::-1])
        rates = _shared_rates(moved)
        if rates is None:
            return None
        # Displacements point to the past: the last frame is the origin, earlier ones lie ahead.
        course = torch.cat([rates.flip(0).cumsum(0).flip(0), torch.zeros(1)])
        return cls(
            course,
            float(moved.square().sum(1).mean().sqrt()),
            seen[:, 0],
            seen[:, 1:],
            torch.stack(errors[::-1]) < math.log(LARGEST_ERROR * scale),
            start,
            size,
            float(step * step),
        )

    def left_over(self) -> Tensor:
        """Return what a pair leaves over where the course advances by one, ``(2, H, W)``, px."""
        spacing = max(self.size) / _CELLS
        rows = _cubic_basis(self.size[0], spacing)
        columns = _cubic_basis(self.size[1], spacing)
        x, y = self.places.long()
        basis = (rows[y][:, :, None] * columns[x][:, None, :]).flatten(1)
        information, pull = self._evidence()
        xx, xy, yy = (basis.T @ (part[:, None] * basis) for part in information)
        normal = torch.cat([torch.cat([xx, xy], 1), torch.cat([xy, yy], 1)]).double()
        normal.diagonal().add_((_SPREAD * self.motion_px) ** -2)
        found = torch.linalg.solve(normal, (pull @ basis).flatten().double()).float()
        weights = found.view(2, rows.shape[1], columns.shape[1])
        field: Tensor = rows @ weights @ columns.T
        return field

    def _evidence(self) -> tuple[Tensor, Tensor]:
        """Return information (xx, xy, yy) and pull (x, y) of every point, ``(3 or 2, P)``."""
        information = torch.zeros(3, self.values.shape[1])
        pull = torch.zeros(2, self.values.shape[1])
        misfit, believed = 0.0, 0.0
        # A gain that changes through the beat must not look like motion at the wall's border.
        gain = self.values.std(dim=1, keepdim=True) + 1e-6
        values = (self.values - self.values.mean(dim=1, keepdim=True)) / gain
        slopes = self.slopes / gain[:, None]
        for first in range(len(self.values) - WINDOW):
            last = first + WINDOW
            difference = values[last] - values[first]
            x, y = (slopes[last] + slopes[first]) / 2
            weight = self.known[first:last].all(0).float()
            way = self.course[last] - self.course[first]
            information += weight * way**2 * torch.stack([x * x, x * y, y * y])
            pull -= weight * way * difference * torch.stack([x, y])
            misfit += float((weight * difference.square()).sum())
            believed += float(weight.sum())
        variance = misfit / max(believed, 1.0) + 1e-6
        trust = min(1.0, self.share / _GRAIN_PX) / variance
        return information * trust, pull * trust


def _shared_rates(moved: Tensor) -> Tensor | None:
    """Return the course's advance in every pair, ``(n,)``, or None if points share no course.

    Args:
        moved: Displacement of every point in every pair, ``(n, 2, P)``, px.
    """
    left, values, _ = torch.linalg.svd(moved.flatten(1), full_matrices=False)
    energy = values.square()
    if not float(energy[0]) > LEAST_SHARE * float(energy.sum()):
        return None
    rates: Tensor = left[:, 0] * math.sqrt(len(moved))
    return rates


def _change(own: Tensor, course: Tensor, left_over: Tensor) -> Tensor:
    """Return what to add to the displacements when material lies beside its found paths.

    With ``c_k`` the shift of positions at frame k, the path from frame k+1 to k becomes
    ``u'(x + c_{k+1}(x)) = u(x) + c_k(x + u(x)) - c_{k+1}(x)``.

    Args:
        own: Displacement of the pairs, ``(n, 2, H, W)``, px.
        course: ``(n + 1,)``.
        left_over: On the last frame, ``(2, H, W)``, px.
    """
    size = own.shape[2:]
    grid = correction_grid(size)
    coarse = torch.cat([resize_displacement(item[None], grid) for item in own])
    field = resize_displacement(left_over[None], grid)
    to_last = torch.zeros_like(field)
    later = course[-1] * field
    changes = []
    for pair in reversed(range(len(own))):
        to_last = compose(invert(coarse[pair : pair + 1]), to_last)
        earlier = course[pair] * warp(field, to_last)
        moved = compose(invert(later), compose(coarse[pair : pair + 1], earlier))
        changes.append(resize_displacement(moved - coarse[pair : pair + 1], size)[0])
        later = earlier
    return torch.stack(changes[::-1])


def _sample(images: Tensor, places: Tensor) -> Tensor:
    """Return the values of images ``(1, C, H, W)`` at places ``(2, P)`` px, ``(C, P)``."""
    points = places[None, :, None, :]
    offset = points - identity_grid(points.shape[2:])
    return warp(images, offset, mode="bicubic")[0, :, 0]


def _look(image: Tensor, places: Tensor) -> Tensor:
    """Return brightness of ``(1, 1, H, W)`` and its gradient (x, y) at places, ``(3, P)``."""
    down, across = torch.gradient(image[0, 0])
    return _sample(torch.stack([image[0, 0], across, down])[None], places)


def _cubic_basis(length: int, spacing: float) -> Tensor:
    """Return the uniform cubic B-splines at every pixel, ``(length, splines)``."""
    splines, values = cubic_splines(np.arange(length) / spacing)
    basis = np.zeros((length, int(splines.max()) + 1), dtype=np.float32)
    np.put_along_axis(basis, splines, values, axis=1)
    return torch.from_numpy(basis)
