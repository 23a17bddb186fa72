"""Videos: luma as it was, playback never taken for acquisition, cut files told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from engine.errors import InputError, UnreadableFileError
from engine.io.whole import is_whole
from engine.model import Cine

Read = Callable[..., Cine]

KINDS = [
    ("mp4", "libx264", "yuv420p"),
    ("mp4", "libx264", "yuvj420p"),
    ("mov", "mpeg4", "yuv420p"),
    ("avi", "mjpeg", "yuvj420p"),
    ("avi", "mpeg4", "yuv420p"),
    ("matroska", "ffv1", "gray"),
    ("matroska", "libx264", "yuv420p"),
    ("gif", "gif", "rgb8"),
]


def make_video(path: Path, frames: np.ndarray, kind: str, codec: str, pixels: str) -> Path:
    """Write grey frames as a video of nearly no loss."""
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=20)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pixels
        if codec in {"mpeg4", "mjpeg"}:
            stream.bit_rate = 20_000_000
        if codec == "libx264":
            stream.options = {"crf": "4"}
        if codec == "mjpeg":
            stream.codec_context.qmin = stream.codec_context.qmax = 1
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.repeat(frame[..., None], 3, -1), "rgb24")
            for packet in stream.encode(picture.reformat(format=pixels)):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.mark.parametrize(("kind", "codec", "pixels"), KINDS)
def test_luma_is_what_was_written(
    *, tmp_path: Path, speckle: np.ndarray, read: Read, kind: str, codec: str, pixels: str
) -> None:
    # The ending says nothing: the reader goes by content.
    path = make_video(tmp_path / "loop.dcm", speckle, kind, codec, pixels)
    loop = read(path)
    assert loop.shape == speckle.shape
    limit = 25 if kind == "gif" else 5
    assert np.abs(loop.frames.astype(float) - speckle).mean() < limit
    slope = np.polyfit(speckle.ravel().astype(float), loop.frames.ravel().astype(float), 1)[0]
    assert slope == pytest.approx(1, abs=0.1 if kind == "gif" else 0.03)
    assert loop.provenance.format == "video"
    assert loop.provenance.transfer_syntax


def test_a_playback_rate_is_never_an_acquisition_rate(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    path = make_video(tmp_path / "loop.mp4", speckle, *KINDS[0])
    loop = read(path)
    assert loop.frame_times_s is None
    assert loop.frame_rate_hz is None
    assert loop.playback_fps == pytest.approx(20)
    assert "playback" in loop.provenance.times_origin
    assert any("--fps" in item for item in loop.provenance.warnings)
    given = read(path, fps=80.0, frames=(2, 5))
    np.testing.assert_allclose(given.frame_times_s, np.array([2, 3, 4]) / 80)
    assert not given.provenance.warnings


def test_a_range_equals_that_part_of_the_whole(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    path = make_video(tmp_path / "loop.mp4", speckle, *KINDS[0])
    whole, part = read(path), read(path, frames=(1, 4))
    np.testing.assert_array_equal(part.frames, whole.frames[1:4])
    assert part.first_frame == 1
    assert part.provenance.sha256 == whole.provenance.sha256


@pytest.mark.parametrize("frames", [(0, 7), (9, None), (3, 3), (-1, 2), (6, None)])
def test_frames_that_are_not_there_are_refused(
    tmp_path: Path, speckle: np.ndarray, read: Read, frames: tuple[int, int | None]
) -> None:
    path = make_video(tmp_path / "loop.mp4", speckle, *KINDS[0])
    with pytest.raises(InputError, match=r"frame"):
        read(path, frames=frames)


@pytest.mark.parametrize(("kind", "codec", "pixels"), KINDS)
def test_a_video_cut_anywhere_is_told(
    *, tmp_path: Path, speckle: np.ndarray, read: Read, kind: str, codec: str, pixels: str
) -> None:
    data = make_video(tmp_path / "whole", speckle, kind, codec, pixels).read_bytes()
    assert is_whole(tmp_path / "whole")
    cut = tmp_path / "cut"
    lengths = {1, 5, 11, 40, len(data) // 8, len(data) // 3, len(data) // 2, len(data) - 200}
    for length in sorted(lengths):
        cut.write_bytes(data[:length])
        with pytest.raises(UnreadableFileError):
            read(cut)


def test_a_tinted_video_says_that_only_brightness_is_read(
    tmp_path: Path, tinted: np.ndarray, read: Read
) -> None:
    path = tmp_path / "tinted.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for frame in tinted:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    loop = read(path)
    luma = tinted.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(loop.frames - luma).max() <= 1
    assert any("coloured" in item for item in loop.provenance.warnings)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("a4c_1024x768.mp4", (3, 768, 1024)), ("a4c_depth_ticks_630x584.mp4", (3, 584, 630))],
)
def test_real_loops(real_data: Path, read: Read, name: str, shape: tuple[int, int, int]) -> None:
    loop = read(real_data / "echo" / name, frames=(2, 5))
    assert loop.shape == shape
    assert loop.frame_times_s is None
    assert loop.spacing_mm is None
    assert loop.frames.min() == 0
    assert loop.frames.max() > 230
    with av.open(str(real_data / "echo" / name)) as container:
        red = [frame.to_ndarray(format="rgb24")[..., 0] for frame in container.decode(video=0)][2]
    assert np.abs(loop.frames[0].astype(float) - red).mean() < 3, "near the first channel"
