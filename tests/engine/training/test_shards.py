"""The pool of pairs: written whole, read back, refreshed."""

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.training.shards import SHARD_PAIRS, ShardPool, fill_pool, read_shard
from engine.training.simulator import SimulationConfig


def test_a_pool_is_filled_refreshed_and_drawn_from(tmp_path: Path) -> None:
    fill_pool(tmp_path, 1, SimulationConfig(size=32), seconds=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["shard_0000.npz"]
    pool = ShardPool(tmp_path, 0)
    with pytest.raises(InputError, match="no training shards"):
        pool.draw(2)
    pool.refresh()
    pool.refresh()
    assert len(pool) == SHARD_PAIRS
    batch = pool.draw(3)
    assert batch.fixed.shape == batch.weight.shape == (3, 32, 32)
    assert batch.displacement.shape == (3, 2, 32, 32)
    assert batch.displacement.dtype == np.float16


def test_a_broken_shard_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shard_0000.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="shard_0000"):
        read_shard(path)
