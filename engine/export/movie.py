"""The overlay, and the mask, as videos that every browser plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from engine.config import ReportConfig
from engine.errors import OutputError
from engine.export.mask_picture import mask_scene
from engine.export.overlay import OverlayPainter
from engine.export.quiver import Trust
from engine.export.raster import Picture
from engine.export.stage import Stage
from engine.io.atomic import atomic_path
from engine.model import Cine, Mask, Scale, TrackingResult
from engine.progress import Progress, Step

_TICKS: Final = 90000
_UNTIMED_RATE: Final = 15.0
_FASTEST_RATE: Final = 30.0
_SLOWNESS: Final = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True, eq=False)
class Playback:
    """When each frame is shown.

    Attributes:
        times_s: ``(T,)`` float64, seconds of the video.
        remark: What the viewer is told of the rate.
    """

    times_s: NDArray[np.float64]
    remark: str


def playback(frame_times_s: NDArray[np.float64] | None, frames: int) -> Playback:
    """Choose the playback: real time, or the mildest slow motion that an eye can follow.

    Args:
        frame_times_s: ``(T,)`` acquisition times, s; None if unknown.
        frames: T.
    """
    if frame_times_s is None:
        times = np.arange(frames) / _UNTIMED_RATE
        return Playback(times, f"{_UNTIMED_RATE:.0f} frames/s; real rate unknown")
    if frames < 2:
        return Playback(np.zeros(1), "One frame")
    rate = 1 / float(np.median(np.diff(frame_times_s)))
    speed = next((slow for slow in _SLOWNESS if rate * slow <= _FASTEST_RATE), _SLOWNESS[-1])
    remark = "Real time" if speed == 1 else f"Slow motion: {100 * speed:.0f} % of real time"
    return Playback((frame_times_s - frame_times_s[0]) / speed, remark)


def write_movie(
    path: Path,
    result: TrackingResult,
    scale: Scale,
    config: ReportConfig,
    progress: Progress,
    *,
    trust: Trust | None = None,
    banner: str = "",
    arrows: bool = True,
) -> None:
    """Write the cine with contours and arrows as H.264 video (``yuv420p``, fast start).

    Args:
        path: Of the MP4.
        result: What was tracked; without its frames the arrows stand on black.
        scale: Whose field to draw.
        config: Holds the speed at the top of the colour bar.
        progress: Told of every frame.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; arrows below 0.5 fade.
        banner: A warning drawn over the picture, or an empty string.
        arrows: Whether arrows are drawn.

    Raises:
        InputError: If the result does not hold the scale.
        OutputError: If it cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; nothing is written.
    """
    frames = len(result.mask)
    show = playback(result.frame_times_s, frames)
    painter = OverlayPainter(
        result, scale, config, trust=trust, banner=banner, arrows=arrows, remark=show.remark
    )
    _write(path, painter.paint, painter.size, show, progress)


def write_mask_movie(path: Path, cine: Cine, mask: Mask, progress: Progress) -> None:
    """Write the cine with the mask's contours as H.264 video.

    Args:
        path: Of the MP4.
        cine: The loop.
        mask: Its mask, of the same frames.
        progress: Told of every frame.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; nothing is written.
    """
    show = playback(cine.frame_times_s, len(cine.frames))
    stage = Stage(mask_scene(cine, mask, ("Mask", str(mask.kind)), remark=show.remark))
    _write(path, lambda frame: stage.paint(frame)[0], stage.size, show, progress)


def _write(
    path: Path,
    paint: Callable[[int], Picture],
    size: tuple[int, int],
    show: Playback,
    progress: Progress,
) -> None:
    with atomic_path(path) as temporary:
        try:
            _encode(temporary, paint, size, show, progress)
        except av.error.FFmpegError as error:
            raise OutputError(
                f"The video {path.name} could not be written ({error.strerror}). Check that "
                "the disk has space and the folder can be written to."
            ) from error


def _encode(
    path: Path,
    paint: Callable[[int], Picture],
    size: tuple[int, int],
    show: Playback,
    progress: Progress,
) -> None:
    count = len(show.times_s)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=_mean_rate(show.times_s))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        stream.codec_context.time_base = Fraction(1, _TICKS)
        for index in range(count):
            progress.check()
            frame = av.VideoFrame.from_ndarray(paint(index), format="rgb24")
            frame.pts = round(float(show.times_s[index]) * _TICKS)
            frame.time_base = Fraction(1, _TICKS)
            container.mux(stream.encode(frame))
            progress.report(Step("video", index + 1, count, fraction=(index + 1) / count))
        container.mux(stream.encode())


def _mean_rate(times_s: NDArray[np.float64]) -> Fraction:
    if len(times_s) < 2:
        return Fraction(round(_UNTIMED_RATE))
    interval = float(np.median(np.diff(times_s)))
    return Fraction(1 / interval).limit_denominator(1000)
