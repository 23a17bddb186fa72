"""Options that several commands share, and their words turned into settings."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.config import ALL_SCALES, MaskMethod, Preset, ReadConfig, parse_frames
from engine.errors import InputError, OutputError
from engine.io.atomic import require_folder
from engine.model import Scale, Target, View


class DeviceName(StrEnum):
    """Where to compute."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class MaskName(StrEnum):
    """How the mask is made."""

    AUTO = "auto"
    POINTS = "points"
    PAPER = "paper"


class LayerName(StrEnum):
    """Layer of the headline strain."""

    MIDWALL = "midwall"
    ENDOCARDIAL = "endocardial"
    EPICARDIAL = "epicardial"


def writable(folder: Path) -> Path:
    """Return a folder for results; that nothing can be written there is told before the work.

    Raises:
        OutputError: If there is no permission, or a file stands in the way.
    """
    require_folder(folder)
    return folder


def writable_file(file: Path) -> Path:
    """Return a file to write, likewise.

    Raises:
        OutputError: If its folder is none to write into, or a folder stands in its place.
    """
    if file.is_dir():
        raise OutputError(f"Cannot write {file}: it is a folder. Name a file in it.")
    require_folder(file.parent)
    return file


INPUT: Final = "The loop"
MASK: Final = "The mask"
TRACKING: Final = "Tracking"
METHOD_HELP: Final = (
    "auto finds the heart; points takes --points; paper keeps the paper's tissue region"
)

Loop = Annotated[
    Path, typer.Argument(help="DICOM, MP4/AVI/MOV/GIF, folder of images, TIFF, NIfTI or NPZ")
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results", callback=writable)]
Frames = Annotated[
    str | None,
    typer.Option("--frames", help="A:B, half-open, from 0", rich_help_panel=INPUT),
]
Fps = Annotated[
    float | None,
    typer.Option("--fps", help="Acquisition rate, where the file has none", rich_help_panel=INPUT),
]
Spacing = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--spacing-mm", help="Pixel spacing X Y, where the file has none", rich_help_panel=INPUT
    ),
]
ViewOption = Annotated[
    View | None,
    typer.Option(
        "--view", help="The view as you confirm it; names the segments", rich_help_panel=INPUT
    ),
]
Ed = Annotated[
    int | None,
    typer.Option("--ed", help="End-diastolic frame of the source", rich_help_panel=INPUT),
]
Es = Annotated[
    int | None,
    typer.Option("--es", help="End-systolic frame of the source", rich_help_panel=INPUT),
]
TargetOption = Annotated[
    Target, typer.Option("--target", help="What is tracked", rich_help_panel=MASK)
]
MaskMethodOption = Annotated[
    MaskName, typer.Option("--mask-method", help=METHOD_HELP, rich_help_panel=MASK)
]
Points = Annotated[
    list[str] | None,
    typer.Option(
        "--points",
        help="X,Y X,Y X,Y in px of the ED frame: annulus, annulus, apex (short axis: centre, rim)",
        rich_help_panel=MASK,
    ),
]
Device = Annotated[
    DeviceName, typer.Option("--device", help="Where to compute", rich_help_panel=TRACKING)
]
Seed = Annotated[
    int, typer.Option("--seed", help="Seed of all random choices", rich_help_panel=TRACKING)
]
MaskFile = Annotated[
    Path | None,
    typer.Option(
        "--mask", help="PNG, NIfTI, NPZ or DICOM SEG; nonzero inside", rich_help_panel=MASK
    ),
]
ContoursFile = Annotated[
    Path | None,
    typer.Option("--contours", help="contours.json, as the verb mask writes", rich_help_panel=MASK),
]
PresetOption = Annotated[
    Preset,
    typer.Option(
        "--preset",
        help="preview: 1/8 and 1/4 in seconds; paper: the paper's settings, hours",
        rich_help_panel=TRACKING,
    ),
]
Scales = Annotated[
    str | None, typer.Option("--scales", help="Such as 1/8,1/4,1/2,1", rich_help_panel=TRACKING)
]
Method = Annotated[
    str,
    typer.Option("--method", help="ssmsr, or a peer such as dis", rich_help_panel=TRACKING),
]
Init = Annotated[
    Path | None, typer.Option("--init", help="Weights to start from", rich_help_panel=TRACKING)
]
TestTimeTraining = Annotated[
    bool,
    typer.Option("--ttt/--no-ttt", help="Train on the loop itself", rich_help_panel=TRACKING),
]
Temporal = Annotated[
    bool,
    typer.Option(
        "--temporal/--no-temporal",
        help="Neighbouring pairs help one another",
        rich_help_panel=TRACKING,
    ),
]
Layer = Annotated[LayerName, typer.Option("--layer", help="Layer of the headline strain")]
PatientData = Annotated[
    bool,
    typer.Option(
        "--patient-data/--no-patient-data",
        help="Keep file names, patient attributes and text outside the sector",
    ),
]


def read_config(
    frames: str | None, fps: float | None, spacing: tuple[float, float] | None
) -> ReadConfig:
    """Return the settings of reading.

    Raises:
        InputError: If the range or a number cannot be used.
    """
    return ReadConfig(frames=parse_frames(frames), fps=fps, spacing_mm=spacing)


def parse_scales(text: str | None) -> tuple[str, ...]:
    """Return the keys of ``1/8,1/4``, in the order given.

    Raises:
        InputError: If one is unknown.
    """
    if text is None:
        return ALL_SCALES
    return tuple(Scale.parse(part).value for part in text.split(","))


def preset_scales(preset: Preset, scales: str | None) -> tuple[str, ...]:
    """Return the scales asked for; the preview stops at 1/4 unless told otherwise."""
    if scales is None and preset is Preset.PREVIEW:
        return ("1_8", "1_4")
    return parse_scales(scales)


def parse_points(texts: list[str] | None) -> tuple[tuple[float, float], ...]:
    """Return the points of ``X,Y`` words.

    Raises:
        InputError: If a word is not two finite numbers.
    """
    points = []
    for text in texts or ():
        wrong = f"A point is two numbers X,Y in px, such as 310,224, not '{text}'."
        try:
            x, y = (float(part) for part in text.split(","))
        except ValueError as error:
            raise InputError(wrong) from error
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InputError(wrong)
        points.append((x, y))
    return tuple(points)


def mask_method(name: MaskName, points: list[str] | None) -> MaskMethod:
    """Return the mask's method: points that were given mean to use them.

    Raises:
        InputError: If points are wanted and there are none.
    """
    if name is MaskName.POINTS and not points:
        raise InputError("The mask method points needs --points X,Y X,Y X,Y.")
    return MaskMethod.POINTS if points else MaskMethod(name.value)
