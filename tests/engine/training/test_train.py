"""The training verb: writes weights with provenance, stops when asked, goes on afterwards."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import Cancelled, InputError
from engine.progress import RecordingProgress
from engine.registration.network import MotionUNet, PaperUNet
from engine.registration.weights import load_weights
from engine.training import TrainingConfig, TrainingMethod, train
from engine.training.shards import fill_pool
from engine.training.simulator import SIMULATOR_VERSION, SimulationConfig


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a folder with one shard of small pairs."""
    fill_pool(tmp_path / "work", 0, SimulationConfig(size=64), seconds=0.01)
    return tmp_path / "work"


def settings(work: Path, method: TrainingMethod, minutes: float) -> TrainingConfig:
    """Return the settings of a tiny training."""
    return TrainingConfig(
        output=work.parent / f"{method.value}.safetensors",
        work=work,
        method=method,
        minutes=minutes,
        seed=4,
        batch=1,
        crop=32,
        simulation=SimulationConfig(size=64),
    )


def test_a_training_writes_weights_and_goes_on(work: Path) -> None:
    torch.set_num_threads(1)
    progress = RecordingProgress()
    first = train(settings(work, TrainingMethod.SSMSR, 0.02), progress)
    network, provenance = load_weights(first.output)
    assert isinstance(network, MotionUNet)
    assert provenance == first.provenance
    assert provenance.simulator == SIMULATOR_VERSION
    assert provenance.seed == 4
    assert provenance.steps > 0
    assert "--method ssmsr" in provenance.command
    assert progress.steps[-1].fraction == 1.0
    assert np.isfinite(list(first.history[-1].values.values())).all()
    second = train(settings(work, TrainingMethod.SSMSR, 0.04), progress)
    assert second.provenance.steps > provenance.steps
    assert any("Going on from step" in notice for notice in progress.notices)


def test_voxelmorph_learns_from_given_loops_without_a_simulator(tmp_path: Path) -> None:
    loop = np.random.default_rng(0).integers(0, 255, (4, 64, 64)).astype(np.uint8)
    config = settings(tmp_path / "work", TrainingMethod.VOXELMORPH, 0.02)
    result = train(config, loops=[loop])
    network, _ = load_weights(result.output)
    assert isinstance(network, PaperUNet)
    assert set(result.history[-1].values) == {"loss", "similarity"}
    assert not list((tmp_path / "work").glob("shard_*"))
    assert result.provenance.data == "neighbouring frames of 1 given loop"


def test_a_training_stops_when_asked_and_writes_nothing(tmp_path: Path) -> None:
    loop = np.zeros((2, 64, 64), np.uint8)
    config = settings(tmp_path / "work", TrainingMethod.VOXELMORPH, 1)
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        train(config, progress, [loop])
    assert not config.output.exists()


def test_wrong_inputs_are_said(tmp_path: Path) -> None:
    loop = np.zeros((2, 64, 64), np.uint8)
    with pytest.raises(InputError, match="voxelmorph"):
        train(settings(tmp_path, TrainingMethod.SSMSR, 1), loops=[loop])
    with pytest.raises(InputError, match="at least two frames"):
        train(settings(tmp_path, TrainingMethod.VOXELMORPH, 1), loops=[loop[0]])
    with pytest.raises(InputError, match="Batch must lie"):
        TrainingConfig(tmp_path / "x", tmp_path, batch=0)
    (tmp_path / "checkpoint_voxelmorph.pt").write_bytes(b"broken")
    with pytest.raises(InputError, match="delete it"):
        train(settings(tmp_path, TrainingMethod.VOXELMORPH, 1), loops=[loop])
