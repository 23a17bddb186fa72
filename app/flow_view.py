"""A field as it is drawn: velocities, their unit, and one colour limit for the whole loop."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.gradients import velocity_gradient
from engine.analysis.velocity import VelocityField, velocity_field
from engine.export.quiver import TRUSTED, Arrows, legible_step, nice_limit, sample_arrows
from engine.export.vorticity_map import stencil
from engine.model import Scale, ScaleField

_PERCENTILE: Final = 99.0
_SAMPLING: Final = 6
_CACHED_FRAMES: Final = 256
_RATE_FRAMES: Final = 12


@dataclass(frozen=True, eq=False)
class FlowView:
    """One scale's field with all that drawing needs; made in a worker thread.

    Attributes:
        field: The field, pull-back, px.
        mask: ``(T, H, W)`` bool.
        spacing_mm: (x, y), mm; None if unknown.
        frame_times_s: ``(T,)``, s; None if unknown.
        limit: Top of the colour bar: the 99th percentile of the speed in the mask, rounded up.
        rate_limit: The same of the vorticity, for the ends of its colour bar.
        trust: ``(T-1, H, W)`` in [0, 1], or None while it is not known.
    """

    field: ScaleField
    mask: NDArray[np.bool_]
    spacing_mm: tuple[float, float] | None
    frame_times_s: NDArray[np.float64] | None
    limit: float = 1.0
    rate_limit: float = 1.0
    trust: NDArray[np.float32] | None = None
    _arrows: OrderedDict[tuple[int, float], Arrows] = dataclasses.field(
        default_factory=OrderedDict, init=False, repr=False
    )

    _spacings: dict[float, float] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @property
    def scale(self) -> Scale:
        """Scale of the field."""
        return self.field.scale

    @property
    def unit(self) -> str:
        """``cm/s`` where spacing and times are known, else ``px/frame``."""
        return self._velocity(0, slice(0, 1)).unit

    @property
    def rate_unit(self) -> str:
        """Unit of the vorticity: ``1/s`` or ``1/frame``."""
        return self._velocity(0, slice(0, 1)).rate_unit

    def legible_spacing(self, zoom: float) -> float:
        """Return the distance of arrows, image px, that fills the mask without clutter."""
        if zoom not in self._spacings:
            coarse = self.mask[:, ::_SAMPLING, ::_SAMPLING]
            self._spacings[zoom] = legible_step(coarse, zoom * _SAMPLING) * _SAMPLING
        return self._spacings[zoom]

    def velocity_at(self, frame: int, x: float, y: float) -> tuple[float, float] | None:
        """Return the velocity (right, up) at a place of a frame; None outside the mask."""
        row, column = round(y), round(x)
        _, height, width = self.field.shape
        inside = 0 <= row < height and 0 <= column < width
        if frame < 1 or not inside or not self.mask[frame, row, column]:
            return None
        values = velocity_field(
            self.field.displacement[frame - 1 : frame, :, row : row + 1, column : column + 1],
            self.spacing_mm,
            self._times(frame - 1),
        ).values
        return float(values[0, 0, 0, 0]), float(values[0, 1, 0, 0])

    def trust_at(self, frame: int, x: float, y: float) -> float | None:
        """Return the trust at a place of a frame, in [0, 1]; None if it is not known."""
        if self.trust is None or frame < 1:
            return None
        return float(self.trust[frame - 1, round(y), round(x)])

    def arrows(self, frame: int, step: float) -> Arrows | None:
        """Return the arrows on a grid of ``step`` px; None on the first frame of the loop.

        The velocity of pair k stands at frame k+1: the first frame has none.
        """
        if frame < 1:
            return None
        key = (frame, step)
        if key not in self._arrows:
            velocity = self._velocity(frame - 1, slice(None)).values[0]
            trust = None if self.trust is None else self.trust[frame - 1]
            self._arrows[key] = sample_arrows(velocity, self.mask[frame], step, trust)
            if len(self._arrows) > _CACHED_FRAMES:
                self._arrows.popitem(last=False)
        return self._arrows[key]

    def vorticity(self, frame: int, stride: int) -> NDArray[np.float64] | None:
        """Return the vorticity on every ``stride``-th pixel, NaN outside the mask.

        Counter-clockwise is positive; None on the first frame of the loop.
        """
        if frame < 1:
            return None
        grid = slice(stride // 2, None, stride)
        velocity = self._velocity(frame - 1, grid)
        pixel = (velocity.pixel[0] * stride, velocity.pixel[1] * stride)
        inside = self.mask[frame, grid, grid]
        sampled = dataclasses.replace(velocity, pixel=pixel)
        gradient = velocity_gradient(sampled, 0, inside, stencil(stride))
        return np.where(inside, gradient.vorticity, np.nan)

    def trusted(self, frame: int, stride: int) -> NDArray[np.bool_] | None:
        """Return where every ``stride``-th pixel is trusted; None while that is not known."""
        if self.trust is None or frame < 1:
            return None
        grid = slice(stride // 2, None, stride)
        return np.asarray(self.trust[frame - 1, grid, grid] >= TRUSTED)

    def sampled(self, frame: int, stride: int) -> NDArray[np.float64] | None:
        """Return the velocity on every ``stride``-th pixel, ``(2, h, w)``, right and up.

        NaN outside the mask; None on the first frame of the loop.
        """
        if frame < 1:
            return None
        grid = slice(stride // 2, None, stride)
        values = self._velocity(frame - 1, grid).values[0]
        return np.where(self.mask[frame, grid, grid], values, np.nan)

    def with_trust(self, trust: NDArray[np.float32]) -> FlowView:
        """Return the view with a trust map."""
        return dataclasses.replace(self, trust=trust)

    def _velocity(self, pair: int, grid: slice) -> VelocityField:
        displacement = self.field.displacement[pair : pair + 1, :, grid, grid]
        return velocity_field(displacement, self.spacing_mm, self._times(pair))

    def _times(self, pair: int) -> NDArray[np.float64] | None:
        return None if self.frame_times_s is None else self.frame_times_s[pair : pair + 2]


def make_flow_view(
    item: ScaleField,
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    frame_times_s: NDArray[np.float64] | None,
) -> FlowView:
    """Prepare a field for drawing: its colour limit comes from every sixth pixel of the mask.

    Args:
        item: Field of one scale.
        mask: ``(T, H, W)`` bool.
        spacing_mm: (x, y), mm, or None.
        frame_times_s: ``(T,)``, s, or None.
    """
    grid = slice(_SAMPLING // 2, None, _SAMPLING)
    speed = velocity_field(item.displacement[:, :, grid, grid], spacing_mm, frame_times_s).speed()
    inside = speed[mask[1:, grid, grid]]
    limit = nice_limit(float(np.percentile(inside, _PERCENTILE))) if inside.size else 1.0
    view = FlowView(item, mask, spacing_mm, frame_times_s, limit)
    return dataclasses.replace(view, rate_limit=_rate_limit(view))


def _rate_limit(view: FlowView) -> float:
    """Return the top of the vorticity's colour bar, from some frames on a coarse grid."""
    frames = np.unique(np.linspace(1, view.field.shape[0], _RATE_FRAMES).astype(int)).tolist()
    maps = [view.vorticity(frame, _SAMPLING) for frame in frames]
    values = np.concatenate([np.abs(item[np.isfinite(item)]) for item in maps if item is not None])
    return nice_limit(float(np.percentile(values, _PERCENTILE))) if values.size else 1.0
