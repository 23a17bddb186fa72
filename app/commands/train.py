"""``train``: weights from simulated motion or given loops, with their provenance in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands import options
from app.console import OUT, ConsoleProgress
from engine.cohort.frames import read_frames
from engine.training import TrainingConfig, TrainingMethod
from engine.training import train as run_training


def train(
    out: Annotated[
        Path,
        typer.Option("--out", help="Weight file (.safetensors)", callback=options.writable_file),
    ],
    method: Annotated[TrainingMethod, typer.Option(help="What is trained")] = TrainingMethod.SSMSR,
    work: Annotated[
        Path,
        typer.Option(
            help="Folder of the simulated pairs and the checkpoint", callback=options.writable
        ),
    ] = Path("training"),
    minutes: Annotated[float, typer.Option(help="Wall-clock budget")] = 80.0,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            help="Loop, folder or list to learn from instead of simulated pairs (voxelmorph);"
            " repeatable",
        ),
    ] = None,
    seed: options.Seed = 0,
    threads: Annotated[int, typer.Option(help="Of the trainer")] = 1,
) -> None:
    """Train weights; a training that was stopped goes on from its work folder."""
    config = TrainingConfig(
        output=out, work=work, method=method, minutes=minutes, seed=seed, threads=threads
    )
    with ConsoleProgress("Training") as progress:
        loops = read_frames(data, progress) if data else ()
        result = run_training(config, progress, loops)
    OUT.print(f"Wrote {out} after {result.provenance.steps} steps.", highlight=False)
