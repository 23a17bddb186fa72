"""The frames of loops that are given as files, folders and lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.cohort.listing import read_cohort
from engine.cohort.values import CohortLoop
from engine.errors import InputError, MyofluxError
from engine.io.reader import read_cine
from engine.progress import Progress


def read_frames(paths: Sequence[Path], progress: Progress) -> tuple[NDArray[np.uint8], ...]:
    """Read the loops of files, folders and lists.

    A loop that cannot be read, or has one frame, is left out with a notice.

    Args:
        paths: Loops, folders of loops, or lists of loops (see ``engine.cohort.listing``).
        progress: Told of what is left out.

    Returns:
        Loops ``(T, H, W)`` uint8.

    Raises:
        InputError: If no loop is left.
        Cancelled: If a stop was asked for.
    """
    found = []
    for loop in (item for path in paths for item in _listed(path)):
        progress.check()
        try:
            if loop.problem:
                raise InputError(loop.problem)
            frames = read_cine(loop.path, loop.reading, progress).frames
        except MyofluxError as error:
            progress.notice(f"{loop.path.name} is left out: {error}")
            continue
        if len(frames) < 2:
            progress.notice(f"{loop.path.name} is left out: it has one frame.")
        else:
            found.append(frames)
    if not found:
        raise InputError("No loop was left. Give loops with two frames or more.")
    return tuple(found)


def _listed(path: Path) -> tuple[CohortLoop, ...]:
    """Return the loops that a path stands for."""
    if path.is_dir() or path.suffix.lower() == ".csv":
        return read_cohort(path)
    return (CohortLoop(path, study="", name=path.stem),)
