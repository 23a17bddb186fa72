"""How large the motion along a loop's courses is: under noise the network finds too little of it.

A cautious estimate takes weak evidence for less motion. How much less is one number a course, which
the brightness of the whole loop tells where no pair could.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from engine.registration.course_evidence import contradiction, evidence
from engine.registration.course_paths import Courses, Followed, shared_courses

LEAST_MISSING: Final = 0.11
"""Share of the motion below which nothing is added: where motion is found whole, the evidence of
240 to 512 px loops says 0.01 to 0.09."""

EXPECTED_MISSING: Final = 0.3
"""Expected share that is missing."""

_LEAST_STEP = 0.02
"""Share below which a further step is not worth it."""


def missing_motion(followed: Followed, first: bool) -> tuple[Tensor, Tensor] | None:
    """Return what is missing of the motion along the courses that the points share.

    Args:
        followed: Points and what is seen along their paths.
        first: Whether nothing was added yet; much must be missing then.

    Returns:
        Position along every course in every frame ``(n + 1, R)`` and what each lacks where it
        advances by one ``(R, 2, H, W)``, px; None where the motion is whole, or shares no course.
    """
    courses = shared_courses(followed.moved)
    if courses is None:
        return None
    shares = _missing_shares(followed, courses)
    if float(shares.max()) < (LEAST_MISSING if first else _LEAST_STEP):
        return None
    fields = [_spread(part, followed) for part in shares.view(-1, 1, 1) * courses.moved]
    return courses.positions, torch.stack(fields)


def _missing_shares(followed: Followed, courses: Courses) -> Tensor:
    """Return the share of the motion found that is missing along every course, ``(R,)``."""
    looks = followed.looks.levelled()
    told = evidence(looks, courses.positions)
    count = len(courses.moved)
    information = torch.zeros(count, count)
    for (one, two), (xx, xy, yy) in told.information.items():
        (x1, y1), (x2, y2) = courses.moved[one], courses.moved[two]
        total = (xx * x1 * x2 + xy * (x1 * y2 + y1 * x2) + yy * y1 * y2).sum()
        information[one, two] = information[two, one] = total
    pulls = torch.stack(
        [(pull * way).sum(0) for pull, way in zip(told.pull, courses.moved, strict=True)]
    )
    noise = contradiction(pulls, information, looks.places)
    prior = noise / EXPECTED_MISSING**2 * torch.eye(count)
    shares: Tensor = torch.linalg.solve(information + prior, pulls.sum(1))
    return shares


def _spread(values: Tensor, followed: Followed) -> Tensor:
    """Return values of the points ``(2, P)`` as a field over the picture, ``(2, H, W)``."""
    x, y = followed.looks.places.long().numpy()
    spread = 2.0 * followed.looks.spacing

    def painted(at_points: NDArray[np.float32]) -> NDArray[np.float32]:
        picture = np.zeros(followed.inside.shape, np.float32)
        picture[y, x] = at_points
        return np.asarray(gaussian_filter(picture, spread))

    weight = painted(np.ones(len(x), np.float32)) + 1e-6
    parts = [painted(part) / weight for part in values.numpy()]
    return torch.from_numpy(np.stack(parts).astype(np.float32))
