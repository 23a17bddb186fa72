"""``train``: weights from simulated motion, with their provenance in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands import options
from app.console import OUT, ConsoleProgress
from engine.training import TrainingConfig, TrainingMethod
from engine.training import train as run_training


def train(
    out: Annotated[Path, typer.Option("--out", help="Weight file (.safetensors)")],
    method: Annotated[TrainingMethod, typer.Option(help="What is trained")] = TrainingMethod.SSMSR,
    work: Annotated[
        Path, typer.Option(help="Folder of the simulated pairs and the checkpoint")
    ] = Path("training"),
    minutes: Annotated[float, typer.Option(help="Wall-clock budget")] = 80.0,
    seed: options.Seed = 0,
    threads: Annotated[int, typer.Option(help="Of the trainer")] = 1,
) -> None:
    """Train weights; a training that was stopped goes on from its work folder."""
    config = TrainingConfig(
        output=out, work=work, method=method, minutes=minutes, seed=seed, threads=threads
    )
    with ConsoleProgress("Training") as progress:
        result = run_training(config, progress)
    OUT.print(f"Wrote {out} after {result.provenance.steps} steps.", highlight=False)
