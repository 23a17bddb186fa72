"""The loops of a cohort: every loop of a folder, or the lines of a CSV list."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from engine.cohort.values import CohortLoop
from engine.config import MaskConfig, MaskMethod, ReadConfig, parse_frames
from engine.errors import InputError, MyofluxError
from engine.io.sniff import Kind, kind_of_file
from engine.model import Target, View

Choice = TypeVar("Choice", View, Target)

COLUMNS: Final = (
    "loop", "study", "view", "target", "ed", "es", "contours", "mask", "frames", "fps",
    "spacing_x_mm", "spacing_y_mm", "exclude",
)  # fmt: skip
FINISHED: Final = "finished.json"
"""Stands in the folder of a loop that an earlier run has finished."""
_LOOPS: Final = frozenset({Kind.DICOM, Kind.NIFTI, Kind.ZIP, Kind.VIDEO})


def read_cohort(path: Path, out: Path | None = None) -> tuple[CohortLoop, ...]:
    """Return the loops of a folder or a list.

    A folder gives every DICOM, video, NIfTI and NPZ file in it and below, and every folder of
    still images as one loop; the folder that holds a loop is its study. A list is a CSV (UTF-8)
    with a header: ``loop`` (relative to the list) and any of ``study, view, target, ed, es,
    contours, mask, frames, fps, spacing_x_mm, spacing_y_mm, exclude``, the last being the segments
    that the review rejected, with semicolons between them. A line that cannot be used becomes a
    loop with its problem, so that it does not stop the others.

    Args:
        path: The folder or the list.
        out: Folder of the results; where it lies within the folder of loops it holds none.

    Raises:
        InputError: If there is no such folder or list, or no loop in it.
    """
    loops = tuple(_of_folder(path, out) if path.is_dir() else _of_list(path))
    if not loops:
        raise InputError(f"{path} lists no loop. Give a folder with loops, or a CSV with lines.")
    return _named_apart(loops)


def _of_folder(folder: Path, out: Path | None) -> list[CohortLoop]:
    found: list[Path] = []
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if hidden or _made_here(file, folder, out) or not file.is_file() or not file.stat().st_size:
            continue
        kind = kind_of_file(file)
        if kind in _LOOPS:
            found.append(file)
        elif kind is Kind.IMAGE and file.parent not in found and file.parent != folder:
            found.append(file.parent)
    return [
        CohortLoop(path, study=path.parent.relative_to(folder).as_posix(), name=path.stem)
        for path in found
    ]


def _made_here(file: Path, folder: Path, out: Path | None) -> bool:
    """Return whether a file is a result of an earlier run, whose film would be taken for a loop."""
    if out is None:
        return False
    if out.resolve() == folder.resolve():
        return (file.parent / FINISHED).exists()
    return file.resolve().is_relative_to(out.resolve())


def _of_list(path: Path) -> list[CohortLoop]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # Where the comma is the decimal sign, spreadsheets part columns by semicolons.
            head = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=";" if ";" in head and "," not in head else ",")
            names = [(name or "").strip() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            lines = list(reader)
    except FileNotFoundError as error:
        raise InputError(f"There is no list or folder {path}. Check its name.") from error
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(
            f"{path} cannot be read as a CSV list ({error}). Save it as CSV in UTF-8."
        ) from error
    unknown = [name for name in names if name not in COLUMNS]
    if "loop" not in names or unknown:
        wrong = f"does not know {', '.join(unknown)}" if unknown else "needs a column loop"
        raise InputError(f"{path.name} {wrong}. Its columns may be: {', '.join(COLUMNS)}.")
    given = [{key: (value or "").strip() for key, value in line.items() if key} for line in lines]
    return [_of_line(line, path.parent) for line in given if any(line.values())]


def _of_line(line: Mapping[str, str], base: Path) -> CohortLoop:
    path = base / line["loop"]
    study = line.get("study") or Path(line["loop"]).parent.name or "study"
    plain = CohortLoop(path, study=study, name=path.stem)
    if not line["loop"]:
        return dataclasses.replace(plain, name="unnamed", problem="The line names no loop.")
    try:
        return _with_options(plain, line, base)
    except (MyofluxError, ValueError) as error:
        return dataclasses.replace(plain, problem=str(error))


def _with_options(loop: CohortLoop, line: Mapping[str, str], base: Path) -> CohortLoop:
    if line.get("mask") and line.get("contours"):
        raise InputError("Give either mask or contours, not both.")
    file = line.get("contours") or line.get("mask")
    view = _choice(View, line.get("view"), "view")
    target = _choice(Target, line.get("target"), "target") or Target.TISSUE
    spacing = (_number(line, "spacing_x_mm"), _number(line, "spacing_y_mm"))
    if (spacing[0] is None) != (spacing[1] is None):
        raise InputError("Give both spacing_x_mm and spacing_y_mm, or none of them.")
    mask = MaskConfig(
        target=target.value,
        method=MaskMethod.FILE if file else MaskMethod.AUTO,
        file=base / file if file else None,
        view=None if view is None else view.value,
        ed_frame=_whole(line, "ed"),
        es_frame=_whole(line, "es"),
    )
    reading = ReadConfig(
        frames=parse_frames(line.get("frames")),
        fps=_number(line, "fps"),
        spacing_mm=None if spacing[0] is None or spacing[1] is None else (spacing[0], spacing[1]),
    )
    names = [name for name in (line.get("exclude") or "").lower().split(";") if name.strip()]
    excluded = tuple("_".join(name.split()) for name in names)
    return dataclasses.replace(
        loop, target=target.value, view=view, reading=reading, mask=mask, excluded=excluded
    )


def _choice(kind: type[Choice], text: str | None, name: str) -> Choice | None:
    if not text:
        return None
    try:
        return kind(text)
    except ValueError as error:
        known = ", ".join(kind)
        raise InputError(f"Unknown {name} '{text}'. Choose among {known}.") from error


def _number(line: Mapping[str, str], name: str) -> float | None:
    text = line.get(name)
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError as error:
        raise InputError(f"{name} must be a number, not '{text}'.") from error


def _whole(line: Mapping[str, str], name: str) -> int | None:
    text = line.get(name)
    try:
        return int(text) if text else None
    except ValueError as error:
        raise InputError(f"{name} must be a frame number, not '{text}'.") from error


def _named_apart(loops: Iterable[CohortLoop]) -> tuple[CohortLoop, ...]:
    """Give every loop of a study its own folder, whose name no file system refuses."""
    taken: set[tuple[str, str]] = set()
    apart = []
    for loop in loops:
        study, stem = _safe(loop.study) or "study", _safe(loop.name) or "loop"
        name, number = stem, 2
        while (study, name) in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add((study, name))
        apart.append(dataclasses.replace(loop, study=study, name=name))
    return tuple(apart)


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip(".-")
