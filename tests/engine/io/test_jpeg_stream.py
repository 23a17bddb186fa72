"""Headers of JPEG streams are read before any decoder sees the stream."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEG2000, JPEGLSLossless

from engine.io.dicom_streams import check_stream
from engine.io.jpeg_stream import JpegHeader, jpeg_header


def stream(shape: tuple[int, ...] = (12, 20), **options: object) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_the_header_tells_size_and_depth(progressive: bool) -> None:
    assert jpeg_header(stream(progressive=progressive)) == JpegHeader(8, 12, 20, 1)
    assert jpeg_header(stream((7, 5, 3))) == JpegHeader(8, 7, 5, 3)
    assert jpeg_header(stream() + b"\0") == JpegHeader(8, 12, 20, 1)


def test_every_shorter_stream_is_incomplete() -> None:
    whole = stream()
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="stream"):
            jpeg_header(whole[:length])


def test_bytes_between_the_ends_may_be_anything() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        noise = b"\xff\xd8" + rng.bytes(int(rng.integers(0, 60))) + b"\xff\xd9"
        with pytest.raises(ValueError, match="header"):
            jpeg_header(noise)


def test_a_stream_must_fit_its_file() -> None:
    check_stream(stream(), JPEGLSLossless, (12, 20, 1))
    for shape in ((12, 21, 1), (11, 20, 1), (12, 20, 3)):
        with pytest.raises(ValueError, match="samples"):
            check_stream(stream(), JPEGLSLossless, shape)
    with pytest.raises(ValueError, match="incomplete"):
        check_stream(b"\xff\x4f\xff\x51" + b"\0" * 9, JPEG2000, (12, 20, 1))
