"""Few courses through time: what every pair leaves over alike is found from all of them together.

A wall that thickens by hundredths of a pixel from frame to frame does not show it in a pair, and
the pictures' local contrast alone even speaks against it: what tells is the brightness itself over
many frames. The points of a wall share one course through the beat (two, if it turns), so the error
that comes back in every pair is a smooth field times that course. It is found by Gauss-Newton steps
on the pictures of the whole loop, sampled along the material's paths. Where points share no
course, as in blood, nothing is changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from engine.registration.course_evidence import (
    Evidence,
    Looks,
    contradiction,
    evidence,
)
from engine.registration.course_paths import Followed, followed_back, shared_courses
from engine.registration.course_shapes import Shapes
from engine.registration.course_size import missing_motion
from engine.registration.multiscale import Motion
from engine.registration.pairs import ImagePairs
from engine.registration.pyramid import correction_grid
from engine.registration.warp import compose, invert, resize_displacement, warp

LEAST_PAIRS: Final = 4
"""Pairs below which a loop is left alone."""

LONGEST: Final = 48
"""Pairs that are taken together at most; a longer loop is cut into equal stretches."""

_STEPS = 3
"""Gauss-Newton steps."""
_SIZE_STEPS = 4
"""The same of the motion's size, at most."""


def along_shared_courses(pairs: ImagePairs, motion: Motion, scale: float) -> Motion:
    """Return the motion of a loop without the error that its pairs have in common.

    Args:
        pairs: All pairs of the loop, each the next one's predecessor; 2D.
        motion: Theirs, ``(n, 2, *size)``, px of its grid, with its expected error.
        scale: Of that grid, relative to the full resolution.

    Returns:
        Corrected motion; unchanged where points share no course or a loop is short.
    """
    count = len(motion.displacement)
    if motion.log_scale is None or pairs.dims != 2 or count < LEAST_PAIRS:
        return motion
    found = Motion(motion.displacement.clone(), motion.log_scale)
    for indices in stretches(count):
        _correct(pairs, found, indices, scale)
    return found


def _correct(pairs: ImagePairs, motion: Motion, indices: range, scale: float) -> None:
    """Take the common error out of a stretch of a motion, in place."""
    own = motion.displacement[indices.start : indices.stop]
    points = followed_back(pairs, motion, indices, scale)
    for step in range(_SIZE_STEPS):
        missing = missing_motion(points, first=not step)
        if missing is None:
            break
        own += _change(own, *missing)
        points = followed_back(pairs, motion, indices, scale)
    search = _Search.along(points)
    if search is None:
        return
    for step in range(_STEPS):
        if step:
            points = followed_back(pairs, motion, indices, scale)
        fields = search.step(points.looks.levelled())
        own += _change(own, search.courses, fields)


def stretches(count: int) -> list[range]:
    """Return the stretches of a loop's pairs that are taken together, each of equal length."""
    parts = torch.arange(count).tensor_split(math.ceil(count / LONGEST))
    return [range(int(part[0]), int(part[-1]) + 1) for part in parts]


@dataclass(eq=False)
class _Search:
    """The search for the errors of a stretch, one for every course.

    Attributes:
        courses: Position along every course in every frame, ``(n + 1, R)``; 0 in the last, one
            unit a pair on average (root of the mean square).
        shapes: What an error may look like.
        basis: The shapes at the points, ``(P, J)``.
        precision: Of the coefficients, expected beforehand, ``(R * 2 * J,)``, 1/px^2.
        found: Coefficients so far, ``(R * 2 * J,)``, px.
    """

    courses: Tensor
    shapes: Shapes
    basis: Tensor
    precision: Tensor
    found: Tensor

    @classmethod
    def along(cls, followed: Followed) -> _Search | None:
        """Begin where points share few courses; None where they do not."""
        courses = shared_courses(followed.moved)
        if courses is None:
            return None
        shapes = Shapes.within(followed.inside)
        basis = shapes.at(followed.looks.places)
        expected = torch.cat([shapes.expected.repeat(2) * float(size) for size in courses.sizes])
        return cls(courses.positions, shapes, basis, expected**-2, torch.zeros_like(expected))

    def step(self, looks: Looks) -> Tensor:
        """Return what to add to the error so far, one field a course, ``(R, 2, H, W)``, px."""
        told = evidence(looks, self.courses)
        normal = self._information(told)
        pulls = torch.cat([axis * self.basis.T for pull in told.pull for axis in pull])
        noise = contradiction(pulls, normal, looks.places)
        wanted = pulls.sum(1).double() / noise - self.precision * self.found
        change = torch.linalg.solve(normal / noise + torch.diag(self.precision), wanted)
        self.found = self.found + change
        coefficients = change.view(self.courses.shape[1], 2, -1)
        return torch.stack([self.shapes.field(part) for part in coefficients])

    def _information(self, told: Evidence) -> Tensor:
        """Return the information about all coefficients, ``(R * 2 * J,)`` squared."""
        count, width = self.courses.shape[1], 2 * self.basis.shape[1]
        normal = torch.zeros(count * width, count * width).double()
        for (first, second), parts in told.information.items():
            xx, xy, yy = (self.basis.T @ (part[:, None] * self.basis) for part in parts)
            block = torch.cat([torch.cat([xx, xy], 1), torch.cat([xy, yy], 1)]).double()
            one, two = (slice(k * width, (k + 1) * width) for k in (first, second))
            normal[one, two] = block
            normal[two, one] = block
        return normal


def _change(own: Tensor, courses: Tensor, fields: Tensor) -> Tensor:
    """Return what to add to the displacements when material lies beside its found paths.

    With ``c_k`` the shift of positions at frame k, the path from frame k+1 to k becomes
    ``u'(x + c_{k+1}(x)) = u(x) + c_k(x + u(x)) - c_{k+1}(x)``.

    Args:
        own: Displacement of the pairs, ``(n, 2, H, W)``, px.
        courses: ``(n + 1, R)``.
        fields: Error where a course advances by one, on the last frame, ``(R, 2, H, W)``, px.
    """
    size = own.shape[2:]
    grid = correction_grid(size)
    coarse = torch.cat([resize_displacement(item[None], grid) for item in own])
    left_over = resize_displacement(fields, grid)
    to_last = to_last_frame(coarse)
    later = torch.zeros_like(to_last[:1])
    changes = []
    for pair in reversed(range(len(own))):
        at_pair = warp(left_over, to_last[pair : pair + 1].expand_as(left_over))
        earlier = (courses[pair].view(-1, 1, 1, 1) * at_pair).sum(0, keepdim=True)
        moved = compose(invert(later), compose(coarse[pair : pair + 1], earlier))
        changes.append(resize_displacement(moved - coarse[pair : pair + 1], size)[0])
        later = earlier
    return torch.stack(changes[::-1])


def to_last_frame(own: Tensor) -> Tensor:
    """Return how far every frame's points are from where they are in the last frame.

    Args:
        own: Displacement of neighbouring pairs, ``(n, 2, h, w)``, px.

    Returns:
        ``(n + 1, 2, h, w)``, px, on each frame's own points; zeros for the last.
    """
    ways = [torch.zeros_like(own[:1])]
    for pair in reversed(range(len(own))):
        ways.append(compose(invert(own[pair : pair + 1]), ways[-1]))
    return torch.cat(ways[::-1])
