"""SSMSR: self-supervision optimised multi-scale registration of a loop (the paper's section II).

The default preset starts from weights trained on simulated motion and fine-tunes them on the
loop; the ``paper`` preset follows the paper's settings; ``preview`` does the coarse scales only.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import Preset, TrackingConfig
from engine.device import resolve_device
from engine.errors import InputError
from engine.methods.base import check_pair_count
from engine.model import Cine, Mask, Scale, ScaleField
from engine.progress import Progress
from engine.registration.finetune import FinetuneSettings
from engine.registration.motion import MotionEstimator, MotionSettings
from engine.registration.multiscale import Estimator, ScaleEstimate, register
from engine.registration.network import MotionUNet, PaperUNet, lay_channels_last
from engine.registration.pairs import ImagePairs
from engine.registration.paper import PaperEstimator, PaperSettings
from engine.registration.quality import bounding_box, field_quality
from engine.registration.temporal import (
    LARGEST_ERROR,
    LARGEST_ERROR_OF_FLOW,
    TemporalSupport,
)
from engine.registration.weights import load_weights
from engine.registration.working_size import (
    enlarged,
    enlarged_mask,
    is_cavity,
    working_factor,
)

MARGIN_PX = 48
"""Border kept around the mask's box, so that windows and network see beyond the mask, px as
enlarged."""

Box = tuple[slice, slice]
Network = TypeVar("Network", bound=torch.nn.Module)


class Ssmsr:
    """The product's method."""

    name = "ssmsr"
    label = "SSMSR"
    description = (
        "Test-time training, coarse to fine over four scales; starts from weights trained on "
        "simulated motion of simulated speckle."
    )

    def missing(self) -> str | None:
        """Return None: all that the method needs comes with the product."""
        return None

    def track(
        self, cine: Cine, mask: Mask, config: TrackingConfig, progress: Progress
    ) -> tuple[ScaleField, ...]:
        """Track a loop.

        Args:
            cine: At least two frames.
            mask: One mask a frame; it weighs the loss and bounds what is computed.
            config: Preset, scales, device, seed, weights.
            progress: Every finished scale arrives as a partial ``ScaleField``.

        Returns:
            One field a scale, coarse to fine.

        Raises:
            InputError: If the loop has one frame, or mask and loop differ in shape.
            Cancelled: If a stop was asked for.
            ResourceError: If memory or the device is missing.
        """
        check_pair_count(cine, mask)
        device = resolve_device(config.device)
        factor = 1.0 if config.preset is Preset.PAPER else working_factor(mask.data)
        box = mask_box(mask.data, factor)
        pairs = image_pairs(cine.frames, mask.data, box, device, factor)
        fields: list[ScaleField] = []

        def keep(estimate: ScaleEstimate) -> None:
            item = _scale_field(estimate, cine.frames, mask.data, box)
            fields.append(item)
            progress.partial(item)

        scales = [Scale(key) for key in config.scales]
        refine = _temporal_support(cine, mask, pairs, config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            estimator = make_estimator(config, device)
            register(pairs, estimator, scales, progress, keep, refine)
        return tuple(fields)


def make_estimator(config: TrackingConfig, device: torch.device) -> Estimator:
    """Build the estimator of a preset, with its weights.

    Raises:
        InputError: If the weights do not fit the preset's network.
    """
    if config.preset is Preset.PAPER:
        network = PaperUNet(2)
        if config.init is not None:
            network = _weights(config.init, PaperUNet)
        settings = PaperSettings() if config.test_time_training else PaperSettings(steps=0)
        return PaperEstimator(network.to(device), settings, config.seed)
    motion = _weights(config.init or "motion_unet", MotionUNet)
    lay_channels_last(motion)
    trains = config.test_time_training and config.preset is Preset.DEFAULT
    choice = MotionSettings(finetune=FinetuneSettings() if trains else None)
    return MotionEstimator(motion.to(device), choice, config.seed)


def _weights(source: str | Path, kind: type[Network]) -> Network:
    """Load weights and make sure that they belong to a kind of network."""
    network, _ = load_weights(source)
    if not isinstance(network, kind):
        raise InputError(
            f"The weights '{source}' are of a {type(network).__name__}, but this preset needs "
            f"a {kind.__name__}."
        )
    return network


def image_pairs(
    frames: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    box: Box,
    device: torch.device,
    factor: float = 1.0,
) -> ImagePairs:
    """Return the pairs of neighbouring frames within a box.

    Args:
        frames: ``(T, H, W)``.
        mask: ``(T, H, W)``.
        box: Rows and columns that are computed.
        device: Where batches are computed.
        factor: By how much they are enlarged; see ``working_factor``.
    """
    cropped = torch.from_numpy(np.array(enlarged(frames[(slice(None), *box)], factor)))
    inside = torch.from_numpy(np.array(enlarged_mask(mask[(slice(None), *box)], factor)))
    return ImagePairs(cropped[1:], cropped[:-1], inside[1:], device)


def mask_box(mask: NDArray[np.bool_], factor: float = 1.0) -> Box:
    """Return the box of a mask ``(T, H, W)`` over all frames, with a margin, within the image.

    The margin is ``MARGIN_PX`` once the box is enlarged by the factor.
    """
    return bounding_box(np.asarray(mask.any(axis=0)), math.ceil(MARGIN_PX / factor))


def _temporal_support(
    cine: Cine, mask: Mask, pairs: ImagePairs, config: TrackingConfig
) -> TemporalSupport | None:
    """Return the support through time, where it is asked for."""
    if not config.temporal or config.preset is Preset.PAPER:
        return None
    intervals = cine.frame_intervals_s
    if intervals is None:
        intervals = np.ones(len(cine.frames) - 1)
    scaled = torch.from_numpy(intervals / intervals.mean()).float()
    largest = LARGEST_ERROR_OF_FLOW if is_cavity(mask.data) else LARGEST_ERROR
    return TemporalSupport(scaled, pairs.mask, largest)


def _scale_field(
    estimate: ScaleEstimate, frames: NDArray[np.uint8], mask: NDArray[np.bool_], box: Box
) -> ScaleField:
    """Paste the box's estimate into full-size arrays and measure its fit.

    Beyond the box the nearest value continues, so that paths near its border meet no jump.
    """
    padding = _outside(box, frames.shape[1:])
    size = tuple(int(part.stop - part.start) for part in box)
    inner, error = estimate.full_size(size)
    displacement = np.pad(inner.numpy(), ((0, 0), (0, 0), *padding), mode="edge")
    uncertainty = None
    if error is not None:
        uncertainty = np.pad(error.numpy(), ((0, 0), *padding), mode="edge")
    quality = field_quality(frames, displacement, mask)
    return ScaleField(
        estimate.scale,
        displacement,
        uncertainty,
        seconds=estimate.seconds,
        steps=estimate.steps,
        mse=quality.mse,
        nlcc=quality.nlcc,
        folding=quality.folding,
    )


def _outside(box: Box, size: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return how many pixels lie before and after the box along each axis."""
    return tuple(
        (int(part.start), int(length - part.stop)) for part, length in zip(box, size, strict=True)
    )
