"""A phantom: a cine with everything that is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.arrays import frozen_array
from engine.model.cine import Cine
from engine.model.mask import Contours
from engine.model.view import Target, View
from engine.phantom.config import PhantomConfig
from engine.phantom.flow_truth import FlowTruth
from engine.phantom.motion import Motion, Points
from engine.phantom.strain_truth import StrainTruth


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated loop and its truth.

    Attributes:
        config: How it was made.
        cine: The loop, with spacing, times and R times.
        displacement: Exact pull-back, ``(T-1, 2, H, W)`` float32, (x, y), px: ``[k]`` lives on
            frame k+1 and points to where its material was at frame k.
        mask: Where the truth counts, ``(T, H, W)``: the wall (or all tissue), or the cavity's
            blood in a flow phantom; within the fan.
        cavity: The left ventricle's cavity within the fan, ``(T, H, W)``; empty without anatomy.
        motion: The map of the material.
        target: What moves: tissue or blood.
        ed_frame: End-diastole.
        es_frame: End-systole (largest contraction).
        contours: Moving material curves; None without anatomy.
        midwall: Material curve half-way between both, ``(T, N, 2)``, px; None without anatomy.
        strain: Strain of the contours; None without anatomy or for blood.
        flow: Truth of the blood; None for tissue.
        volume_ml: Volume of the cavity by disks, ``(T,)``, mL; None but for apical tissue.
        view: The view that the picture shows; None without anatomy.
    """

    config: PhantomConfig
    cine: Cine
    displacement: NDArray[np.float32]
    mask: NDArray[np.bool_]
    cavity: NDArray[np.bool_]
    motion: Motion
    target: Target
    ed_frame: int
    es_frame: int
    contours: Contours | None = None
    midwall: NDArray[np.float64] | None = None
    strain: StrainTruth | None = None
    flow: FlowTruth | None = None
    volume_ml: NDArray[np.float64] | None = None
    view: View | None = None

    def __post_init__(self) -> None:
        shape = self.cine.shape
        field = (shape[0] - 1, 2, *shape[1:])
        displacement = frozen_array(self.displacement, "displacement", np.float32, field)
        object.__setattr__(self, "displacement", displacement)
        for name in ("mask", "cavity"):
            mask = frozen_array(getattr(self, name), name, np.bool_, shape)
            object.__setattr__(self, name, mask)

    def material_path(self, points: Points) -> Points:
        """Follow material of frame 0 through the loop.

        Args:
            points: ``(N, 2)``, (x, y), px.

        Returns:
            Its places, ``(T, N, 2)``, px.
        """
        place = np.asarray(points, np.float64)
        path = [place]
        for frame in range(1, self.cine.shape[0]):
            if self.flow is None:
                path.append(self.motion.forward(path[0], frame))
            else:
                path.append(self.motion.step(path[-1], frame - 1))
        return np.stack(path)

    def error(self, displacement: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the endpoint error of a field, ``(T-1, H, W)``, px."""
        error: NDArray[np.float32] = np.linalg.norm(displacement - self.displacement, axis=1)
        return error

    def mean_error(self, displacement: NDArray[np.float32]) -> float:
        """Return the endpoint error over the masks of all fixed frames, px."""
        return float(self.error(displacement)[self.mask[1:]].mean())
