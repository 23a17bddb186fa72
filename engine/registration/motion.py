"""The default estimator: a network trained on simulated motion, fine-tuned on the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from engine.model import Scale
from engine.registration.baselines import Baselines
from engine.registration.doubt import in_doubt, refine_in_doubt
from engine.registration.finetune import FinetuneSettings, LoopTrainer
from engine.registration.main_courses import along_main_courses
from engine.registration.multiscale import Motion, Stage
from engine.registration.network import MotionEstimate, MotionUNet
from engine.registration.pairs import ImagePairs, PairBatch
from engine.registration.pyramid import scaled_size
from engine.registration.refine import refine_once
from engine.registration.second_start import (
    SEARCH_GAIN,
    SEARCH_SCALE,
    better_of,
    searched_start,
)
from engine.registration.shared_course import along_shared_courses
from engine.registration.unfold import unfolded

SECOND_START: Final = Scale.QUARTER
"""Where a patch search is tried beside the network's own motion, after each pass."""

PASSES: Final = {Scale.EIGHTH: 2, Scale.QUARTER: 4, Scale.HALF: 2, Scale.FULL: 3}
"""How often each scale is passed. At 1/4 noisy motion of many px comes in by steps, and what is not
found there finer scales seldom find."""


@dataclass(frozen=True)
class MotionSettings:
    """How the trained network is fine-tuned and its motion corrected.

    Attributes:
        finetune: Test-time training before the second pass at scale 1, where speckle is resolved
            (at coarser scales it did not help); None uses the weights as they are.
        baselines: Lengths of the windows, in pairs, over which the motion is corrected at the
            end of scale 1, one after another.
    """

    finetune: FinetuneSettings | None = None
    baselines: tuple[int, ...] = (4, 4)


class MotionEstimator:
    """Applies the network coarse to fine, weights carried from scale to scale."""

    bytes_per_pixel = 900

    def __init__(self, network: MotionUNet, settings: MotionSettings, seed: int) -> None:
        """Take the trained network; fine-tuning changes it in place.

        Args:
            network: With its trained weights.
            settings: Passes and fine-tuning.
            seed: Of the samples of the fine-tuning.
        """
        self._network = network
        self._settings = settings
        self._seed = seed

    def passes(self, scale: Scale) -> int:
        """Return how often the scale is passed."""
        return PASSES[scale]

    def train(self, pairs: ImagePairs, motion: Motion | None, run: Stage, number: int) -> int:
        """Fine-tune the network before the second pass of scale 1; see ``finetune``."""
        finetune = self._settings.finetune
        due = run.scale is Scale.FULL and number == 1
        if finetune is None or not due or motion is None or motion.log_scale is None:
            return 0
        return LoopTrainer(self._network, pairs, motion, run, finetune, self._seed).fit()

    def estimate(
        self,
        pairs: ImagePairs,
        indices: Sequence[int],
        motion: Motion | None,
        scale: Scale,
        number: int,
    ) -> Motion:
        """Return the composed motion of some pairs on the scale's grid, with its error."""
        self._network.eval()
        factor = float(scale.fraction)
        batch = pairs.at_size(indices, scaled_size(pairs.size, factor))
        previous = on_device(motion, pairs.device)
        with torch.no_grad():
            found = refine_once(self._network, batch.fixed, batch.moving, factor, previous)
            if previous is not None:
                found = better_of(batch.fixed, batch.moving, found, previous)
                if scale is Scale.FULL and number:
                    found = self._resolved(batch, previous, found)
            if scale is SECOND_START:
                searched = self._searched(pairs, indices, factor)
                found = better_of(batch.fixed, batch.moving, found, searched, SEARCH_GAIN)
        return Motion(found.displacement.clone(), found.log_scale.clone())

    def _resolved(
        self, batch: PairBatch, previous: MotionEstimate, found: MotionEstimate
    ) -> MotionEstimate:
        """Return the motion at scale 1 with pairs that were in doubt before looked at again."""
        doubted = in_doubt(previous.log_scale, batch.mask)
        if not bool(doubted.any()):
            return found
        fixed, moving = batch.fixed[doubted], batch.moving[doubted]
        before, free = (MotionEstimate(*(part[doubted] for part in of)) for of in (previous, found))
        again = refine_in_doubt(self._network, fixed, moving, before, free)
        displacement, log_scale = found.displacement.clone(), found.log_scale.clone()
        displacement[doubted], log_scale[doubted] = again
        return MotionEstimate(displacement, log_scale)

    def settles(self, scale: Scale) -> bool:
        """Return True: no scale ends with folds, and scale 1 looks at longer baselines."""
        return True

    def settle(self, pairs: ImagePairs, motion: Motion, run: Stage) -> Motion:
        """Take out folds; at scale 1 first what longer baselines and all pairs together tell."""
        if run.scale is Scale.FULL:
            lengths = self._settings.baselines
            for number, length in enumerate(lengths):
                part = run.part(number / len(lengths), 1 / len(lengths))
                motion = Baselines(self._network, pairs, motion, part).refined(length)
            if lengths:
                # Points share a course once noise beside it is gone; what bends it is told then.
                fraction = float(run.scale.fraction)
                motion = along_main_courses(pairs, motion, fraction, cautious=True)
                motion = along_shared_courses(pairs, motion, fraction)
                motion = along_main_courses(pairs, motion, fraction)
        return Motion(unfolded(motion.displacement), motion.log_scale)

    @staticmethod
    def _searched(pairs: ImagePairs, indices: Sequence[int], factor: float) -> MotionEstimate:
        """Return what a patch search finds, on the grid of a scale."""
        fine = pairs.at_size(indices, scaled_size(pairs.size, SEARCH_SCALE * factor))
        height, width = scaled_size(pairs.size, factor)
        return searched_start(fine.fixed, fine.moving, (height, width))


def on_device(motion: Motion | None, device: torch.device) -> MotionEstimate | None:
    """Return a motion as the network's own estimate on a device; None stays None."""
    if motion is None or motion.log_scale is None:
        return None
    return MotionEstimate(motion.displacement.to(device), motion.log_scale.to(device))
