"""What the moving material is at frame 0: wall, cavity, echo strength, contours."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.phantom import apical, short_axis
from engine.phantom.apical import ANNULUS, CENTRE_MM, FOCUS_MM, INNER_MU, MIDDLE_MU, OUTER_MU
from engine.phantom.layout import Layout
from engine.phantom.motion import Points
from engine.phantom.short_axis import INNER_RADIUS_MM, OUTER_RADIUS_MM
from engine.phantom.timing import smooth_step

BLOOD, SURROUND = 0.02, 0.30
CONTOUR_POINTS = 121

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Anatomy(Protocol):
    """Material at frame 0; points are ``(N, 2)``, px."""

    closed: bool

    def regions(self, points: Points) -> tuple[Flags, Flags]:
        """Return which points are myocardium (without anatomy: tissue), and which LV cavity."""

    def echo(self, points: Points) -> Values:
        """Return the amplitude of the echo over that of the wall."""

    def contour(self, depth: float) -> Points | None:
        """Return a curve in the wall: 0 endocardium, 0.5 midwall, 1 epicardium."""


class ApicalAnatomy:
    """An apical four-chamber view: the left ventricle, and hints of the other chambers.

    Args:
        layout: Of the view.
    """

    closed = False

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def regions(self, points: Points) -> tuple[Flags, Flags]:
        """Return the points between both contours, and within the inner; above the annulus."""
        mu, nu = self._prolate(points)
        above = np.abs(nu) <= ANNULUS
        return above & (mu >= INNER_MU) & (mu <= OUTER_MU), above & (mu < INNER_MU)

    def contour(self, depth: float) -> Points:
        """Return a curve from the left annulus through the apex to the right one, px."""
        mu = INNER_MU + depth * (OUTER_MU - INNER_MU)
        nu = apical.equal_arc(mu, CONTOUR_POINTS)
        return self.place(np.full_like(nu, mu), nu)

    def place(self, mu: Values, nu: Values) -> Points:
        """Return the points of prolate coordinates at frame 0, px."""
        return self._layout.to_px(apical.from_prolate(mu, nu, FOCUS_MM, CENTRE_MM))

    def echo(self, points: Points) -> Values:
        """Return a wall with bright borders, dark chambers, valves and dim surroundings."""
        mu, nu = self._prolate(points)
        x, y = self._layout.to_mm(points).T
        level = (
            SURROUND * (0.8 + 0.5 * _ripple(x, y, 17.0)) * (1 - 0.5 * smooth_step((y - 95) / 40))
        )
        right = _inside((x + 46) / 17, (y - 66 - 0.2 * x) / 32)
        atria = np.maximum(
            _inside((x - 2) / 24, (y - 118) / 18), _inside((x + 44) / 17, (y - 116) / 17)
        )
        level = _mix(level, BLOOD, np.maximum(right, atria))
        above = smooth_step((ANNULUS - np.abs(nu)) / 0.06 + 0.5)
        muscle = (0.8 + 0.45 * _ripple(x, y, 11.0)) * (1 + 0.5 * _bump(mu, MIDDLE_MU, 0.02))
        muscle = muscle * (1 + 1.2 * _bump(mu, OUTER_MU, 0.012) + 0.5 * _bump(mu, INNER_MU, 0.012))
        edge = 0.006
        in_wall = above * _edge(mu - INNER_MU, edge) * _edge(OUTER_MU - mu, edge)
        level = _mix(level, BLOOD, above * _edge(INNER_MU - mu, edge))
        level = _mix(level, muscle, in_wall)
        leaflet = _bump(np.abs(nu), ANNULUS - 0.05 - 0.35 * (1 - mu / INNER_MU) ** 2, 0.022)
        leaflet = leaflet * _edge(mu - 0.42 * INNER_MU, 0.02) * _edge(OUTER_MU - mu, 0.02)
        return np.maximum(level, 1.3 * leaflet)

    def _prolate(self, points: Points) -> tuple[Values, Values]:
        return apical.prolate(self._layout.to_mm(points), FOCUS_MM, CENTRE_MM)


class ShortAxisAnatomy:
    """A parasternal short axis: a ring with papillary muscles beside a dark right ventricle.

    Args:
        layout: Of the view.
    """

    closed = True

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._motion = short_axis.ShortAxisMotion(layout, 4)

    def regions(self, points: Points) -> tuple[Flags, Flags]:
        """Return the points in the ring, and within it."""
        radius, _ = self._motion.polar(points)
        inside = radius < INNER_RADIUS_MM
        return ~inside & (radius <= OUTER_RADIUS_MM), inside

    def contour(self, depth: float) -> Points:
        """Return a closed circle from the right, counter-clockwise on the screen, px."""
        radius = INNER_RADIUS_MM + depth * (OUTER_RADIUS_MM - INNER_RADIUS_MM)
        angle = 2 * np.pi * np.arange(CONTOUR_POINTS - 1) / (CONTOUR_POINTS - 1)
        circle = np.stack([radius * np.cos(angle), -radius * np.sin(angle)], axis=1)
        return self._layout.to_px(circle + short_axis.CENTRE_MM)

    def echo(self, points: Points) -> Values:
        """Return a bright ring, papillary muscles, a dark cavity and dim surroundings."""
        radius, angle = self._motion.polar(points)
        x, y = (self._layout.to_mm(points) - short_axis.CENTRE_MM).T
        level = SURROUND * (0.8 + 0.5 * _ripple(x, y, 17.0))
        right = _inside((x + 36) / 24, (y + 8) / 30)
        level = _mix(level, BLOOD, right)
        muscle = (0.8 + 0.45 * _ripple(x, y, 11.0)) * (1 + 0.3 * np.cos(2 * angle + np.pi))
        muscle = muscle * (
            1
            + 1.2 * _bump(radius, OUTER_RADIUS_MM, 0.7)
            + 0.4 * _bump(radius, INNER_RADIUS_MM, 0.7)
        )
        level = _mix(level, BLOOD, _edge(INNER_RADIUS_MM - radius, 0.4))
        ring = _edge(radius - INNER_RADIUS_MM, 0.4) * _edge(OUTER_RADIUS_MM - radius, 0.4)
        level = _mix(level, muscle, ring)
        papillary = np.maximum(
            _inside((x - 11) / 4.2, (y - 11) / 4.2), _inside((x + 12) / 4.5, (y - 10) / 4.0)
        )
        return _mix(level, 0.9, papillary)


class PlainAnatomy:
    """Tissue of even texture that fills the view."""

    closed = False

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def regions(self, points: Points) -> tuple[Flags, Flags]:
        """Return tissue everywhere, and no cavity."""
        return np.ones(len(points), np.bool_), np.zeros(len(points), np.bool_)

    def contour(self, depth: float) -> None:
        """Return None: there is no curve at any depth."""

    def echo(self, points: Points) -> Values:
        """Return a slowly varying brightness."""
        x, y = self._layout.to_mm(points).T
        return 0.6 + 0.5 * _ripple(x, y, 19.0)


def _mix(base: Values, value: Values | float, part: Values) -> Values:
    return base + part * (value - base)


def _edge(distance: Values, width: float) -> Values:
    return smooth_step(distance / width * 0.5 + 0.5)


def _bump(value: Values, centre: Values | float, width: float) -> Values:
    bump: Values = np.exp(-0.5 * ((value - centre) / width) ** 2)
    return bump


def _inside(x: Values, y: Values) -> Values:
    return smooth_step((1 - np.hypot(x, y)) / 0.16 + 0.5)


def _ripple(x: Values, y: Values, wavelength: float) -> Values:
    """Return an irregular pattern between -1 and 1: four waves of unlike directions."""
    k = 2 * np.pi / wavelength
    total = (
        np.sin(k * (0.9 * x + 0.43 * y) + 0.3)
        + np.sin(k * (-0.35 * x + 1.1 * y) + 1.9)
        + np.sin(k * (0.61 * x - 0.73 * y) * 1.7 + 4.1)
        + np.sin(k * (1.3 * x + 0.2 * y) * 0.6 + 2.2)
    )
    ripple: Values = 0.25 * total
    return ripple
