"""Where a small network sees the cavity: two maps a frame, one a family of views.

The network was trained on simulated scenes alone (``engine.training.cavity``); its maps are one
more piece of evidence for the search, which keeps the shape a ventricle's. It is evaluated here
with NumPy, so that masks need no deep-learning library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from engine.errors import InputError
from engine.masks.working import WorkingLoop

Layers = NDArray[np.float32]
WEIGHTS: Final = Path(__file__).resolve().parents[2] / "resources" / "masks"
STRIDE: Final = 2
"""Working pixels per pixel of the network's finest level."""
OUTSIDE: Final = -2.0
"""Value of what lies outside the sector, in standard deviations from the loop's mean."""
FLOOR: Final = 4.0
"""Added to the loop's standard deviation, grey values: a black loop stays black."""
FAINT: Final = 0.3
"""Likelihood below which a family's maps tell nothing."""
PIECE: Final = 0.35
"""Mean likelihood over the loop that makes a piece."""
_BATCH: Final = 8


@dataclass(frozen=True, eq=False)
class Convolution:
    """One convolution of 3x3 or 1x1 px with its normalisation folded in.

    Attributes:
        weight: ``(9 or 1, O, C)`` float32: a matrix for every place of the window.
        bias: ``(O, 1)`` float32.
    """

    weight: Layers
    bias: Layers

    def __call__(self, images: Layers) -> Layers:
        """Return ``(F, H, O, W)`` of ``(F, H, C, W)``; the border is filled with zeros.

        Every row of every image is a small product of its own: no copies, and no threads of the
        linear algebra library that would wait for one another.
        """
        _, height, _, width = images.shape
        reach = 1 if len(self.weight) == 9 else 0
        padded = np.pad(images, ((0, 0), (reach, reach), (0, 0), (reach, reach)))
        total = self.bias
        for place, matrix in enumerate(self.weight):
            row, column = divmod(place, 3)
            part = padded[:, row : row + height, :, column : column + width]
            total = total + matrix @ part
        return total


@dataclass(frozen=True, eq=False)
class CavityNetwork:
    """A U-shaped network: blocks of two convolutions down, the same up, and a head.

    Attributes:
        down: Blocks from fine to coarse.
        up: Blocks from coarse to fine.
        head: Makes the two maps.
    """

    down: tuple[tuple[Convolution, Convolution], ...]
    up: tuple[tuple[Convolution, Convolution], ...]
    head: Convolution

    def __call__(self, images: Layers) -> Layers:
        """Return probabilities ``(F, H, 2, W)`` of unshuffled images ``(F, H, 8, W)``."""
        skipped: list[Layers] = []
        value = images
        for level, block in enumerate(self.down):
            value = _run(block, value if level == 0 else _halved(value))
            skipped.append(value)
        for block, skip in zip(self.up, skipped[-2::-1], strict=True):
            larger = value.repeat(2, axis=1).repeat(2, axis=3)
            value = _run(block, np.concatenate([larger, skip], axis=2))
        return np.asarray(1 / (1 + np.exp(-np.clip(self.head(value), -30, 30))), np.float32)


@dataclass(frozen=True, eq=False)
class Sighting:
    """Where the network sees the cavity, in frames spread over a loop.

    Attributes:
        frames: Their numbers, increasing, ``(K,)``.
        maps: ``(2, K, h, w)`` float32 as ``cavity_maps`` returns them.
    """

    frames: NDArray[np.int64]
    maps: Layers

    def of(self, wanted: NDArray[np.int64], *, closed: bool) -> Layers:
        """Return the maps nearest in time to some frames, ``(F, h, w)``.

        Args:
            wanted: Frame numbers, ``(F,)``.
            closed: Whether of the short-axis family.
        """
        nearest = np.abs(self.frames[None] - wanted[:, None]).argmin(1)
        return np.asarray(self.maps[int(closed)][nearest], np.float32)


def sight(loop: WorkingLoop, frames: NDArray[np.int64]) -> Sighting:
    """Return what the shipped network sees in some frames of a loop."""
    return Sighting(frames, cavity_maps(loop, frames))


@lru_cache(maxsize=2)
def load_cavity_network(path: Path = WEIGHTS / "cavity.safetensors") -> CavityNetwork:
    """Read a network from its file.

    Args:
        path: Written by ``engine.training.cavity``.

    Raises:
        InputError: If the file is missing or holds something else.
    """
    try:
        stored = load_file(path)
        weights = {key: np.asarray(value, np.float32) for key, value in stored.items()}
        levels = sum(key.startswith("down.") and key.endswith(".0.weight") for key in weights)
        return CavityNetwork(
            tuple(_block(weights, f"down.{level}") for level in range(levels)),
            tuple(_block(weights, f"up.{level}") for level in range(levels - 1)),
            _convolution(weights, "head"),
        )
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(
            f"The network that finds the heart cannot be read from {path.name}: reinstall the "
            "program, or give three points."
        ) from error


