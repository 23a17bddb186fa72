"""A rotating pool of simulated pairs on disk, so that training never waits for the simulator."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.training.simulator import SimulatedPair, SimulationConfig, simulate_pair

SHARD_PAIRS = 16


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs stacked.

    Attributes:
        fixed: ``(N, S, S)`` uint8.
        moving: ``(N, S, S)`` uint8.
        displacement: Pull-back ``(N, 2, S, S)`` float16, px.
        weight: ``(N, S, S)`` uint8, 255 is full weight.
    """

    fixed: NDArray[np.uint8]
    moving: NDArray[np.uint8]
    displacement: NDArray[np.float16]
    weight: NDArray[np.uint8]


def stack_pairs(pairs: list[SimulatedPair]) -> Batch:
    """Stack pairs into a batch."""
    return Batch(
        np.stack([pair.fixed for pair in pairs]),
        np.stack([pair.moving for pair in pairs]),
        np.stack([pair.displacement for pair in pairs]).astype(np.float16),
        np.stack([np.round(255 * pair.weight).astype(np.uint8) for pair in pairs]),
    )


def write_shard(path: Path, batch: Batch) -> None:
    """Write a shard under a temporary name, then rename it, so that none is read half written."""
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as stream:
        np.savez(
            stream,
            fixed=batch.fixed,
            moving=batch.moving,
            displacement=batch.displacement,
            weight=batch.weight,
        )
    temporary.replace(path)


def read_shard(path: Path) -> Batch:
    """Read a shard."""
    try:
        with np.load(path) as stored:
            return Batch(
                stored["fixed"], stored["moving"], stored["displacement"], stored["weight"]
            )
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"The training shard {path} cannot be read: delete it.") from error


def fill_pool(
    directory: Path, seed: int, config: SimulationConfig, seconds: float, most: int = 192
) -> None:
    """Simulate pairs until the time is over, replacing the oldest shards.

    Args:
        directory: Where shards lie.
        seed: Of this run's random numbers.
        config: What to simulate.
        seconds: How long.
        most: Greatest number of shards.
    """
    cv2.setNumThreads(1)
    directory.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    index = 0
    while time.monotonic() < end:
        random = np.random.default_rng((seed, index))
        pairs = [simulate_pair(random, config) for _ in range(SHARD_PAIRS)]
        write_shard(directory / f"shard_{index % most:04d}.npz", stack_pairs(pairs))
        index += 1


class ShardPool:
    """Shards held in memory, refreshed from the directory as they are written."""

    def __init__(self, directory: Path, seed: int) -> None:
        """Open a pool.

        Args:
            directory: Where shards lie.
            seed: Of the choice of batches.
        """
        self._directory = directory
        self._random = np.random.default_rng(seed)
        self._shards: dict[str, tuple[int, Batch]] = {}

    def __len__(self) -> int:
        """Return the number of pairs held."""
        return SHARD_PAIRS * len(self._shards)

    def refresh(self, most: int = 4) -> None:
        """Read up to ``most`` new or rewritten shards."""
        for path in sorted(self._directory.glob("shard_*.npz")):
            if most <= 0:
                return
            stamp = path.stat().st_mtime_ns
            if path.name in self._shards and self._shards[path.name][0] == stamp:
                continue
            self._shards[path.name] = (stamp, read_shard(path))
            most -= 1

    def draw(self, count: int) -> Batch:
        """Draw a batch of ``count`` pairs, each from a random shard."""
        if not self._shards:
            raise InputError(f"There are no training shards in {self._directory}.")
        names = list(self._shards)
        chosen = []
        for _ in range(count):
            shard = self._shards[names[int(self._random.integers(len(names)))]][1]
            chosen.append((shard, int(self._random.integers(len(shard.fixed)))))
        return Batch(
            np.stack([shard.fixed[place] for shard, place in chosen]),
            np.stack([shard.moving[place] for shard, place in chosen]),
            np.stack([shard.displacement[place] for shard, place in chosen]),
            np.stack([shard.weight[place] for shard, place in chosen]),
        )
