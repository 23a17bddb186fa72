"""The default estimator: a network trained on simulated motion, fine-tuned on the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.model import Scale
from engine.registration.multiscale import Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs


@dataclass(frozen=True)
class MotionSettings:
    """How the trained network is applied and fine-tuned.

    Attributes:
        full_passes: Passes at scale 1.
        steps: Steps of test-time training at each scale; 0 uses the weights as they are.
        learning_rate: Of the fine-tuning.
    """

    full_passes: int = 2
    steps: int = 0
    learning_rate: float = 1e-4


class MotionEstimator:
    """Applies the network coarse to fine, weights carried from scale to scale."""

    bytes_per_pixel = 900

    def __init__(self, network: MotionUNet, settings: MotionSettings, seed: int) -> None:
        """Take the trained network; fine-tuning changes it in place.

        Args:
            network: With its trained weights.
            settings: Passes and fine-tuning.
            seed: Of the order of the pairs.
        """
        self._network = network
        self._settings = settings
        self._seed = seed

    def passes(self, scale: Scale) -> int:
        """Return how often the scale is passed."""
        return self._settings.full_passes if scale is Scale.FULL else 1

    def train(self, pairs: ImagePairs, displacement: Tensor, scale: Scale, run: Stage) -> int:
        """Fine-tune the network on the pairs."""
        return 0

    def residual(
        self, pairs: ImagePairs, indices: Sequence[int], displacement: Tensor, scale: Scale
    ) -> MotionEstimate:
        """Estimate the residual of some pairs, ``(n, 2, *size)``, px of the scale."""
        self._network.eval()
        factor = float(scale.fraction)
        batch = pairs.at_scale(indices, displacement, factor)
        with torch.inference_mode():
            estimate = self._network(batch.fixed, batch.moving, factor)
        return MotionEstimate(estimate.displacement.clone(), estimate.log_scale.clone())
