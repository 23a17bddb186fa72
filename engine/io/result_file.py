"""Writing ``result.h5``, the contract between tracking and everything after it.

Layout, units and directions are those of the README's section on the result file. Reading stands
in ``engine.io.result_read``, whose ``read_result`` is offered here too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import OutputError
from engine.io.atomic import atomic_path
from engine.io.result_read import FORMAT_VERSION, read_result
from engine.model import ScaleField, TrackingResult
from engine.progress import NullProgress, Progress, Step

__all__ = ["FORMAT_VERSION", "read_result", "write_result"]

#: gzip is the one compression that every HDF5 program reads; level 1 costs little time.
_PACKED: Final[dict[str, Any]] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


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
            with h5py.File(temporary, "w") as file:
                _write_attributes(file, result)
                _write_arrays(file, result)
                for index, item in enumerate(result.fields):
                    progress.report(Step("Writing", index, len(result.fields), item.scale.label))
                    _write_scale(file, item, progress)
        except (RuntimeError, ValueError) as error:  # h5py's words for a failed write
            raise OutputError(
                f"Cannot write {path}: {error}. Check the free space, or choose another folder."
            ) from error


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
    }
    for name, value in attributes.items():
        if value is not None:
            file.attrs[name] = value


def _write_arrays(file: h5py.File, result: TrackingResult) -> None:
    """Write times, spacing, mask, frames and contours."""
    if result.frame_times_s is not None:
        file["frame_times_s"] = result.frame_times_s
    if result.spacing_mm is not None:
        file["spacing_mm"] = np.asarray(result.spacing_mm, np.float64)
    _write_stack(file, "mask", result.mask, np.uint8)
    if result.frames is not None:
        _write_stack(file, "frames", result.frames, np.uint8)
    if result.contours is not None:
        group = file.create_group("contours")
        group.attrs["closed"] = result.contours.closed
        group.attrs["keyframes"] = np.asarray(result.contours.keyframes, np.int64)
        group["endocardial"] = result.contours.endocardial
        if result.contours.epicardial is not None:
            group["epicardial"] = result.contours.epicardial


def _write_scale(file: h5py.File, item: ScaleField, progress: Progress) -> None:
    """Write the field of one scale."""
    group = file.create_group(f"scales/{item.scale.value}")
    for name in ("seconds", "steps", "mse", "nlcc", "folding"):
        group.attrs[name] = getattr(item, name)
    _write_stack(group, "displacement", item.displacement, np.float32, progress)
    if item.uncertainty is not None:
        _write_stack(group, "uncertainty", item.uncertainty, np.float16, progress)


def _write_stack(
    group: h5py.Group,
    name: str,
    values: NDArray[Any],
    dtype: DTypeLike,
    progress: Progress | None = None,
) -> None:
    """Write an array frame by frame, so that no second copy of it is made."""
    chunks = (1, *values.shape[1:])
    dataset = group.create_dataset(name, values.shape, dtype, chunks=chunks, **_PACKED)
    for index, part in enumerate(values):
        if progress is not None:
            progress.check()
        dataset[index] = part
