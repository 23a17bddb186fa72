"""NIfTI loops in the order (x, y[, 1], t), as the CAMUS data set stores them.

nibabel gives arrays whose first axis is x: frames are transposed to (row, column) and not
flipped, so that the first stored row is the top of the picture.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from engine.config import ReadConfig
from engine.io.common import (
    SourceFacts,
    check_memory,
    collect,
    guarded,
    make_cine,
    resolve_range,
    sha256_of,
    unreadable,
)
from engine.model import Cine
from engine.progress import NullProgress, Progress

_TO_MM: Final = {"meter": 1000.0, "mm": 1.0, "micron": 1e-3}
_TO_S: Final = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}
#: Intervals between frames that a cine can have, s; outside, the header's step is no time.
_INTERVAL_RANGE_S: Final = (1e-4, 0.25)


@dataclass(frozen=True, eq=False)
class NiftiLoop:
    """Frames of a NIfTI file with what its header says.

    Attributes:
        frames: ``(T, H, W)``, as stored (scaled by the header's slope and intercept).
        facts: Times and spacing.
        first_frame: Number of ``frames[0]`` in the file.
    """

    frames: NDArray[Any]
    facts: SourceFacts
    first_frame: int


def read_nifti(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read a NIfTI loop.

    Args:
        path: ``.nii`` or ``.nii.gz``, whatever its name.
        config: Range of frames, and the user's own facts.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If the file is damaged, or no loop.
        ResourceError: If it exceeds the bound on memory.
    """
    loop = read_nifti_loop(path, config, progress)
    sha256 = sha256_of([path], progress)
    return make_cine(path, loop.frames, loop.first_frame, loop.facts, config=config, sha256=sha256)


def read_nifti_loop(
    path: Path, config: ReadConfig | None = None, progress: Progress | None = None
) -> NiftiLoop:
    """Read the frames of a NIfTI file as they are stored; labels stay labels.

    Raises:
        UnreadableFileError: If the file is damaged, or no loop.
    """
    config, progress = config or ReadConfig(), progress or NullProgress()
    with guarded(path), _opened(path) as image:
        width, height, count, axis = _layout(image.shape, path)
        start, stop = resolve_range(config.frames, count, path.name)
        check_memory(stop - start, (height, width), path.name)
        frames = (
            np.asarray(image.dataobj[_slice(image.ndim, axis, index)]).reshape(width, height).T
            for index in range(start, stop)
        )
        stack = collect(frames, stop - start, path, progress)
        return NiftiLoop(stack, _facts(image.header, count, axis), start)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open an image by content: gzip or not, NIfTI-1 or NIfTI-2."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as stream:
        start = stream.read(348)
        stream.seek(0)
        if b"ni1" in start[344:348] or b"ni2" in start[4:8]:
            raise unreadable(
                path, "it is one half of a header and image pair", "Save it as a single .nii file."
            )
        kind = nibabel.Nifti1Image if start[344:347] == b"n+1" else nibabel.Nifti2Image
        try:
            yield kind.from_stream(cast(io.IOBase, stream))
        except (HeaderDataError, ImageFileError, WrapStructError) as error:
            raise unreadable(path, "its NIfTI header is damaged") from error


def _layout(shape: tuple[int, ...], path: Path) -> tuple[int, int, int, int | None]:
    """Return width, height, frames, and the axis of time (None for a single frame)."""
    wide = [axis for axis, size in enumerate(shape[2:], start=2) if size > 1]
    if len(shape) < 2 or len(wide) > 1 or 0 in shape:
        raise unreadable(
            path,
            f"its shape {tuple(shape)} is not that of a 2D loop (x, y, t)",
            "Save one plane of it through time.",
        )
    axis = wide[0] if wide else None
    return shape[0], shape[1], 1 if axis is None else shape[axis], axis


def _slice(ndim: int, axis: int | None, index: int) -> tuple[slice | int, ...]:
    """Return the index of one frame."""
    return tuple(
        slice(None) if item < 2 else (index if item == axis else 0) for item in range(ndim)
    )


def _facts(header: Any, count: int, axis: int | None) -> SourceFacts:
    """Return spacing and times as far as the header's units vouch for them."""
    zooms = [float(value) for value in header.get_zooms()]
    space_unit, time_unit = header.get_xyzt_units()
    spacing: tuple[float, float] | None = None
    factor = _TO_MM.get(space_unit)
    usable = all(np.isfinite(value) and value > 0 for value in zooms[:2])
    if not usable or (factor is None and zooms[:2] == [1.0, 1.0]):
        spacing_origin = "the NIfTI header states no spacing"
    else:
        spacing = (zooms[0] * (factor or 1.0), zooms[1] * (factor or 1.0))
        spacing_origin = "NIfTI header" if factor else "NIfTI header, without a unit: taken as mm"
    times: NDArray[np.float64] | None = None
    times_origin = "the NIfTI header states no time step with a unit of time"
    if axis is not None and axis < len(zooms) and time_unit in _TO_S:
        step = zooms[axis] * _TO_S[time_unit]
        if _INTERVAL_RANGE_S[0] <= step <= _INTERVAL_RANGE_S[1]:
            times, times_origin = np.arange(count, dtype=np.float64) * step, "NIfTI header"
        else:
            times_origin = f"refused: the NIfTI header's step of {step:g} s is none of a cine"
    return SourceFacts(
        format="NIfTI",
        times_s=times,
        times_origin=times_origin,
        spacing_mm=spacing,
        spacing_origin=spacing_origin,
    )
