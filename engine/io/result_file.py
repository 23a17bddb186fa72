"""Writing ``result.h5``, the contract between tracking and everything after it.

Layout, units and directions are those of the README's section on the result file. Reading stands
in ``engine.io.result_read``, whose ``read_result`` is offered here too.
"""

from __future__ import annotations

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.io.atomic import PatientFile, atomic_path
from engine.io.result_read import FORMAT_VERSION, read_result
from engine.model import ScaleField, TrackingResult
from engine.progress import NullProgress, Progress, Step

__all__ = ["FORMAT_VERSION", "expected_size", "read_result", "write_result"]

#: gzip is the one compression that every HDF5 program reads; level 1 costs little time.
_LEVEL: Final = 1
_PACKED: Final[dict[str, Any]] = {
    "compression": "gzip",
    "compression_opts": _LEVEL,
    "shuffle": True,
}
#: Of HDF5 1.8 (2008) on, metadata carry checksums, so that damage is told and not followed.
_LIBRARY: Final = ("v108", "v108")
_MOST_WORKERS: Final = 8
#: What a pixel of a pair takes at each scale, and one of a frame, bytes: the least that was
#: measured, so that no run is refused that would have found room (docs/experiments.md).
_PAIR_BYTES: Final = 2.5
_FRAME_BYTES: Final = 0.4


def write_result(path: Path, result: TrackingResult, progress: Progress | None = None) -> None:
    """Write a tracking result, whole or not at all, one frame pair a chunk.

    Args:
        path: File to write, ``result.h5`` by custom.
        result: What was tracked.
        progress: Told of every scale; may cancel.

    Raises:
        OutputError: If the file cannot be written (full disk, no permission).
        Cancelled: If the user asked to stop; nothing is left behind.
    """
    progress = progress or NullProgress()
    with atomic_path(path) as temporary:
        try:
            with PatientFile(temporary) as disk:
                with h5py.File(disk, "w", libver=_LIBRARY) as file:
                    _write_attributes(file, result)
                    _write_arrays(file, result, disk)
                    for index, item in enumerate(result.fields):
                        report = Step("Writing", index, len(result.fields), item.scale.label)
                        progress.report(report)
                        _write_scale(file, item, disk, progress)
                disk.check()
        except (RuntimeError, ValueError) as error:  # h5py's words for a failed write
            raise OutputError(
                f"Cannot write {path}: {error}. Check the free space, or choose another folder."
            ) from error


def expected_size(shape: tuple[int, int, int], scales: int) -> int:
    """Return about how much room a result will take at the least, bytes.

    Args:
        shape: Of the loop, ``(T, H, W)``.
        scales: How many will be tracked.
    """
    frames, height, width = shape
    each = (frames - 1) * scales * _PAIR_BYTES + frames * _FRAME_BYTES
    return round(height * width * each)


def _write_attributes(file: h5py.File, result: TrackingResult) -> None:
    """Write what the layout keeps as attributes; optional ones only where they are known."""
    attributes: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "software_version": result.software_version,
        "config": json.dumps(dict(result.config), sort_keys=True, default=str),
        "source_sha256": result.source_sha256,
        "method": result.method,
        "target": result.target.value,
        "seed": result.seed,
        "first_frame": result.first_frame,
        "reviewed": result.reviewed,
        "view": None if result.view is None else result.view.value,
        "ed_frame": result.ed_frame,
        "es_frame": result.es_frame,
        "source_name": result.source_name or None,
        "r_times_s": np.asarray(result.r_times_s, np.float64) if result.r_times_s else None,
        "notices": json.dumps(list(result.notices)) if result.notices else None,
        "ed_origin": result.mark_origins[0] or None,
        "es_origin": result.mark_origins[1] or None,
    }
    for name, value in attributes.items():
        if value is not None:
            file.attrs[name] = value


def _write_arrays(file: h5py.File, result: TrackingResult, disk: PatientFile) -> None:
    """Write times, spacing, mask, frames and contours."""
    if result.frame_times_s is not None:
        file["frame_times_s"] = result.frame_times_s
    if result.spacing_mm is not None:
        file["spacing_mm"] = np.asarray(result.spacing_mm, np.float64)
    _write_stack(file, "mask", result.mask.astype(np.uint8), disk)
    if result.frames is not None:
        _write_stack(file, "frames", result.frames, disk)
    if result.contours is not None:
        group = file.create_group("contours")
        group.attrs["closed"] = result.contours.closed
        group.attrs["keyframes"] = np.asarray(result.contours.keyframes, np.int64)
        group["endocardial"] = result.contours.endocardial
        if result.contours.epicardial is not None:
            group["epicardial"] = result.contours.epicardial


def _write_scale(file: h5py.File, item: ScaleField, disk: PatientFile, progress: Progress) -> None:
    """Write the field of one scale."""
    group = file.create_group(f"scales/{item.scale.value}")
    for name in ("seconds", "steps", "mse", "nlcc", "folding"):
        group.attrs[name] = getattr(item, name)
    _write_stack(group, "displacement", item.displacement, disk, progress)
    if item.uncertainty is not None:
        _write_stack(group, "uncertainty", item.uncertainty, disk, progress)


def _write_stack(
    group: h5py.Group,
    name: str,
    values: NDArray[Any],
    disk: PatientFile,
    progress: Progress | None = None,
) -> None:
    """Write an array, one chunk for each item of its first axis, packed by several threads.

    HDF5 packs with one thread only. The chunks are packed here as its own filters would, and
    handed over ready.
    """
    dataset = group.create_dataset(
        name, values.shape, values.dtype, chunks=(1, *values.shape[1:]), **_PACKED
    )
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(values), 2 * workers):
            if progress is not None:
                progress.check()
            for offset, chunk in enumerate(pool.map(_packed, values[start : start + 2 * workers])):
                place = (start + offset, *(0,) * (values.ndim - 1))
                dataset.id.write_direct_chunk(place, chunk)
            disk.check()


def _packed(values: NDArray[Any]) -> bytes:
    """Return a chunk as HDF5's shuffle and deflate filters leave it."""
    size = values.dtype.itemsize
    data = np.ascontiguousarray(values).view(np.uint8).reshape(-1, size)
    shuffled = data if size == 1 else np.ascontiguousarray(data.T)
    # Shuffled floats hold runs and noise, no repeated phrases: looking for runs alone takes less
    # than half the time for nearly the same size (docs/experiments.md).
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return packer.compress(shuffled.data) + packer.flush()
