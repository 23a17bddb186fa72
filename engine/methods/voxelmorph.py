"""VoxelMorph: the paper's U-Net, trained beforehand, applied once at full resolution."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.device import resolve_device
from engine.errors import InputError, MissingPackageError
from engine.methods.base import Image, PairwiseMethod, Region
from engine.registration.network import PaperUNet
from engine.registration.weights import load_weights

WEIGHTS = "voxelmorph"
_TRAIN = "python main.py train --method voxelmorph --out resources/weights/voxelmorph.safetensors"


class VoxelMorph(PairwiseMethod):
    """One pass of a trained U-Net (Balakrishnan et al., IEEE TMI 2019)."""

    name = "voxelmorph"
    label = "VoxelMorph"
    description = (
        "U-Net of VoxelMorph-2, one pass; trained without supervision (squared local correlation "
        "and smoothness) on simulated speckle loops."
    )

    def missing(self) -> str | None:
        """Return how to make the weights, or None if they are there."""
        try:
            load_weights(WEIGHTS)
        except InputError as error:
            return f"{self.label}'s weights cannot be used ({error}) Run: {_TRAIN}"
        return None

    def prepare(self, config: TrackingConfig) -> None:
        """Load the weights: those of ``config.init``, else the shipped ones."""
        if config.init is None:
            super().prepare(config)
        network, _ = load_weights(config.init or WEIGHTS)
        if not isinstance(network, PaperUNet) or network.dims != 2:
            raise MissingPackageError(
                f"The weights '{config.init}' are not of a 2D VoxelMorph. Run: {_TRAIN}"
            )
        self._device = resolve_device(config.device)
        self._network = network.to(self._device).eval()

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        pair = [torch.from_numpy(image)[None, None].to(self._device) for image in (fixed, moving)]
        with torch.inference_mode():
            displacement: NDArray[np.float32] = self._network(*pair)[0].cpu().numpy()
        return displacement
