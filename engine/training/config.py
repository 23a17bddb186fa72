"""Settings and result of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.config import check_bounds, setting
from engine.registration.weights import Provenance
from engine.training.simulator import SimulationConfig


class TrainingMethod(StrEnum):
    """Which network is trained, and how."""

    SSMSR = "ssmsr"
    VOXELMORPH = "voxelmorph"


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Attributes:
        output: Weight file to write (``.safetensors``).
        work: Folder of the simulated pairs and the checkpoint; a training that was stopped goes
            on from there.
        method: ``ssmsr``: the motion network, supervised by simulated motion; ``voxelmorph``: the
            paper's U-Net, unsupervised (similarity and smoothness).
        minutes: Wall-clock budget; the learning rate falls to zero over it.
        seed: Of the simulator, the batches and the first weights.
        batch: Pairs a step.
        crop: Side of the crop at full resolution, px.
        learning_rate: Greatest learning rate of AdamW.
        threads: Of the trainer; the simulator runs in a process of its own.
        smoothness_weight: Lambda of the unsupervised loss.
        window: Window of the similarity of the unsupervised loss, px.
        checkpoint_seconds: Time between checkpoints, s.
        simulation: What pairs are drawn.
    """

    output: Path
    work: Path
    method: TrainingMethod = TrainingMethod.SSMSR
    minutes: float = setting(
        80.0, "Time", "Wall-clock budget", minimum=0.01, maximum=10000, unit="min"
    )
    seed: int = setting(0, "Seed", "Of every random number", minimum=0, maximum=2**31 - 1)
    batch: int = setting(8, "Batch", "Pairs a step", minimum=1, maximum=512)
    crop: int = setting(128, "Crop", "Side at full resolution", minimum=32, maximum=512, unit="px")
    learning_rate: float = setting(
        1e-3, "Learning rate", "Greatest rate of AdamW", minimum=1e-7, maximum=0.1
    )
    threads: int = setting(1, "Threads", "Of the trainer", minimum=1, maximum=256)
    smoothness_weight: float = setting(
        10.0, "Smoothness", "Lambda of the unsupervised loss", minimum=0, maximum=1e6
    )
    window: int = setting(6, "Window", "Of the similarity", minimum=1, maximum=101, unit="px")
    checkpoint_seconds: float = setting(
        120.0, "Checkpoint", "Time between checkpoints", minimum=0.1, maximum=1e6, unit="s"
    )
    simulation: SimulationConfig = field(default_factory=SimulationConfig)

    def __post_init__(self) -> None:
        """Check the bounds."""
        check_bounds(self)


@dataclass(frozen=True)
class TrainingRecord:
    """One line of a training's history.

    Attributes:
        seconds: Since the beginning, s.
        step: Optimiser steps so far.
        values: What was measured, by name ("1/8.0", "loss").
    """

    seconds: float
    step: int
    values: dict[str, float]


@dataclass(frozen=True)
class TrainingResult:
    """What a training made.

    Attributes:
        output: The weight file.
        provenance: As written into it.
        history: Measurements over time.
    """

    output: Path
    provenance: Provenance
    history: tuple[TrainingRecord, ...]
