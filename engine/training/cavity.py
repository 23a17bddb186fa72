"""Train the network that sees the cavity, on simulated scenes, and write its weights.

The network is the one that ``engine.masks.cavity_network`` evaluates; here it is a PyTorch module
with batch normalisation, which is folded into the convolutions when the weights are written.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.config import check_bounds, setting
from engine.io.atomic import atomic_path
from engine.masks.cavity_network import FLOOR, OUTSIDE, STRIDE
from engine.progress import Progress, Step
from engine.training.cavity_hearts import ApicalHeart, Heart
from engine.training.cavity_image import Scanner, beat
from engine.training.cavity_short_axis import ShortAxisHeart
from engine.training.cavity_variety import varied

HEIGHT: Final = 112
WIDTH: Final = 128
WIDTHS: Final = (20, 32, 48, 64)
"""Channels at strides 2, 4, 8 and 16."""
_RENDERED: Final = 6
_USED: Final = 3
_SCENES: Final = 50_000_000
"""Seed of the first scene that is trained on; those below are for tests."""


@dataclass(frozen=True)
class CavityTraining:
    """How long and how fast to train.

    Attributes:
        steps: Optimiser steps.
        loops: Simulated loops of a step; three frames of each are used.
        rate: Highest learning rate.
        seed: Of weights and scenes.
    """

    steps: int = setting(1300, "Steps", "Of the optimiser", minimum=1, maximum=1_000_000)
    loops: int = setting(8, "Loops", "Of a step", minimum=1, maximum=1000)
    rate: float = setting(3e-3, "Rate", "Highest", minimum=1e-6, maximum=1)
    seed: int = setting(0, "Seed", "Of all draws", minimum=0, maximum=2**31 - 1)

    def __post_init__(self) -> None:
        check_bounds(self)


class CavityModule(nn.Module):
    """A U-shaped network on images whose 2x2 pixels became channels."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        """Make a network with channels ``widths`` from fine to coarse."""
        super().__init__()
        inputs = (2 * STRIDE**2, *widths[:-1])
        self.down = nn.ModuleList(_block(a, b) for a, b in zip(inputs, widths, strict=True))
        steps = zip(widths[:0:-1], widths[-2::-1], strict=True)
        self.up = nn.ModuleList(_block(coarse + fine, fine) for coarse, fine in steps)
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(B, 2, H/2, W/2)`` of frames and loop means ``(B, 2, H, W)``."""
        value = functional.pixel_unshuffle(images, STRIDE)
        skipped: list[Tensor] = []
        for level, block in enumerate(self.down):
            value = block(value if level == 0 else functional.max_pool2d(value, 2))
            skipped.append(value)
        for block, skip in zip(self.up, skipped[-2::-1], strict=True):
            larger = functional.interpolate(value, scale_factor=2.0, mode="nearest")
            value = block(torch.cat([larger, skip], dim=1))
        return cast("Tensor", self.head(value))


def train_cavity_network(config: CavityTraining, path: Path, progress: Progress) -> float:
    """Train and write the weights; return the running mean of the loss at the end.

    Args:
        config: Length, rate and seed.
        path: ``.safetensors`` file to write.
        progress: Told of every step; may cancel.

    Raises:
        OutputError: If the file cannot be written.
    """
    torch.manual_seed(config.seed)
    module = CavityModule()
    optimiser = torch.optim.AdamW(module.parameters(), config.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.rate, max(2, config.steps), pct_start=0.1
    )
    running = 0.0
    for step in range(config.steps):
        progress.check()
        first = (_SCENES + config.seed * _SCENES // 5) + config.loops * step
        images, cavities = _batch(range(first, first + config.loops))
        loss = cavity_loss(module(images), cavities)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        running += (loss.item() - running) * max(0.02, 1 / (step + 1))
        progress.report(Step("cavity network", step + 1, config.steps, f"loss {running:.3f}"))
    write_cavity_weights(module, path, config)
    return running


def cavity_loss(logits: Tensor, cavities: Tensor) -> Tensor:
    """Return cross-entropy plus one minus Dice, the mean over the batch.

    Args:
        logits: ``(B, 2, H/2, W/2)``.
        cavities: ``(B, 2, H, W)``, 0 to 1.
    """
    wanted = functional.avg_pool2d(cavities, STRIDE)
    likely = torch.sigmoid(logits)
    common = (likely * wanted).sum((1, 2, 3))
    dice = (2 * common + 1) / ((likely + wanted).sum((1, 2, 3)) + 1)
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted)
    return entropy + (1 - dice).mean()


