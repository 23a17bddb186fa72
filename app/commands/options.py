"""Options that several commands share, and their words turned into settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.config import ALL_SCALES, ReadConfig
from engine.errors import InputError
from engine.model import Scale


class TargetName(StrEnum):
    """What is tracked."""

    TISSUE = "tissue"
    BLOOD = "blood"


class ViewName(StrEnum):
    """Confirmed view."""

    A4C = "A4C"
    A2C = "A2C"
    APLAX = "APLAX"
    PSAX_BASE = "PSAX-base"
    PSAX_MID = "PSAX-mid"
    PSAX_APEX = "PSAX-apex"


class DeviceName(StrEnum):
    """Where to compute."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


Loop = Annotated[Path, typer.Argument(help="DICOM, MP4/AVI/MOV/GIF, folder, TIFF, NIfTI or NPZ")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results")]
Target = Annotated[TargetName, typer.Option("--target", help="What is tracked")]
ViewOption = Annotated[ViewName | None, typer.Option("--view", help="Confirmed view")]
Frames = Annotated[str | None, typer.Option("--frames", help="A:B, half-open, from 0")]
Fps = Annotated[float | None, typer.Option("--fps", help="Acquisition rate, frames/s")]
Spacing = Annotated[
    tuple[float, float] | None, typer.Option("--spacing-mm", help="Pixel spacing X Y, mm")
]
Ed = Annotated[int | None, typer.Option("--ed", help="End-diastolic frame of the source")]
Es = Annotated[int | None, typer.Option("--es", help="End-systolic frame of the source")]
Device = Annotated[DeviceName, typer.Option("--device", help="Where to compute")]
Seed = Annotated[int, typer.Option("--seed", help="Of all random choices")]
Points = Annotated[
    list[str] | None,
    typer.Option("--points", help="X,Y in px; three times: annulus, annulus, apex"),
]


def read_config(
    frames: str | None, fps: float | None, spacing: tuple[float, float] | None
) -> ReadConfig:
    """Return the settings of reading.

    Raises:
        InputError: If the range or a number cannot be used.
    """
    return ReadConfig(frames=parse_frames(frames), fps=fps, spacing_mm=spacing)


def parse_frames(text: str | None) -> tuple[int | None, int | None]:
    """Return the half-open range of ``A:B``; either side may be left out.

    Raises:
        InputError: If the text is no such range.
    """
    if text is None:
        return (None, None)
    first, colon, last = text.partition(":")
    try:
        if not colon:
            raise ValueError(text)
        return (int(first) if first else None, int(last) if last else None)
    except ValueError as error:
        raise InputError(
            f"Frames must be given as A:B (half-open, from 0), such as 10:40, not '{text}'."
        ) from error


def parse_scales(text: str | None) -> tuple[str, ...]:
    """Return the keys of ``1/8,1/4``, in the order given.

    Raises:
        InputError: If one is unknown.
    """
    if text is None:
        return ALL_SCALES
    return tuple(Scale.parse(part).value for part in text.split(","))


def parse_points(texts: list[str] | None) -> tuple[tuple[float, float], ...]:
    """Return the points of ``X,Y`` words.

    Raises:
        InputError: If a word is not two numbers.
    """
    points = []
    for text in texts or ():
        parts = text.split(",")
        try:
            x, y = (float(part) for part in parts)
        except ValueError as error:
            raise InputError(
                f"A point is two numbers X,Y in px, such as 310,224, not '{text}'."
            ) from error
        points.append((x, y))
    return tuple(points)
