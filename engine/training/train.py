"""Train a network within a wall-clock budget; stop and go on as you like."""

from __future__ import annotations

import copy
import math
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from engine.errors import ConvergenceError, InputError, ResourceError
from engine.progress import NullProgress, Progress, Step
from engine.registration.network import MotionUNet, PaperUNet, lay_channels_last
from engine.registration.weights import Network, Provenance, save_weights
from engine.training.config import (
    TrainingConfig,
    TrainingMethod,
    TrainingRecord,
    TrainingResult,
)
from engine.training.objectives import Loop, Objective, SupervisedMotion, UnsupervisedLikeness
from engine.training.shards import ShardPool, fill_pool
from engine.training.simulator import SIMULATOR_VERSION

_AVERAGING = 0.999
_WARM_UP_STEPS = 200
_CLIP = 2.0
_RECORD_SECONDS = 30.0


def train(
    config: TrainingConfig, progress: Progress | None = None, loops: Sequence[Loop] = ()
) -> TrainingResult:
    """Train a network and write its weights with their provenance.

    Simulated pairs are made by a process of its own into ``config.work``; the running average of
    the weights is what is written, at every checkpoint and at the end. A cancelled training
    keeps its checkpoint and goes on from there next time.

    Args:
        config: What, how long, where to.
        progress: Is told of the steps; may cancel.
        loops: For ``voxelmorph``: loops ``(T, H, W)`` uint8 to learn from instead of simulated
            pairs.

    Returns:
        The weight file, its provenance and the history.
    """
    progress = progress or NullProgress()
    if loops and config.method is not TrainingMethod.VOXELMORPH:
        raise InputError("Loops serve the method 'voxelmorph' alone: real loops have no truth.")
    torch.manual_seed(config.seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    try:
        with _simulating(config, needed=not loops):
            run = _Run(config, progress, loops)
            return run.train()
    finally:
        torch.set_num_threads(threads)


class _Run:
    """State of one training."""

    def __init__(self, config: TrainingConfig, progress: Progress, loops: Sequence[Loop]) -> None:
        self._config = config
        self._progress = progress
        self._pool = ShardPool(config.work, config.seed)
        self._waits = not loops
        self._given = len(loops)
        self._network, self._objective = _build(config, self._pool, loops)
        self._average = copy.deepcopy(self._network)
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-4
        )
        self._step = 0
        self._before = 0.0
        self._began = time.monotonic()
        self._history: list[TrainingRecord] = []
        self._sums: dict[str, tuple[float, int]] = {}

    def train(self) -> TrainingResult:
        """Step until the budget is spent, at least once."""
        self._resume()
        if self._waits:
            self._wait_for_pairs()
        self._began = time.monotonic()
        saved = recorded = self._seconds()
        budget = 60 * self._config.minutes
        now = 0.0
        while now < budget:
            self._progress.check()
            self._advance(self._seconds() / budget)
            now = self._seconds()
            if now - recorded > _RECORD_SECONDS:
                self._record(now, budget)
                recorded = now
            if now - saved > self._config.checkpoint_seconds:
                self._save()
                saved = now
        self._record(self._seconds(), budget)
        provenance = self._save()
        return TrainingResult(self._config.output, provenance, tuple(self._history))

    def _seconds(self) -> float:
        """Return the time spent training, earlier sessions included, s."""
        return self._before + time.monotonic() - self._began

    def _advance(self, spent: float) -> None:
        """Take one optimiser step; the rate follows a cosine over the budget."""
        if self._waits and self._step % 20 == 0:
            self._pool.refresh()
        cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(spent, 1.0)))
        rate = self._config.learning_rate * min(1.0, (self._step + 1) / _WARM_UP_STEPS) * cosine
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        measured = self._objective.backward()
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), _CLIP)
        if torch.isfinite(norm):
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._step += 1
        for name, value in measured.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        keep = min(_AVERAGING, (1 + self._step) / (20 + self._step))
        with torch.no_grad():
            pairs = zip(self._average.parameters(), self._network.parameters(), strict=True)
            for average, current in pairs:
                average.lerp_(current, 1 - keep)

    def _record(self, seconds: float, budget: float) -> None:
        """Average what was measured since the last record and report it."""
        values = {name: total / count for name, (total, count) in sorted(self._sums.items())}
        self._sums = {}
        if any(not math.isfinite(value) for value in values.values()):
            raise ConvergenceError(
                f"The training left the finite numbers at step {self._step}. Lower the learning"
                " rate."
            )
        self._history.append(TrainingRecord(seconds, self._step, values))
        message = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        self._progress.report(Step("training", self._step, 0, message, min(seconds / budget, 1.0)))

    def _save(self) -> Provenance:
        """Write the checkpoint and the averaged weights."""
        state = {
            "method": self._config.method.value,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self._step,
            "seconds": self._seconds(),
        }
        path = _checkpoint(self._config)
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)
        provenance = _provenance(
            self._config, self._network, self._step, self._seconds(), self._given
        )
        save_weights(self._config.output, self._average, provenance)
        return provenance

    def _resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        path = _checkpoint(self._config)
        if not path.exists():
            return
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            self._network.load_state_dict(state["network"])
            self._average.load_state_dict(state["average"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._step, self._before = int(state["step"]), float(state["seconds"])
        except (LookupError, EOFError, UnpicklingError, RuntimeError, ValueError, OSError) as error:
            raise InputError(
                f"The checkpoint {path} does not fit this training: delete it to begin anew."
            ) from error
        self._progress.notice(f"Going on from step {self._step}.")

    def _wait_for_pairs(self, patience: float = 300.0) -> None:
        """Wait until the simulator has written the first shard."""
        end = time.monotonic() + patience
        self._pool.refresh(1000)
        while not len(self._pool):
            self._progress.check()
            if time.monotonic() > end:
                raise ResourceError(f"No simulated pairs appeared in {self._config.work}.")
            time.sleep(0.2)
            self._pool.refresh(1000)


def _build(
    config: TrainingConfig, pool: ShardPool, loops: Sequence[Loop]
) -> tuple[Network, Objective]:
    """Build the network and the objective of a method."""
    if config.method is TrainingMethod.SSMSR:
        motion = MotionUNet()
        lay_channels_last(motion)
        return motion, SupervisedMotion(motion, pool, config)
    paper = PaperUNet(2)
    lay_channels_last(paper)
    return paper, UnsupervisedLikeness(paper, pool, config, loops)


def _checkpoint(config: TrainingConfig) -> Path:
    """Return where the checkpoint lies."""
    config.work.mkdir(parents=True, exist_ok=True)
    return config.work / f"checkpoint_{config.method.value}.pt"


def _provenance(
    config: TrainingConfig, network: Network, step: int, seconds: float, given: int
) -> Provenance:
    """Say how the weights came to be; of given loops no more than their number is told."""
    data = (
        "simulated pairs of frames with exact motion (sector scans of scatterers, particle images,"
        " textures); no patient data"
    )
    if given:
        data = f"neighbouring frames of {given} given loop{'s' if given > 1 else ''}"
    return Provenance(
        name=config.output.stem,
        architecture="motion_unet" if isinstance(network, MotionUNet) else "paper_unet",
        widths=network.widths if isinstance(network, MotionUNet) else (),
        command=(
            f"python main.py train --method {config.method.value} --minutes {config.minutes:g}"
            f" --seed {config.seed}" + (" --data ..." if given else "")
        ),
        data=data,
        simulator="" if given else SIMULATOR_VERSION,
        seed=config.seed,
        steps=step,
        seconds=round(seconds, 1),
        date=time.strftime("%Y-%m-%d"),
    )


@contextmanager
def _simulating(config: TrainingConfig, needed: bool) -> Iterator[None]:
    """Run the simulator in a process of its own for as long as the training lasts."""
    if not needed:
        yield
        return
    arguments = (config.work, config.seed, config.simulation, 60 * config.minutes + 600)
    process = multiprocessing.get_context("spawn").Process(
        target=fill_pool, args=arguments, daemon=True
    )
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(10)
