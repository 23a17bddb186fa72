"""Grey frames of DICOM files, one by one, for every usual transfer syntax.

Colour is read as its luma. JPEG files are decoded to luma by Pillow at once, which follows the
colour space that the JPEG stream itself states; all others come from pydicom unconverted, so that
YBR pixels give their first channel. Either way no colour is converted twice.
"""

from __future__ import annotations

import io
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
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit

from engine.io.common import luma
from engine.io.video_decode import grey_frames as video_frames

_JPEG: Final = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit})
_VIDEO_PREFIX: Final = "1.2.840.10008.1.2.4."
#: Last parts of the UIDs of MPEG-2, MPEG-4 AVC and HEVC transfer syntaxes.
_VIDEO_LAST: Final = range(100, 109)
#: Component numbers of JPEG streams whose components are red, green and blue.
_RGB_COMPONENTS: Final = tuple(b"RGB")


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
    elif syntax in _JPEG and dataset.BitsAllocated == 8:
        for index, data in enumerate(_encoded(dataset)):
            if index >= stop:
                break
            if index >= start:
                yield jpeg_luma(data, dataset.get("PhotometricInterpretation", ""))
    elif _is_packed_422(dataset):
        for index in range(start, stop):
            yield np.ascontiguousarray(_unpacked_422(dataset, index)[..., 0])
    else:
        yield from _decoded(dataset, start, stop)


def first_rgb(dataset: Dataset, index: int) -> NDArray[np.uint8] | None:
    """Return one frame ``(H, W, 3)`` in colour, to tell whether a loop is coloured at all.

    Returns:
        None where the file is grey, holds video, or holds more than 8 bits.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    colour = dataset.get("SamplesPerPixel", 1) == 3 and dataset.get("BitsAllocated") == 8
    if not colour or is_video_syntax(syntax):
        return None
    if syntax in _JPEG:
        for position, data in enumerate(_encoded(dataset)):
            if position == index:
                with Image.open(io.BytesIO(data)) as image:
                    return np.asarray(image.convert("RGB"))
        return None
    if _is_packed_422(dataset):
        ybr = _unpacked_422(dataset, index)
        return np.asarray(convert_color_space(ybr, "YBR_FULL", "RGB"), dtype=np.uint8)
    for pixels, _ in get_decoder(syntax).iter_array(dataset, indices=[index]):
        return np.asarray(pixels, dtype=np.uint8)
    return None


def jpeg_luma(data: bytes, photometric: str) -> NDArray[np.uint8]:
    """Return the luma ``(H, W)`` of a JPEG frame.

    What the stream says of its colours (Adobe or JFIF marker, or components named R, G, B) is
    followed. Only where it is silent does the file's Photometric Interpretation decide, since a
    decoder would otherwise take three unmarked components as YCbCr.

    Args:
        data: The stream.
        photometric: Photometric Interpretation of the file.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        components = tuple(layer[0] for layer in getattr(image, "layer", ()))
        told = "adobe_transform" in image.info or "jfif" in image.info
        unmarked_rgb = photometric == "RGB" and not told and components != _RGB_COMPONENTS
        if len(components) == 3 and unmarked_rgb:
            image.draft("YCbCr", image.size)  # the three components as they are stored
            return luma(np.asarray(image))
        image.draft("L", image.size)
        return np.asarray(image.convert("L"))


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


def _encoded(dataset: Dataset) -> Iterator[bytes]:
    """Yield the compressed frames."""
    offsets = dataset.get("ExtendedOffsetTable")
    lengths = dataset.get("ExtendedOffsetTableLengths")
    extended = (offsets, lengths) if offsets and lengths else None
    yield from generate_frames(
        dataset.PixelData,
        number_of_frames=int(dataset.get("NumberOfFrames") or 1),
        extended_offsets=extended,
    )


def _mpeg_frames(dataset: Dataset, start: int, stop: int) -> Iterator[NDArray[Any]]:
    """Yield frames of the MPEG stream whose fragments make up the pixel data."""
    stream = b"".join(generate_frames(dataset.PixelData, number_of_frames=1))
    with av.open(io.BytesIO(stream)) as container:
        yield from video_frames(container, start, stop)


def _decoded(dataset: Dataset, start: int, stop: int) -> Iterator[NDArray[Any]]:
    """Yield frames that pydicom decodes, without its conversion of colours."""
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    for pixels, told in decoder.iter_array(dataset, indices=range(start, stop), raw=True):
        yield _grey(pixels, str(told["photometric_interpretation"]), dataset)


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
