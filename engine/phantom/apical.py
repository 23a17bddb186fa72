"""The apical left ventricle in prolate coordinates: closed-form contraction by segments.

With the focal length f, a point has the coordinates (mu, nu) of
``y_up + i x = f cosh(mu + i nu)``: mu is constant on confocal ellipses (endocardium and
epicardium are two of them, thin at the apex and thick at the sides), nu runs along the wall from
the left annulus (negative) through the apex (0) to the right one. A beat changes f, moves the
centre so that the apex rests, and maps mu and nu by monotone splines; both are inverted in
closed form, and the determinant is positive everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.phantom.layout import Layout
from engine.phantom.monotone import Blend, Knot, mean_slopes, monotone_forward, monotone_inverse
from engine.phantom.motion import DirectMotion, Points
from engine.phantom.timing import contraction, delayed_contraction, smooth_step

APEX_MM = 13.0
OUTER_WIDTH_MM, OUTER_LENGTH_MM = 31.0, 72.0
INNER_WIDTH_MM = 21.5
FOCUS_MM = float(np.sqrt(OUTER_LENGTH_MM**2 - OUTER_WIDTH_MM**2))
CENTRE_MM = APEX_MM + OUTER_LENGTH_MM
ANNULUS = float(np.deg2rad(100.0))
INNER_MU = float(np.arcsinh(INNER_WIDTH_MM / FOCUS_MM))
OUTER_MU = float(np.arcsinh(OUTER_WIDTH_MM / FOCUS_MM))
MIDDLE_MU = 0.5 * (INNER_MU + OUTER_MU)
FAR_MU = 1.1
PEAK_STRAIN = -0.19
SEGMENTS = 6

Values = NDArray[np.float64]
Spline = tuple[Sequence[float], Sequence[Knot], Sequence[Knot]]


def prolate(points_mm: Points, focus: float, centre: float) -> tuple[Values, Values]:
    """Return (mu, nu) of points in mm, y down."""
    x, up = points_mm[:, 0], centre - points_mm[:, 1]
    near, far = np.hypot(x, up - focus), np.hypot(x, up + focus)
    # The sum and the difference of the distances to both foci are 2f cosh(mu) and 2f cos(nu).
    mu = np.arccosh(np.maximum((far + near) / (2 * focus), 1.0))
    nu = np.arccos(np.clip((far - near) / (2 * focus), -1.0, 1.0))
    return mu, np.copysign(nu, x)


def from_prolate(mu: Values, nu: Values, focus: float, centre: float) -> Points:
    """Undo ``prolate``."""
    x = focus * np.sinh(mu) * np.sin(nu)
    y = centre - focus * np.cosh(mu) * np.cos(nu)
    return np.stack([x, y], axis=1)


def equal_arc(mu: float, count: int) -> Values:
    """Return nu of ``count`` points of equal spacing along the wall at end-diastole."""
    nu = np.linspace(-ANNULUS, ANNULUS, 4001)
    length = np.concatenate([[0.0], np.cumsum(_arc(from_prolate(np.full_like(nu, mu), nu, 1, 0)))])
    return np.interp(np.linspace(0, length[-1], count), length, nu)


@dataclass(frozen=True)
class ApicalPose:
    """The maps of one frame, in reference mm.

    Attributes:
        focus: Focal length, mm.
        centre: y of the ellipses' centre, mm.
        contracted: Contraction at the centre of each segment, ``(6,)``.
        nu_values: Values at the knots of the map of nu, ``(9,)``.
    """

    focus: float
    centre: float
    contracted: Values
    nu_values: Values


@dataclass(frozen=True)
class ApicalMotion(DirectMotion):
    """A beating left ventricle, healthy or with regional disease.

    Segments from the left annulus to the right: with the septum on the left of the image they are
    basal, mid and apical septal, then apical, mid and basal lateral.

    Attributes:
        layout: Of the view.
        cycle: Frames a beat.
        amplitude: Factor on all contraction.
        regional: The second segment is akinetic, the third dyskinetic, the fifth contracts late.
    """

    layout: Layout
    cycle: int
    amplitude: float = 1.0
    regional: bool = False

    def forward(self, points: Points, frame: int) -> Points:
        """Contract: first across the wall, then along it, then the frame of the ellipses."""
        mu, nu = prolate(self.layout.to_mm(points), FOCUS_MM, CENTRE_MM)
        pose = self.pose(frame)
        mu = monotone_forward(mu, *self._across(nu, pose))
        nu = monotone_forward(nu, *self._along(mu, pose))
        return self.layout.to_px(from_prolate(mu, nu, pose.focus, pose.centre))

    def inverse(self, points: Points, frame: int) -> Points:
        """Undo ``forward`` in the reverse order."""
        pose = self.pose(frame)
        mu, nu = prolate(self.layout.to_mm(points), pose.focus, pose.centre)
        nu = monotone_inverse(nu, *self._along(mu, pose))
        mu = monotone_inverse(mu, *self._across(nu, pose))
        return self.layout.to_px(from_prolate(mu, nu, FOCUS_MM, CENTRE_MM))

    def contracted(self, frame: int) -> Values:
        """Return the contraction of each segment at a frame, ``(6,)``; 1 at a healthy ES."""
        phase = frame / self.cycle
        healthy = float(contraction(phase))
        parts = np.full(SEGMENTS, healthy)
        if self.regional:
            parts[1] = 0.0
            parts[2] = -0.3 * healthy
            parts[4] = 1.1 * float(delayed_contraction(phase))
        return parts * self.amplitude

    def pose(self, frame: int) -> ApicalPose:
        """Return the maps of a frame."""
        return self._poses[frame % self.cycle]

    @cached_property
    def _poses(self) -> tuple[ApicalPose, ...]:
        return tuple(self._pose(self.contracted(frame)) for frame in range(self.cycle))

    @staticmethod
    def _pose(contracted: Values) -> ApicalPose:
        focus = FOCUS_MM * float(1 + PEAK_STRAIN * contracted.mean())
        at_apex = float(contracted[2:4].mean())
        tip = float(focus * np.cosh(_outer_mu(at_apex, focus)))
        centre = APEX_MM + 0.8 * at_apex + tip
        length = _middle_length(contracted, focus, centre)
        rest = _REST_SEGMENT * (1 + PEAK_STRAIN * contracted)
        ends = np.concatenate([-np.cumsum(rest[2::-1])[::-1], [0.0], np.cumsum(rest[3:])])
        inner = np.interp(ends, length, _NU)
        return ApicalPose(focus, centre, contracted, np.array([-np.pi, *inner, np.pi]))

    def _across(self, nu: Values, pose: ApicalPose) -> Spline:
        local = _blend(nu, pose.contracted)
        knots = [0.0, INNER_MU, OUTER_MU, FAR_MU]
        far = FAR_MU + float(np.log(FOCUS_MM / pose.focus))
        values: list[float | Values] = [0.0, _inner_mu(local, pose.focus)]
        values += [_outer_mu(local, pose.focus), far]
        return knots, values, mean_slopes(knots, values, last=1.0)

    def _along(self, mu: Values, pose: ApicalPose) -> Spline:
        knots = [-np.pi, *_REST_NU.tolist(), np.pi]
        full = pose.nu_values.tolist()
        if not self.regional:
            return knots, full, mean_slopes(knots, full)
        # Both sides of the focal line must agree, so the map is symmetric there.
        even = (0.5 * (pose.nu_values - pose.nu_values[::-1])).tolist()
        part = smooth_step(mu / INNER_MU)
        values = [Blend(low, high, part) for low, high in zip(even, full, strict=True)]
        ends = mean_slopes(knots, even), mean_slopes(knots, full)
        slopes = [Blend(float(low), float(high), part) for low, high in zip(*ends, strict=True)]
        return knots, values, slopes


def _inner_mu(contracted: Values, focus: float) -> Values:
    return np.arcsinh(INNER_WIDTH_MM * (1 - 0.26 * contracted) / focus)


def _outer_mu(contracted: Values | float, focus: float) -> Values:
    return np.arcsinh(OUTER_WIDTH_MM * (1 - 0.06 * np.asarray(contracted)) / focus)


def _blend(nu: Values, contracted: Values) -> Values:
    """Interpolate the segments' contraction along the wall, smoothly."""
    if np.ptp(contracted) == 0:
        return np.full_like(nu, contracted[0])
    centres = 0.5 * (_REST_NU[:-1] + _REST_NU[1:])
    # Beyond the annulus both sides meet in the mean, so that nu = pi and -pi agree.
    knots = np.concatenate([[-np.pi], centres, [np.pi]])
    ends = contracted.mean()
    values = np.concatenate([[ends], contracted, [ends]])
    bins = np.clip(np.searchsorted(knots, nu) - 1, 0, len(knots) - 2)
    part = smooth_step((nu - knots[bins]) / (knots[bins + 1] - knots[bins]))
    blended: Values = values[bins] + part * (values[bins + 1] - values[bins])
    return blended


def _arc(curve: Points) -> Values:
    step = np.diff(curve, axis=0)
    return np.hypot(step[:, 0], step[:, 1])


def _middle_length(contracted: Values, focus: float, centre: float) -> Values:
    """Return the length of the middle of the wall from the apex to each of ``_NU``, mm."""
    local = _blend(_NU, contracted)
    middle = 0.5 * (_inner_mu(local, focus) + _outer_mu(local, focus))
    length = np.concatenate([[0.0], np.cumsum(_arc(from_prolate(middle, _NU, focus, centre)))])
    length -= length[len(_NU) // 2]
    return length


_NU = np.linspace(-np.pi, np.pi, 4001)
_REST_LENGTH = _middle_length(np.zeros(SEGMENTS), FOCUS_MM, CENTRE_MM)
_REST_SEGMENT = float(np.interp(ANNULUS, _NU, _REST_LENGTH)) / (SEGMENTS / 2)
_REST_NU = np.interp(np.arange(-3, 4) * _REST_SEGMENT, _REST_LENGTH, _NU)
