"""``cohort``: many studies, resumable, with one table at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands import options
from app.console import OUT, PARTLY_FAILED, ConsoleProgress, print_failures, print_files
from engine.cohort import CohortConfig, LoopOutcome, read_cohort, run_cohort
from engine.config import Preset, ReportConfig, TrackingConfig


class CohortProgress(ConsoleProgress):
    """Prints a line for every loop that is finished."""

    def partial(self, value: object) -> None:
        """Say what became of a loop; scales within it are too much for a cohort."""
        if isinstance(value, LoopOutcome):
            line = f"{value.loop.study}/{value.loop.name}: {value.status.value}"
            self.say(line)


def cohort(
    studies: Annotated[
        Path, typer.Argument(metavar="LIST", help="CSV list of loops, or a folder of them")
    ],
    out: options.Out,
    workers: Annotated[int, typer.Option(help="Loops at the same time")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786")
    ] = None,
    preset: options.PresetOption = Preset.DEFAULT,
    device: options.Device = options.DeviceName.AUTO,
    seed: options.Seed = 0,
    movie: Annotated[bool, typer.Option(help="Write overlay.mp4 of every loop")] = True,
    pdf: Annotated[bool, typer.Option(help="Write report.pdf of every loop")] = True,
) -> None:
    """Track and report many loops; write cohort.csv and studies.csv. Run again to go on.

    The list is a CSV with the column loop, and any of study, view, target,
    ed, es, contours, mask, frames, fps, spacing_x_mm, spacing_y_mm, exclude
    (segments, separated by semicolons).

    Exit code: 0 if every loop is done; 3 if some failed (the last table names
    them and why); 2 if the list or a setting cannot be used.
    """
    tracking = TrackingConfig(
        preset=preset, scales=options.preset_scales(preset, None), device=device.value, seed=seed
    )
    config = CohortConfig(
        out=out,
        workers=workers,
        scheduler=scheduler,
        tracking=tracking,
        report=ReportConfig(movie=movie, pdf=pdf, figures=False),
    )
    loops = read_cohort(studies, out)
    with CohortProgress("Cohort") as progress:
        result = run_cohort(loops, config, progress)
    print_files(result.tables)
    total, failed = len(result.outcomes), result.failed
    OUT.print(f"{total - len(failed)} of {total} loops done.")
    if failed:
        lost = [(f"{item.loop.study}/{item.loop.name}", item.sentence) for item in failed]
        print_failures(f"{len(failed)} failed", lost)
        raise typer.Exit(PARTLY_FAILED)
