"""Grey frames of an open video container, for video files and for MPEG inside DICOM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from engine.io.common import luma

#: Value of ``color_range`` for luma that spans 0 to 255 (JPEG), as against 16 to 235 (MPEG).
_FULL_RANGE: Final = 2
_WIDEN: Final = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


class TruncatedStreamError(ValueError):
    """A stream that ends within a frame."""


def grey_frames(container: Any, start: int, stop: int | None) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames ``(H, W)`` from ``start`` to before ``stop``, as luma in 0 to 255.

    Args:
        container: Open PyAV container with a video stream.
        start: First frame.
        stop: One after the last frame; None reads to the end.

    Raises:
        TruncatedStreamError: If a packet is damaged or cut off.
    """
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    index = 0
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise TruncatedStreamError(f"the stream breaks off after {index} frames")
        for frame in packet.decode():
            if frame.is_corrupt:
                raise TruncatedStreamError(f"frame {index} is damaged")
            if index >= start and (stop is None or index < stop):
                yield _luma(frame)
            index += 1
            if stop is not None and index >= stop:
                return


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the luma of a frame, studio range (16 to 235) widened to 0 to 255."""
    name = frame.format.name
    if name == "gray" or name.startswith("yuvj"):
        return _first_plane(frame)
    if name.startswith("yuv4") and frame.format.components[0].bits == 8:
        plane = _first_plane(frame)
        return plane if frame.color_range == _FULL_RANGE else _WIDEN[plane]
    return np.asarray(luma(frame.to_ndarray(format="rgb24")), dtype=np.uint8)


def _first_plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the first plane ``(H, W)`` of an 8-bit planar frame, without its padding."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return np.ascontiguousarray(rows[:, : plane.width])
