"""How far two fields of a loop differ, and how well a field explains the next frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.flow_view import FlowView
from engine.export.quiver import nice_limit

_PERCENTILE: Final = 99.0
_FRAMES: Final = 8
_COARSE: Final = 8


@dataclass(frozen=True, eq=False)
class FlowDifference:
    """Length of the difference of two velocities, for every frame.

    Attributes:
        first: One field.
        second: Another of the same loop.
        limit: Top of the colour bar: the 99th percentile in the mask, rounded up.
    """

    first: FlowView
    second: FlowView
    limit: float

    @property
    def unit(self) -> str:
        """``cm/s``, or ``px/frame`` where uncalibrated."""
        return self.first.unit

    def at(self, frame: int, stride: int) -> NDArray[np.float64] | None:
        """Return the difference on every ``stride``-th pixel, NaN outside the masks.

        None on the first frame of the loop.
        """
        one, other = self.first.sampled(frame, stride), self.second.sampled(frame, stride)
        if one is None or other is None:
            return None
        return np.asarray(np.hypot(*(one - other)))

    def summary(self, frame: int, stride: int) -> str:
        """Return mean and 95th percentile of a frame in words."""
        values = self.at(frame, stride)
        inside = np.zeros(0) if values is None else values[np.isfinite(values)]
        if not inside.size:
            return "No field on this frame"
        high = float(np.percentile(inside, 95))
        return f"Mean {inside.mean():.2f}, 95 % below {high:.2f} {self.unit}"


def make_difference(first: FlowView, second: FlowView) -> FlowDifference:
    """Return the difference of two fields; its limit comes from some frames on a coarse grid."""
    trial = FlowDifference(first, second, 1.0)
    frames = np.unique(np.linspace(1, first.field.shape[0], _FRAMES).astype(int)).tolist()
    maps = [trial.at(frame, _COARSE) for frame in frames]
    values = np.concatenate([item[np.isfinite(item)] for item in maps if item is not None])
    top = float(np.percentile(values, _PERCENTILE)) if values.size else 0.0
    return FlowDifference(first, second, nice_limit(top) if top > 0 else 1.0)


def warped_before(frames: NDArray[np.uint8], flow: FlowView, frame: int) -> NDArray[np.uint8]:
    """Return frame k pulled to frame k+1 by the field, ``(H, W)``: without error they are alike.

    For the eye alone (bilinear, OpenCV); the engine's own warp is ``engine.registration.warp``.

    Args:
        frames: ``(T, H, W)``.
        flow: The field.
        frame: k+1, from 1.
    """
    displacement = flow.field.displacement[frame - 1]
    height, width = displacement.shape[1:]
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    pulled = cv2.remap(
        frames[frame - 1],
        columns + displacement[0],
        rows + displacement[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    shown: NDArray[np.uint8] = np.where(flow.mask[frame], pulled, frames[frame]).astype(np.uint8)
    return shown


def mismatch(one: NDArray[np.uint8], other: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return the root mean square difference of two frames in a mask, grey levels of 255."""
    inside = one[mask].astype(np.float64) - other[mask]
    return float(np.sqrt(np.mean(inside**2))) if inside.size else 0.0
