"""``info``: what a loop says of itself, as JSON."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from app.commands.options import Fps, Frames, Loop, Spacing, read_config
from app.console import ConsoleProgress
from engine.io.info import describe


def info(
    loop: Loop,
    frames: Frames = None,
    fps: Fps = None,
    spacing_mm: Spacing = None,
    indent: Annotated[int, typer.Option(help="Of the JSON")] = 2,
) -> None:
    """Print as JSON what was read, and where each fact comes from."""
    with ConsoleProgress("Reading") as progress:
        facts = describe(loop, read_config(frames, fps, spacing_mm), progress)
    typer.echo(json.dumps(facts, indent=indent, ensure_ascii=False))