def simulated_frames(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return three frames of one simulated loop with the loop's mean, and their cavities.

    Args:
        seed: Of heart, scanner and speckle.

    Returns:
        ``(3, 2, 112, 128)`` normalised frame and mean, and ``(3, 2, 112, 128)`` cavities in an
        apical and in a short-axis view, 0 to 1.
    """
    rng = np.random.default_rng(seed)
    heart: Heart = ShortAxisHeart(rng) if rng.random() < 0.2 else ApicalHeart(rng)
    scanner = Scanner(rng, HEIGHT)
    phases = beat(_RENDERED, float(rng.integers(0, 3)) / 18)
    frames, cavities = scanner.scan(heart, phases, rng)
    frames, cavities, sector = varied(frames, cavities, scanner.sector, rng)
    sigma = rng.uniform(0.8, 1.5)
    frames = np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames])
    if rng.random() < 0.4:
        wide = round(frames.shape[2] * rng.uniform(0.75, 1.25))
        frames = np.stack([cv2.resize(frame, (wide, HEIGHT)) for frame in frames])
        cavities = np.stack([cv2.resize(frame, (wide, HEIGHT)) for frame in cavities])
        sector = cv2.resize(sector.astype(np.float32), (wide, HEIGHT)) > 0.5
    seen = frames[:, sector]
    frames = np.where(sector, (frames - seen.mean()) / (seen.std() + FLOOR), OUTSIDE)
    mean = np.broadcast_to(frames.mean(0), frames.shape)
    images = _placed(np.stack([frames, mean], axis=1), OUTSIDE)
    wanted = np.zeros_like(images)
    wanted[:, int(heart.short_axis)] = _placed(cavities[:, None], 0.0)[:, 0]
    if rng.random() < 0.5:
        images, wanted = images[..., ::-1], wanted[..., ::-1]
    used = rng.choice(_RENDERED, _USED, replace=False)
    return images[used].astype(np.float32), wanted[used].astype(np.float32)


def write_cavity_weights(module: CavityModule, path: Path, config: CavityTraining) -> None:
    """Write the network with its normalisation folded in, and how it was made.

    Args:
        module: Trained.
        path: File to write.
        config: Kept in the file's metadata.

    Raises:
        OutputError: If the file cannot be written.
    """
    stored: dict[str, NDArray[np.generic]] = {}
    for name, blocks in (("down", module.down), ("up", module.up)):
        for level, block in enumerate(blocks):
            for place, index in enumerate((0, 3)):
                layers = cast("nn.Sequential", block)
                convolution = cast("nn.Conv2d", layers[index])
                norm = cast("nn.BatchNorm2d", layers[index + 1])
                weight, bias = _folded(convolution, norm)
                stored[f"{name}.{level}.{place}.weight"] = weight.numpy().astype(np.float16)
                stored[f"{name}.{level}.{place}.bias"] = bias.numpy().astype(np.float32)
    stored["head.weight"] = module.head.weight.detach().numpy().astype(np.float16)
    stored["head.bias"] = cast("Tensor", module.head.bias).detach().numpy().astype(np.float32)
    facts = {
        "name": "cavity",
        "data": "simulated apical and short-axis scenes (engine.training.cavity)",
        "licence": "Apache-2.0",
        "training": json.dumps(asdict(config)),
    }
    with atomic_path(path) as temporary:
        save_file(stored, temporary, metadata=facts)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution followed by its normalisation."""
    mean, variance = cast("Tensor", norm.running_mean), cast("Tensor", norm.running_var)
    factor = norm.weight.detach() / torch.sqrt(variance + norm.eps)
    weight = convolution.weight.detach() * factor[:, None, None, None]
    return weight, norm.bias.detach() - mean * factor


def _batch(seeds: range) -> tuple[Tensor, Tensor]:
    pairs = [simulated_frames(seed) for seed in seeds]
    images, cavities = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return torch.from_numpy(images), torch.from_numpy(cavities)


def _placed(images: NDArray[np.floating], value: float) -> NDArray[np.float64]:
    """Return images ``(..., 112, w)`` in the middle of ones 128 px wide, cut or filled."""
    wide = images.shape[-1]
    if wide >= WIDTH:
        start = (wide - WIDTH) // 2
        return np.asarray(images[..., start : start + WIDTH], np.float64)
    result = np.full((*images.shape[:-1], WIDTH), value, np.float64)
    start = (WIDTH - wide) // 2
    result[..., start : start + wide] = images
    return result
