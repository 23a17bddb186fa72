"""Motion of contrast blood: a drifting Lamb-Oseen vortex pair, and a jet; both keep area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phantom.flows import turning_rate
from engine.phantom.layout import Layout
from engine.phantom.motion import DirectMotion, Points

SUBSTEPS = 2


@dataclass(frozen=True)
class VortexPair:
    """Two opposite Lamb-Oseen vortices that drift with a uniform stream.

    A step turns the blood about one vortex, the other, and back in the first's second half: a
    composition of exact rotations, so a step has a closed form, an exact inverse and keeps every
    area. It follows the pair's superposed velocity up to the third power of the frame time.

    Attributes:
        layout: Of the view.
        frame_time_s: s.
        centres_mm: ``((x, y), (x, y))`` at frame 0, reference mm, y down.
        circulation: Of both, reference mm^2/s, counter-clockwise on the screen.
        core_mm: Core radius, reference mm.
        drift_mm_s: (x, y), reference mm/s, y down.
    """

    layout: Layout
    frame_time_s: float
    centres_mm: tuple[tuple[float, float], tuple[float, float]]
    circulation: tuple[float, float]
    core_mm: float
    drift_mm_s: tuple[float, float]

    def step(self, points: Points, frame: int) -> Points:
        """Return where blood of ``frame`` is at ``frame + 1``."""
        return self._advance(points, frame, 1)

    def step_back(self, points: Points, frame: int) -> Points:
        """Return where blood of ``frame + 1`` was at ``frame``."""
        return self._advance(points, frame + 1, -1)

    def forward(self, points: Points, frame: int) -> Points:
        """Return where blood of frame 0 is at a frame."""
        for index in range(frame):
            points = self.step(points, index)
        return points.copy()

    def inverse(self, points: Points, frame: int) -> Points:
        """Return where blood of a frame was at frame 0."""
        for index in range(frame - 1, -1, -1):
            points = self.step_back(points, index)
        return points.copy()

    def drifted_mm(self, frame: float) -> Points:
        """Return the drift since frame 0, (x, y), reference mm, y down."""
        return np.asarray(self.drift_mm_s) * (frame * self.frame_time_s)

    def _advance(self, points: Points, frame: int, sign: int) -> Points:
        # In the frame that drifts along, the vortices rest. A point is one complex number there.
        placed = self.layout.to_mm(points) - self.drifted_mm(frame)
        place = placed[:, 0] + 1j * placed[:, 1]
        time = sign * self.frame_time_s / SUBSTEPS
        place = self._turn(place, 0, 0.5 * time)
        for substep in range(SUBSTEPS):
            place = self._turn(place, 1, time)
            # The last half turn of a substep and the first of the next are one.
            place = self._turn(place, 0, time if substep < SUBSTEPS - 1 else 0.5 * time)
        placed = np.stack([place.real, place.imag], axis=1)
        return self.layout.to_px(placed + self.drifted_mm(frame + sign))

    def _turn(
        self, place: NDArray[np.complex128], vortex: int, time: float
    ) -> NDArray[np.complex128]:
        centre = complex(*self.centres_mm[vortex])
        arm = place - centre
        squared = arm.real**2 + arm.imag**2
        # y points down: counter-clockwise on the screen is a negative complex angle.
        angle = -time * turning_rate(squared, self.circulation[vortex], self.core_mm)
        turned: NDArray[np.complex128] = centre + arm * (np.cos(angle) + 1j * np.sin(angle))
        return turned


@dataclass(frozen=True)
class JetMotion(DirectMotion):
    """An inflow jet towards the apex: parallel, of Gaussian profile, rising and falling once.

    Attributes:
        layout: Of the view.
        frame_time_s: s.
        cycle: Frames from rest to rest.
        axis_px: x of the jet's axis, px.
        width_px: Standard deviation of its profile, px.
        peak_px_s: Speed on the axis at mid-cycle, px/s, upwards.
    """

    layout: Layout
    frame_time_s: float
    cycle: int
    axis_px: float
    width_px: float
    peak_px_s: float

    def forward(self, points: Points, frame: int) -> Points:
        """Carry along the axis; the distance from it does not change."""
        return points - self._travelled(points, frame)

    def inverse(self, points: Points, frame: int) -> Points:
        """Carry back."""
        return points + self._travelled(points, frame)

    def speed_px_s(self, frame: float) -> float:
        """Return the speed on the axis at a frame, px/s."""
        return self.peak_px_s * float(np.sin(np.pi * frame / self.cycle) ** 2)

    def _travelled(self, points: Points, frame: int) -> Points:
        phase = frame / self.cycle
        beat = self.cycle * self.frame_time_s
        reach = self.peak_px_s * beat * 0.5 * (phase - np.sin(2 * np.pi * phase) / (2 * np.pi))
        profile = np.exp(-0.5 * ((points[:, 0] - self.axis_px) / self.width_px) ** 2)
        return np.stack([np.zeros_like(profile), reach * profile], axis=1)
