"""Weight files: what is written is read, and what is wrong is said."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import InputError, OutputError
from engine.registration.network import MotionUNet, PaperUNet
from engine.registration.weights import (
    WEIGHTS_DIRECTORY,
    Provenance,
    load_weights,
    save_weights,
)


def test_weights_come_back_with_their_provenance(tmp_path: Path) -> None:
    network = MotionUNet((8, 8, 8))
    told = Provenance("mine", "motion_unet", (8, 8, 8), command="train", seed=3, steps=7)
    path = tmp_path / "deep" / "mine.safetensors"
    save_weights(path, network, told)
    loaded, provenance = load_weights(path)
    assert isinstance(loaded, MotionUNet)
    assert provenance == told
    for key, value in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], value, atol=1e-3, rtol=1e-3)
    assert [entry.name for entry in path.parent.iterdir()] == ["mine.safetensors"]


@pytest.mark.parametrize("dims", [2, 3])
def test_the_paper_network_comes_back(tmp_path: Path, dims: int) -> None:
    path = tmp_path / "paper.safetensors"
    save_weights(path, PaperUNet(dims), Provenance("paper", "paper_unet", dims=dims))
    loaded, _ = load_weights(path)
    assert isinstance(loaded, PaperUNet)
    assert loaded.dims == dims


def test_every_shipped_file_says_where_it_comes_from() -> None:
    files = sorted(WEIGHTS_DIRECTORY.glob("*.safetensors"))
    assert WEIGHTS_DIRECTORY / "motion_unet.safetensors" in files
    for file in files:
        network, provenance = load_weights(file.stem)
        assert provenance.command.startswith("python main.py train")
        assert provenance.licence == "Apache-2.0"
        assert provenance.steps > 0
        assert not network.training
        assert file.stat().st_size < 4_000_000


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match="motion_unet"):
        load_weights("nothing_of_the_kind")


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.safetensors"
    text.write_text("not weights")
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(text)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    with pytest.raises(InputError, match="does not say"):
        load_weights(foreign)
    other = tmp_path / "other.safetensors"
    save_weights(other, PaperUNet(2), Provenance("x", "motion_unet", (8, 8, 8)))
    with pytest.raises(InputError, match="do not fit"):
        load_weights(other)
    unknown = tmp_path / "unknown.safetensors"
    save_weights(unknown, PaperUNet(2), Provenance("x", "transformer"))
    with pytest.raises(InputError, match="unknown network"):
        load_weights(unknown)


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    network = PaperUNet(2)
    with torch.no_grad():
        network.flow.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(OutputError, match="not finite"):
        save_weights(tmp_path / "bad.safetensors", network, Provenance("x", "paper_unet"))
    assert not list(tmp_path.iterdir())
