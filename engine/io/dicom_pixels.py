"""Grey frames of DICOM files, one by one, for every usual transfer syntax.

Colour is read as its luma. Lossy JPEG is decoded to luma at once, in the colour space that the
stream itself states; all else is decoded without a conversion of colours, so that YBR pixels give
their first channel. Either way no colour is converted twice.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, convert_color_space
from pydicom.uid import UID, JPEG2000TransferSyntaxes

from engine.io.common import luma
from engine.io.dicom_streams import (
    JPEG,
    UnsupportedStreamError,
    check_stream,
    decode_stream,
    has_codec,
    jpeg_luma,
)
from engine.io.video_decode import grey_frames as video_frames

_VIDEO_PREFIX: Final = "1.2.840.10008.1.2.4."
#: Last parts of the UIDs of MPEG-2, MPEG-4 AVC and HEVC transfer syntaxes.
_VIDEO_LAST: Final = range(100, 109)


def is_video_syntax(syntax: UID) -> bool:
    """Return whether a transfer syntax holds one MPEG stream for all frames."""
    last = syntax.removeprefix(_VIDEO_PREFIX).split(".")[0]
    return syntax.startswith(_VIDEO_PREFIX) and last.isdigit() and int(last) in _VIDEO_LAST


def can_decode(syntax: UID) -> bool:
    """Return whether pixels of a transfer syntax can be decoded on this machine."""
    if is_video_syntax(syntax):
        return True
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def grey_frames(dataset: Dataset, start: int, stop: int) -> Iterator[NDArray[Any]]:
    """Yield the grey frames ``(H, W)`` of a range of a DICOM file.

    Args:
        dataset: With its pixel data and a transfer syntax.
        start: First frame.
        stop: One after the last frame.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if is_video_syntax(syntax):
        yield from _mpeg_frames(dataset, start, stop)
    elif syntax in JPEG and dataset.BitsAllocated == 8:
        for data in _encoded(dataset, range(start, stop)):
            yield jpeg_luma(data, dataset.get("PhotometricInterpretation", ""))
    else:
        for pixels, photometric in _pixels(dataset, range(start, stop)):
            yield _grey(pixels, photometric, dataset)


def first_rgb(dataset: Dataset, index: int) -> NDArray[np.uint8] | None:
    """Return one frame ``(H, W, 3)`` in colour, to tell whether a loop is coloured at all.

    Returns:
        None where the file is grey, holds video, or holds more than 8 bits.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    colour = dataset.get("SamplesPerPixel", 1) == 3 and dataset.get("BitsAllocated") == 8
    if not colour or is_video_syntax(syntax):
        return None
    if syntax in JPEG:
        for data in _encoded(dataset, range(index, index + 1)):
            with Image.open(io.BytesIO(data)) as image:
                return np.asarray(image.convert("RGB"))
        return None
    for pixels, photometric in _pixels(dataset, range(index, index + 1)):
        ybr = photometric.startswith("YBR_FULL")
        if pixels.ndim == 2:
            return None
        rgb = convert_color_space(pixels, "YBR_FULL", "RGB") if ybr else pixels
        return np.asarray(rgb, dtype=np.uint8)
    return None


def _pixels(dataset: Dataset, wanted: range) -> Iterator[tuple[NDArray[Any], str]]:
    """Yield decoded pixels, colours unconverted, with their photometric interpretation."""
    syntax = dataset.file_meta.TransferSyntaxUID
    photometric = str(dataset.PhotometricInterpretation)
    if _is_packed_422(dataset):
        yield from ((_unpacked_422(dataset, index), "YBR_FULL") for index in wanted)
        return
    if has_codec(syntax):
        shape = (int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel))
        for data in _encoded(dataset, wanted):
            check_stream(data, syntax, shape, int(dataset.BitsAllocated))
        if _is_known_to_ffmpeg(dataset, wanted):
            for data in _encoded(dataset, wanted):
                yield decode_stream(data, syntax, shape), photometric
            return
    plugin = "pillow" if syntax in JPEG2000TransferSyntaxes else ""
    decoder = get_decoder(syntax)
    for pixels, told in decoder.iter_array(
        dataset, indices=wanted, raw=True, decoding_plugin=plugin
    ):
        yield pixels, str(told["photometric_interpretation"])


def _is_known_to_ffmpeg(dataset: Dataset, wanted: range) -> bool:
    """Return whether FFmpeg decodes the streams of a file; the first one stands for all."""
    if dataset.BitsAllocated != 8:
        return False
    shape = (int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel))
    try:
        for data in _encoded(dataset, wanted[:1]):
            decode_stream(data, dataset.file_meta.TransferSyntaxUID, shape)
    except UnsupportedStreamError:
        return False
    return True


def _encoded(dataset: Dataset, wanted: range) -> Iterator[bytes]:
    """Yield the compressed frames of a range."""
    offsets = dataset.get("ExtendedOffsetTable")
    lengths = dataset.get("ExtendedOffsetTableLengths")
    frames = generate_frames(
        dataset.PixelData,
        number_of_frames=int(dataset.get("NumberOfFrames") or 1),
        extended_offsets=(offsets, lengths) if offsets and lengths else None,
    )
    yield from itertools.islice(frames, wanted.start, wanted.stop)


def _is_packed_422(dataset: Dataset) -> bool:
    """Return whether pixels are uncompressed with two pixels to one pair of chroma values."""
    encapsulated = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    return dataset.get("PhotometricInterpretation") == "YBR_FULL_422" and not encapsulated


def _unpacked_422(dataset: Dataset, index: int) -> NDArray[np.uint8]:
    """Return a frame ``(H, W, 3)`` of packed YBR (DICOM PS3.3 C.7.6.3.1.2).

    pydicom 3.0 finds the frames of such files by the length of full YBR, which is right for the
    first one alone.
    """
    size = 2 * dataset.Rows * dataset.Columns
    data = np.frombuffer(dataset.PixelData, np.uint8, size, offset=index * size).reshape(-1, 4)
    pixels = np.empty((len(data), 2, 3), np.uint8)
    pixels[..., 0] = data[:, :2]
    pixels[..., 1] = data[:, 2:3]
    pixels[..., 2] = data[:, 3:]
    return pixels.reshape(dataset.Rows, dataset.Columns, 3)


def _mpeg_frames(dataset: Dataset, start: int, stop: int) -> Iterator[NDArray[Any]]:
    """Yield frames of the MPEG stream whose fragments make up the pixel data."""
    stream = b"".join(generate_frames(dataset.PixelData, number_of_frames=1))
    with av.open(io.BytesIO(stream)) as container:
        yield from video_frames(container, start, stop)


def _grey(pixels: NDArray[Any], photometric: str, dataset: Dataset) -> NDArray[Any]:
    """Return the grey values of decoded pixels."""
    if photometric == "PALETTE COLOR":
        colours = apply_color_lut(pixels, dataset)
        return luma(colours >> 8 if colours.dtype.itemsize > 1 else colours)
    if photometric == "MONOCHROME1":
        bits = int(dataset.BitsStored)
        signed = int(dataset.get("PixelRepresentation", 0))
        return (-1 - pixels if signed else (1 << bits) - 1 - pixels).astype(pixels.dtype)
    if pixels.ndim == 2:
        return pixels
    if photometric.startswith("YBR") and photometric not in {"YBR_ICT", "YBR_RCT"}:
        return np.ascontiguousarray(pixels[..., 0])
    return luma(pixels)
