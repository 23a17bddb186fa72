"""Trained weights: reading, writing, and where they come from."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import InputError, OutputError
from engine.registration.network import MotionUNet, PaperUNet

WEIGHTS_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "resources" / "weights"
"""Where the shipped weights lie."""

Network = MotionUNet | PaperUNet

_KEY = "provenance"


@dataclass(frozen=True)
class Provenance:
    """How weights came to be; stored inside their file.

    Attributes:
        name: Of the weights.
        architecture: ``motion_unet`` or ``paper_unet``.
        widths: Channels of a motion network at strides 2, 4, 8 and so on; empty for the paper's.
        dims: Spatial dimensions.
        command: That made them.
        data: What they were trained on, in words.
        simulator: Version of the simulator.
        seed: Of the training.
        steps: Optimiser steps.
        seconds: Wall-clock time of the training, s.
        date: Of the end of the training, ISO 8601.
        licence: Under which they may be used.
        notes: What else matters for repeating it.
    """

    name: str
    architecture: str
    widths: tuple[int, ...] = ()
    dims: int = 2
    command: str = ""
    data: str = ""
    simulator: str = ""
    seed: int = 0
    steps: int = 0
    seconds: float = 0.0
    date: str = ""
    licence: str = "Apache-2.0"
    notes: str = ""


def load_weights(name_or_path: str | Path) -> tuple[Network, Provenance]:
    """Build the network that a weight file describes and fill it.

    Args:
        name_or_path: A shipped name (``motion_unet``, ``voxelmorph``) or a file's path.

    Returns:
        The network (float32, on the CPU, in evaluation mode) and the weights' provenance.

    Raises:
        InputError: If there is no such file, or it holds something else.
    """
    path = find_weights(name_or_path)
    try:
        with safe_open(path, framework="pt", device="cpu") as stored:
            metadata = stored.metadata() or {}
            tensors = {key: stored.get_tensor(key).float() for key in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"The weights {path.name} cannot be read; choose a .safetensors file that Myoflux"
            " wrote."
        ) from error
    provenance = _parse(path, metadata)
    network = _build(path, provenance)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(
            f"The weights {path.name} do not fit the network {provenance.architecture};"
            " they were made by another version: train them again."
        ) from error
    return network.eval(), provenance


def find_weights(name_or_path: str | Path) -> Path:
    """Return the file of shipped weights or of a path.

    Args:
        name_or_path: A shipped name or a path.

    Returns:
        The existing file.

    Raises:
        InputError: If there is none; the message lists the shipped names.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    shipped = WEIGHTS_DIRECTORY / f"{name_or_path}.safetensors"
    if shipped.is_file():
        return shipped
    names = ", ".join(sorted(file.stem for file in WEIGHTS_DIRECTORY.glob("*.safetensors")))
    raise InputError(
        f"There are no weights '{name_or_path}'. Give the path of a .safetensors file, or one of"
        f" the shipped names: {names or '(none)'}."
    )


def save_weights(path: Path, network: Network, provenance: Provenance) -> None:
    """Write weights as float16 under a temporary name, then rename the file.

    Args:
        path: File to write (``.safetensors``).
        network: Whose weights.
        provenance: How they came to be.

    Raises:
        OutputError: If the file cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    for key, value in network.state_dict().items():
        half = value.detach().to("cpu", torch.float16)
        if not torch.isfinite(half).all():
            raise OutputError(f"The weights {key} are not finite; {path.name} was not written.")
        tensors[key] = half.contiguous()
    metadata = {_KEY: json.dumps(dataclasses.asdict(provenance), sort_keys=True)}
    temporary = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, metadata=metadata)
        temporary.chmod(0o644)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"The weights could not be written to {path}: {error}") from error


def _parse(path: Path, metadata: dict[str, str]) -> Provenance:
    """Read the provenance out of a file's header."""
    try:
        values: dict[str, Any] = json.loads(metadata[_KEY])
        known = {item.name for item in dataclasses.fields(Provenance)}
        values = {key: value for key, value in values.items() if key in known}
        values["widths"] = tuple(int(width) for width in values.get("widths", ()))
        return Provenance(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The file {path.name} does not say which network its weights belong to; choose"
            " weights that Myoflux wrote."
        ) from error


def _build(path: Path, provenance: Provenance) -> Network:
    """Build the network that a provenance names."""
    if provenance.architecture == "motion_unet":
        return MotionUNet(provenance.widths)
    if provenance.architecture == "paper_unet":
        return PaperUNet(provenance.dims)
    raise InputError(
        f"The weights {path.name} belong to the unknown network '{provenance.architecture}'."
    )
