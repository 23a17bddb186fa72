"""NPZ loops: the simplest way for a script to hand over frames with their facts.

Keys: ``frames`` (T, H, W) or (T, H, W, 3); optional ``frame_times_s`` (T,), ``spacing_mm`` (x, y)
and ``r_times_s``. NumPy's pickled objects are never loaded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.config import ReadConfig
from engine.io.common import (
    SourceFacts,
    check_memory,
    collect,
    guarded,
    luma,
    make_cine,
    resolve_range,
    sha256_of,
    unreadable,
)
from engine.model import Cine
from engine.progress import Progress

_ADVICE = "Save it with numpy.savez(path, frames=..., frame_times_s=..., spacing_mm=...)."


class NpzArchive:
    """An open NPZ file whose arrays are read one by one, their shapes first."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays."""
        return tuple(
            name.removesuffix(".npy") for name in self._archive.namelist() if name.endswith(".npy")
        )

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return an array's shape without reading it, or None if there is no such array."""
        if name not in self.names:
            return None
        with self._archive.open(f"{name}.npy") as file:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            return tuple(read(file)[0])

    def array(self, name: str) -> NDArray[Any] | None:
        """Return an array, or None if there is no such array."""
        if name not in self.names:
            return None
        with self._archive.open(f"{name}.npy") as file:
            return np.asarray(npy.read_array(file, allow_pickle=False))


@contextmanager
def open_npz(path: Path) -> Iterator[NpzArchive]:
    """Open an NPZ file; whatever is broken in it ends in one sentence.

    Raises:
        UnreadableFileError: If it is no NPZ file, or is damaged.
    """
    with guarded(path), zipfile.ZipFile(path) as file:
        archive = NpzArchive(file)
        if not archive.names:
            raise unreadable(path, "it is a ZIP archive without NumPy arrays", "Unpack it first.")
        yield archive


def read_npz(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read an NPZ loop.

    Raises:
        UnreadableFileError: If the file is damaged, has no ``frames``, or states times or a
            spacing that cannot be.
        ResourceError: If it exceeds the bound on memory.
    """
    with open_npz(path) as archive:
        shape = archive.shape("frames")
        if shape is None:
            held = ", ".join(archive.names)
            raise unreadable(path, f"it has no key 'frames' (only {held})", _ADVICE)
        if not _is_loop(shape):
            raise unreadable(path, f"its frames have the shape {shape}", _ADVICE)
        count, size = (1, shape) if len(shape) == 2 else (shape[0], shape[1:3])
        start, stop = resolve_range(config.frames, count, path.name)
        check_memory(count, size, path.name)
        values = archive.array("frames")
        facts = _facts(archive, path, count)
    if values is None:
        raise unreadable(path, "it has no key 'frames'", _ADVICE)
    values = values.reshape((count, *shape[-2:])) if len(shape) == 2 else values
    grey = (luma(item) if item.ndim == 3 else item for item in values[start:stop])
    stack = collect(grey, stop - start, path, progress)
    return make_cine(path, stack, start, facts, config=config, sha256=sha256_of([path], progress))


def _is_loop(shape: tuple[int, ...]) -> bool:
    """Return whether a shape is (H, W), (T, H, W) or (T, H, W, 3 or 4)."""
    if 0 in shape:
        return False
    return len(shape) in {2, 3} or (len(shape) == 4 and shape[-1] in {3, 4})


def _facts(archive: NpzArchive, path: Path, count: int) -> SourceFacts:
    """Return times, spacing and R times as the file states them."""
    times = _numbers(archive, path, "frame_times_s", count)
    if times is not None and np.any(np.diff(times) <= 0):
        raise unreadable(path, "its frame_times_s do not increase", _ADVICE)
    spacing = _numbers(archive, path, "spacing_mm", 2)
    if spacing is not None and np.any(spacing <= 0):
        raise unreadable(path, "its spacing_mm is not positive", _ADVICE)
    waves = _numbers(archive, path, "r_times_s", None)
    return SourceFacts(
        format="NPZ",
        times_s=times,
        times_origin="frame_times_s of the file" if times is not None else "not stated by the file",
        spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        spacing_origin="spacing_mm of the file"
        if spacing is not None
        else "not stated by the file",
        r_times_s=() if waves is None else tuple(float(value) for value in waves),
    )


def _numbers(
    archive: NpzArchive, path: Path, name: str, count: int | None
) -> NDArray[np.float64] | None:
    """Return finite numbers of an array, or None if there is none."""
    stored = archive.array(name)
    if stored is None:
        return None
    values = np.asarray(stored, dtype=np.float64).ravel()
    if not np.all(np.isfinite(values)) or (count is not None and len(values) != count):
        raise unreadable(path, f"its {name} must be {count or 'some'} finite numbers", _ADVICE)
    return values
