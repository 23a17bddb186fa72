"""The exact flow of a phantom's blood: velocity, vorticity, circulation, centres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.phantom.flow_motion import JetMotion, VortexPair
from engine.phantom.flows import LambOseen, SumFlow, pixel_places, uniform_drift
from engine.phantom.layout import Layout
from engine.phantom.motion import Motion

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FlowTruth:
    """Exact flow at the frames; components (x right, y up).

    Attributes:
        motion: The flow's motion.
        frames: Number of frames.
    """

    motion: VortexPair | JetMotion
    frames: int

    @property
    def circulation_m2_s(self) -> tuple[float, ...]:
        """Circulation of each vortex, counter-clockwise positive, m^2/s; empty for a jet."""
        if isinstance(self.motion, JetMotion):
            return ()
        scale = self.motion.layout.scale
        return tuple(value * scale**2 * 1e-6 for value in self.motion.circulation)

    @property
    def core_mm(self) -> float | None:
        """Core radius of the vortices, mm; None for a jet."""
        if isinstance(self.motion, JetMotion):
            return None
        return self.motion.core_mm * self.motion.layout.scale

    @property
    def centres_px(self) -> Values:
        """Centres of the vortices, ``(T, V, 2)``, (x, y), px; V is 0 for a jet."""
        if isinstance(self.motion, JetMotion):
            return np.zeros((self.frames, 0, 2))
        motion, rest = self.motion, np.asarray(self.motion.centres_mm)
        return np.stack(
            [motion.layout.to_px(rest + motion.drifted_mm(frame)) for frame in range(self.frames)]
        )

    @cached_property
    def peak_speed_cm_s(self) -> float:
        """Largest speed of any frame and pixel, cm/s."""
        return max(
            float(np.hypot(*self.velocity_cm_s(frame)).max()) for frame in self._distinct_frames()
        )

    def velocity_cm_s(self, frame: float) -> Values:
        """Return the velocity at a frame, ``(2, H, W)``, (x right, y up), cm/s."""
        layout = self.motion.layout
        x, y = pixel_places(layout.size, layout.spacing_mm)
        if isinstance(self.motion, VortexPair):
            return 0.1 * self._vortex_flow(self.motion, frame).velocity(x, y)
        up = 0.1 * layout.spacing_mm[1] * self.motion.speed_px_s(frame) * self._profile(self.motion)
        return np.stack([np.zeros_like(up), up])

    def vorticity(self, frame: float) -> Values:
        """Return the vorticity at a frame, ``(H, W)``, 1/s, counter-clockwise positive."""
        layout = self.motion.layout
        x, y = pixel_places(layout.size, layout.spacing_mm)
        if isinstance(self.motion, VortexPair):
            gradient = self._vortex_flow(self.motion, frame).gradient(x, y)
            vorticity: Values = gradient[1, 0] - gradient[0, 1]
            return vorticity
        motion = self.motion
        slope = -(x / layout.spacing_mm[0] - motion.axis_px) / motion.width_px**2
        up = layout.spacing_mm[1] * motion.speed_px_s(frame) * self._profile(motion)
        return up * slope / layout.spacing_mm[0]

    def _distinct_frames(self) -> list[int]:
        # The vortex pair only drifts: its largest speed is the same at every frame.
        return [0] if isinstance(self.motion, VortexPair) else list(range(self.frames))

    @staticmethod
    def _profile(motion: JetMotion) -> Values:
        columns = np.arange(motion.layout.size[1])
        profile = np.exp(-0.5 * ((columns - motion.axis_px) / motion.width_px) ** 2)
        return np.broadcast_to(profile, motion.layout.size).copy()

    @staticmethod
    def _vortex_flow(motion: VortexPair, frame: float) -> SumFlow:
        layout: Layout = motion.layout
        drift = np.asarray(motion.drift_mm_s) * layout.scale
        places = np.asarray(motion.centres_mm) + motion.drifted_mm(frame)
        centres = layout.to_px(places) * layout.spacing_mm
        vortices = (
            LambOseen(
                circulation * layout.scale**2,
                motion.core_mm * layout.scale,
                (float(centre[0]), -float(centre[1])),
            )
            for circulation, centre in zip(motion.circulation, centres, strict=True)
        )
        return SumFlow((uniform_drift(float(drift[0]), -float(drift[1])), *vortices))


def flow_truth(motion: Motion, frames: int) -> FlowTruth | None:
    """Return the flow's truth, or None where tissue moves."""
    return FlowTruth(motion, frames) if isinstance(motion, VortexPair | JetMotion) else None
