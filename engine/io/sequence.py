"""Still images as a loop: folders of PNG, JPEG, TIFF or BMP, multi-page TIFF, a single picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.config import ReadConfig
from engine.io.common import (
    SourceFacts,
    check_memory,
    collect,
    colour_warning,
    guarded,
    luma,
    make_cine,
    resolve_range,
    sha256_of,
    unreadable,
)
from engine.io.sniff import Kind, kind_of
from engine.model import Cine
from engine.progress import Progress

_HEAD: Final = 512
_ORIGIN: Final = "images state no frame times"
_FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "MPO")


def read_folder(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read the images of a folder in natural order (2 before 10).

    Files that are no images, hidden files and sub-folders are passed over.

    Raises:
        UnreadableFileError: If there is no image, one is damaged, or their sizes differ.
        ResourceError: If they exceed the bound on memory.
    """
    with guarded(path, "the system refuses to list it", "Check its permissions."):
        files = [item for item in sorted(path.iterdir(), key=natural_key) if _is_image(item)]
    if not files:
        raise unreadable(
            path, "the folder holds no PNG, JPEG, TIFF or BMP image", "Choose the loop itself."
        )
    start, stop = resolve_range(config.frames, len(files), path.name)
    stack = collect(_pictures(files[start:stop]), stop - start, path, progress)
    facts = SourceFacts("image sequence", times_origin=_ORIGIN, warnings=_colours(files[start]))
    sha256 = sha256_of(files, progress)
    return make_cine(path, stack, start, facts, config=config, sha256=sha256)


def read_image(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read a multi-page TIFF, or a single picture as a loop of one frame.

    Raises:
        UnreadableFileError: If the file is damaged, or its pages differ in size.
        ResourceError: If it exceeds the bound on memory.
    """
    with guarded(path), Image.open(path, formats=_FORMATS) as image:
        count = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
        start, stop = resolve_range(config.frames, count, path.name)
        check_memory(stop - start, (image.height, image.width), path.name)
        stack = collect(_pages(image, start, stop), stop - start, path, progress)
        name = "TIFF" if image.format == "TIFF" else "image sequence"
    facts = SourceFacts(name, times_origin=_ORIGIN, warnings=_colours(path))
    sha256 = sha256_of([path], progress)
    return make_cine(path, stack, start, facts, config=config, sha256=sha256)


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts names as people do: ``frame2`` before ``frame10``."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def _is_image(path: Path) -> bool:
    """Return whether a folder's item is an image, by its first bytes."""
    if path.name.startswith(".") or not path.is_file():
        return False
    with path.open("rb") as file:
        return kind_of(file.read(_HEAD)) is Kind.IMAGE


def _pictures(files: Sequence[Path]) -> Iterator[NDArray[Any]]:
    """Yield the grey values of files; a damaged one is named."""
    for file in files:
        with guarded(file), Image.open(file, formats=_FORMATS) as image:
            yield _grey(image)


def _pages(image: Image.Image, start: int, stop: int) -> Iterator[NDArray[Any]]:
    """Yield the grey values of a range of pages."""
    for index in range(start, stop):
        image.seek(index)
        yield _grey(image)


def _grey(image: Image.Image) -> NDArray[Any]:
    """Return the grey values ``(H, W)`` of a picture, 8 or 16 bits or float."""
    if image.mode in {"L", "1", "F", "I"} or image.mode.startswith("I;16"):
        values: NDArray[Any] = np.asarray(image)
        return values.astype(np.uint8) * np.uint8(255) if values.dtype == np.bool_ else values
    if image.mode == "LA":
        return np.asarray(image.getchannel("L"))
    return luma(np.asarray(image.convert("RGB")))


def _colours(path: Path) -> tuple[str, ...]:
    """Return a warning if the first picture of a file is clearly coloured."""
    with guarded(path), Image.open(path, formats=_FORMATS) as image:
        if image.mode not in {"RGB", "RGBA", "P", "YCbCr", "CMYK"}:
            return ()
        told = colour_warning(np.asarray(image.convert("RGB")))
    return () if told is None else (told,)
