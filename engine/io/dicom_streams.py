"""Single compressed frames of DICOM files, decoded without GDCM wherever that is possible.

GDCM ends the whole process on some damaged streams, and a window must outlive a bad file. FFmpeg's
decoders for lossless JPEG, JPEG-LS and JPEG 2000 are exact and survive anything; they serve all
8-bit pictures but JPEG-LS with interleaved colours, which goes to GDCM once its header is checked.
"""

from __future__ import annotations

import io
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
)

from engine.io.common import luma
from engine.io.jpeg_stream import PADDING, jpeg_header

#: Lossy JPEG, which Pillow decodes.
JPEG: Final = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit})
_CODECS: Final[dict[UID, str]] = {
    JPEGLossless: "mjpeg",
    JPEGLosslessSV1: "mjpeg",
    **dict.fromkeys(JPEGLSTransferSyntaxes, "jpegls"),
    **dict.fromkeys(JPEG2000TransferSyntaxes, "jpeg2000"),
}
#: Component numbers of JPEG streams whose components are red, green and blue.
_RGB_COMPONENTS: Final = tuple(b"RGB")
_END: Final = b"\xff\xd9"


class UnsupportedStreamError(NotImplementedError):
    """A stream of a kind that FFmpeg does not decode."""


def has_codec(syntax: UID) -> bool:
    """Return whether ``decode_stream`` knows a transfer syntax."""
    return syntax in _CODECS


def check_stream(data: bytes, syntax: UID, shape: tuple[int, int, int], deepest: int = 8) -> None:
    """Check that a stream is complete and holds the picture that its file says.

    Args:
        data: The stream.
        syntax: Transfer syntax.
        shape: (rows, columns, samples) that the file states.
        deepest: Most bits of a sample.

    Raises:
        ValueError: If it is incomplete or of another size.
    """
    if syntax in JPEG2000TransferSyntaxes:
        if not data.rstrip(PADDING).endswith(_END):
            raise ValueError("the JPEG 2000 stream is incomplete")
        return
    header = jpeg_header(data)
    stated = (header.height, header.width, header.components)
    if stated != shape or not 2 <= header.precision <= deepest:
        raise ValueError(f"the stream holds {stated} samples and the file says {shape}")


def decode_stream(data: bytes, syntax: UID, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the samples of a lossless JPEG, JPEG-LS or JPEG 2000 frame, as they are stored.

    Colours are not converted, but for the reversible and irreversible transforms of JPEG 2000,
    which belong to the stream.

    Args:
        data: The stream, of 8 bits a sample.
        syntax: Transfer syntax, one that ``has_codec`` knows.
        shape: (rows, columns, samples) that the file states.

    Returns:
        ``(H, W)`` or ``(H, W, 3)`` uint8.

    Raises:
        UnsupportedStreamError: If FFmpeg lacks this kind of the format.
        ValueError: If the stream is damaged.
    """
    codec: Any = av.CodecContext.create(_CODECS[syntax], "r")
    codec.options = {"err_detect": "explode"}
    try:
        frames = [*codec.decode(av.Packet(data)), *codec.decode(None)]
    except av.error.PatchWelcomeError as error:
        raise UnsupportedStreamError(str(error)) from error
    if len(frames) != 1 or frames[0].is_corrupt:
        raise ValueError("the stream does not decode to one whole picture")
    samples = _samples(frames[0])
    if samples.shape != (shape if shape[2] > 1 else shape[:2]):
        raise ValueError(f"the stream holds {samples.shape} samples and the file says {shape}")
    return samples


def _samples(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the components of a frame, ``(H, W)`` or ``(H, W, 3)``, as they are stored."""
    name = frame.format.name
    if frame.format.components[0].bits == 8:
        if name == "gray":
            return np.ascontiguousarray(_plane(frame.planes[0]))
        if name.startswith(("rgb", "bgr", "gbr")):
            return np.asarray(frame.to_ndarray(format="rgb24"))
        if name in {"yuv444p", "yuvj444p"}:
            return np.stack([_plane(plane) for plane in frame.planes[:3]], axis=-1)
    raise UnsupportedStreamError(f"pixels of the kind {name}")


def jpeg_luma(data: bytes, photometric: str) -> NDArray[np.uint8]:
    """Return the luma ``(H, W)`` of a lossy JPEG frame.

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


def _plane(plane: Any) -> NDArray[np.uint8]:
    """Return one plane ``(H, W)`` without its padding."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]
