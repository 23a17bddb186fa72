"""Video files: MP4, AVI, MOV, MKV, GIF and their kin, through PyAV.

A container's rate says how fast a player shows the loop, not how fast it was acquired. It never
becomes a frame time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from engine.config import ReadConfig
from engine.errors import InputError
from engine.io.common import (
    SourceFacts,
    check_memory,
    collect,
    colour_warning,
    guarded,
    make_cine,
    part_advice,
    resolve_range,
    sha256_of,
    unreadable,
)
from engine.io.video_decode import grey_frames
from engine.io.whole import is_whole
from engine.model import Cine
from engine.progress import Progress

_NO_TIMES: Final = (
    "A video states a playback rate, not the acquisition rate, so nothing is given per second. "
    "Give the acquisition rate (--fps, or Frame rate in the window)."
)


def read_video(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read a video file.

    Args:
        path: The file.
        config: Range of frames, and the user's own facts.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If the file is damaged, cut off, or holds no video.
        InputError: If the wanted frames are not among those that it holds.
        ResourceError: If it exceeds the bound on memory.
    """
    start, stop = config.frames[0] or 0, config.frames[1]
    if start < 0 or (stop is not None and stop <= start):
        resolve_range(config.frames, max(start, 0) + 1, path.name)
    if stop is None and not is_whole(path):
        raise unreadable(
            path,
            "it is truncated: its end is missing",
            f"Copy it again from its source, or {part_advice('0:B')}",
        )
    with guarded(path), av.open(str(path.resolve())) as container:
        if not container.streams.video:
            raise unreadable(path, "it holds no video", "Choose a loop with pictures.")
        stream = container.streams.video[0]
        count = None if stop is None else stop - start
        if count is not None:
            check_memory(count, (stream.height, stream.width), path.name)
        coloured = _colour(path)
        stack = collect(_within(container, config, path), count, path, progress)
        fps = stream.average_rate or stream.guessed_rate
        facts = SourceFacts(
            format="video",
            transfer_syntax=stream.codec_context.codec.long_name or stream.codec_context.name,
            times_origin="a video's rate is playback, not acquisition",
            playback_fps=float(fps) if fps else None,
            warnings=() if coloured is None else (coloured,),
        )
    if config.fps is None:
        facts = dataclasses.replace(facts, warnings=(*facts.warnings, _NO_TIMES))
    sha256 = sha256_of([path], progress)
    return make_cine(path, stack, start, facts, config=config, sha256=sha256)


def _within(container: Any, config: ReadConfig, path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the wanted frames; refuses a range that the video does not hold."""
    start, stop = config.frames[0] or 0, config.frames[1]
    number = start
    for frame in grey_frames(container, start, stop):
        yield frame
        number += 1
    if number == start or (stop is not None and number < stop):
        raise InputError(
            f"{path.name} ends before frame {stop if stop is not None else start}; "
            f"{f'it has {number} frames. ' if number > start else ''}Choose other frames."
        )


def _colour(path: Path) -> str | None:
    """Return a warning if the first frame is clearly coloured."""
    with av.open(str(path.resolve())) as container:
        for frame in container.decode(video=0):
            return colour_warning(frame.to_ndarray(format="rgb24"))
    return None