def cavity_maps(
    loop: WorkingLoop, frames: NDArray[np.int64], network: CavityNetwork | None = None
) -> Layers:
    """Return how likely each place is the left ventricle's cavity.

    Args:
        loop: At the height that the network was trained with (112 px), smoothed.
        frames: Frames wanted.
        network: The shipped one if None.

    Returns:
        ``(2, K, h, w)`` float32 in 0 to 1: in an apical view, and in a short-axis view; zeros
        where the network sees none.
    """
    network = network or load_cavity_network()
    height, width = loop.size
    values = loop.frames[:, loop.sector]
    scale = 1 / (float(values.std()) + FLOOR)
    level = float(values.mean())

    def normalised(images: Layers) -> Layers:
        return np.where(loop.sector, (images - level) * scale, OUTSIDE).astype(np.float32)

    coarsest = STRIDE * 2 ** (len(network.down) - 1)
    extra_rows, extra = -height % coarsest, -width % coarsest
    margin = ((0, 0), (0, extra_rows), (extra // 2, extra - extra // 2))
    mean = np.pad(normalised(loop.frames.mean(0, keepdims=True)), margin, constant_values=OUTSIDE)
    found = []
    for first in range(0, len(frames), _BATCH):
        part = normalised(loop.frames[frames[first : first + _BATCH]])
        part = np.pad(part, margin, constant_values=OUTSIDE)
        both = np.stack([part, np.broadcast_to(mean, part.shape)], axis=2)
        found.append(network(_unshuffled(both)))
    maps = np.concatenate(found).transpose(2, 0, 1, 3).repeat(STRIDE, axis=2).repeat(STRIDE, axis=3)
    maps = maps[:, :, :height, extra // 2 : extra // 2 + width]
    return np.stack([_told(family) for family in maps])


def _told(family: Layers) -> Layers:
    """Return what one family's maps tell: scaled to 1 at their peak, or nothing if all are faint.

    A faint map would reward small shapes.
    """
    peak = float(np.percentile(family, 99.5))
    if peak < FAINT:
        return np.zeros_like(family)
    scaled = np.minimum(family / peak, 1)
    return np.asarray(scaled * _largest_piece(scaled.mean(0)), np.float32)


def _largest_piece(mean: Layers) -> NDArray[np.bool_]:
    """Return where the heaviest piece of a mean map lies, and a margin around it.

    The right ventricle or an atrium may light up too, but in a piece of its own.
    """
    bright = (mean > PIECE).astype(np.uint8)
    count, labels = cv2.connectedComponents(bright, connectivity=4)
    if count < 3:
        return np.ones(mean.shape, np.bool_)
    mass = np.bincount(labels.ravel(), mean.ravel(), count)
    piece = (labels == 1 + int(mass[1:].argmax())).astype(np.uint8)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    others = (bright > 0) & (piece == 0)
    kept: NDArray[np.bool_] = (cv2.dilate(piece, disk) > 0) & ~others
    return kept


def _run(block: tuple[Convolution, Convolution], images: Layers) -> Layers:
    for convolution in block:
        images = np.maximum(convolution(images), 0)
    return images


def _halved(images: Layers) -> Layers:
    """Return the largest of every 2x2 pixels."""
    frames, height, channels, width = images.shape
    split = images.reshape(frames, height // 2, 2, channels, width // 2, 2)
    return np.asarray(split.max((2, 5)), np.float32)


def _unshuffled(images: Layers) -> Layers:
    """Return the four pixels of every 2x2 as channels of their own, ``(F, H/2, 4 C, W/2)``."""
    frames, height, channels, width = images.shape
    split = images.reshape(frames, height // 2, 2, channels, width // 2, 2)
    return split.transpose(0, 1, 3, 2, 5, 4).reshape(frames, height // 2, 4 * channels, width // 2)


def _block(weights: dict[str, Layers], name: str) -> tuple[Convolution, Convolution]:
    return _convolution(weights, f"{name}.0"), _convolution(weights, f"{name}.1")


def _convolution(weights: dict[str, Layers], name: str) -> Convolution:
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    matrices = weight.transpose(2, 3, 0, 1).reshape(-1, weight.shape[0], weight.shape[1])
    return Convolution(np.ascontiguousarray(matrices), bias[:, None])
