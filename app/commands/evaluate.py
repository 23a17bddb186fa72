"""``evaluate``: methods side by side on phantoms, on real loops, and as the paper's figures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands import options
from app.console import OUT, ConsoleProgress
from engine.errors import InputError
from engine.evaluation.figures import evaluate_figures
from engine.evaluation.loops import evaluate_loops
from engine.evaluation.phantom import evaluate_phantoms
from engine.evaluation.records import Evaluation, EvaluationConfig
from engine.evaluation.tables import markdown, write_evaluation
from engine.model import Target

app = typer.Typer(help="Compare methods on phantoms, loops, or as figures.", add_completion=False)


class Training(StrEnum):
    """Whether methods train themselves on the loop."""

    BOTH = "both"
    ON = "on"
    OFF = "off"


TRAINING = {Training.BOTH: (True, False), Training.ON: (True,), Training.OFF: (False,)}

Methods = Annotated[str, typer.Option(help="Names, by commas; NAME@PRESET for a preset")]
Pairs = Annotated[int, typer.Option(help="Contiguous pairs of each loop")]
Loops = Annotated[list[Path], typer.Argument(help="Loops")]
TrainingOption = Annotated[Training, typer.Option(help="Test-time training")]
Consistency = Annotated[bool, typer.Option(help="Also track backward (twice the work or more)")]

DEFAULT_METHODS = "identity,dis,ilk,ssmsr"


@app.command("phantoms")
def phantoms(
    out: options.Out,
    methods: Methods = DEFAULT_METHODS,
    pairs: Pairs = 24,
    seeds: Annotated[int, typer.Option(help="Phantoms of each case")] = 2,
    cases: Annotated[str | None, typer.Option(help="Names, by commas")] = None,
    noises: Annotated[str | None, typer.Option(help="standard,real")] = None,
    speckles: Annotated[str | None, typer.Option(help="scatterer,sector,sparse")] = None,
    motion: Annotated[
        str | None, typer.Option(help="Largest mean motion a frame, px, by commas: 0.3,5,15")
    ] = None,
    size: Annotated[tuple[int, int], typer.Option(help="H W, px")] = (384, 512),
    training: TrainingOption = Training.BOTH,
    consistency: Consistency = True,
    oracle: Annotated[bool, typer.Option(help="Estimate what noise leaves to a pair")] = True,
    device: options.Device = options.DeviceName.AUTO,
) -> None:
    """Compare with exact motion: endpoint error, material points, strain, folding, cost."""
    defaults = EvaluationConfig()
    config = EvaluationConfig(
        methods=_words(methods),
        cases=_words(cases) or defaults.cases,
        noises=_words(noises) or defaults.noises,
        speckles=_words(speckles) or defaults.speckles,
        amplitudes=_numbers(motion),
        seeds=seeds,
        pairs=pairs,
        size=size,
        test_time_training=TRAINING[training],
        consistency=consistency,
        oracle=oracle,
        device=device.value,
    )
    with ConsoleProgress("Phantoms") as progress:
        evaluation = evaluate_phantoms(config, progress)
    _write(evaluation, out, "phantoms")


@app.command("loops")
def loops(
    paths: Loops,
    out: options.Out,
    methods: Methods = DEFAULT_METHODS,
    pairs: Pairs = 24,
    start: Annotated[int, typer.Option(help="First frame")] = 0,
    training: TrainingOption = Training.BOTH,
    consistency: Consistency = True,
    held_out: Annotated[bool, typer.Option(help="Also track with blocks blanked")] = True,
    device: options.Device = options.DeviceName.AUTO,
) -> None:
    """Compare where no truth exists: held-out fit, consistency, folding, in-sample fit."""
    config = EvaluationConfig(
        methods=_words(methods),
        pairs=pairs,
        start=start,
        test_time_training=TRAINING[training],
        consistency=consistency,
        held_out=held_out,
        device=device.value,
    )
    with ConsoleProgress("Loops") as progress:
        evaluation = evaluate_loops(tuple(paths), config, progress)
    _write(evaluation, out, "loops")


@app.command("figures")
def figures(
    path: options.Loop,
    out: options.Out,
    pair: Annotated[int, typer.Option(help="Moving frame of the pair")] = 0,
    methods: Methods = "dis,ssmsr",
    target: options.TargetOption = Target.TISSUE,
    device: options.Device = options.DeviceName.AUTO,
) -> None:
    """Redraw the paper's Figs. 2 to 4 for a loop and a pair."""
    config = EvaluationConfig(methods=_words(methods), pairs=1, start=pair, device=device.value)
    out.mkdir(parents=True, exist_ok=True)
    with ConsoleProgress("Figures") as progress:
        for written in evaluate_figures(path, config, out, progress, target=target.value):
            OUT.print(str(written), highlight=False)


def _words(text: str | None) -> tuple[str, ...]:
    """Return the words of a list by commas."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _numbers(text: str | None) -> tuple[float, ...]:
    """Return the numbers of a list by commas.

    Raises:
        InputError: If a word is not a number above zero.
    """
    try:
        numbers = tuple(float(word) for word in _words(text))
    except ValueError as error:
        raise InputError(f"Motion is a list of numbers in px, not '{text}'.") from error
    if not all(0 < number < 1000 for number in numbers):
        raise InputError(f"Motion must lie between 0 and 1000 px a frame, not '{text}'.")
    return numbers


def _write(evaluation: Evaluation, out: Path, stem: str) -> None:
    """Write an evaluation's files and print its table."""
    out.mkdir(parents=True, exist_ok=True)
    files = write_evaluation(evaluation, out, stem)
    OUT.print(markdown(evaluation), highlight=False, markup=False)
    for path in files:
        OUT.print(str(path), highlight=False)
