"""What a JPEG, lossless JPEG or JPEG-LS stream says of itself, read before it is decoded.

GDCM ends the whole process on some streams that do not fit the image they are said to hold, so
they must be told apart beforehand.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

#: Bytes that writers add to a stream to make its length even.
PADDING: Final = b"\0\xff"

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
#: Frame headers: SOF0 to SOF15 without DHT, JPG and DAC; SOF55 of JPEG-LS.
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7})
_SCAN: Final = 0xDA
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class JpegHeader:
    """Frame header of a JPEG stream.

    Attributes:
        precision: Bits of a sample.
        height: Rows, px.
        width: Columns, px.
        components: Samples of a pixel.
    """

    precision: int
    height: int
    width: int
    components: int


def jpeg_header(data: bytes) -> JpegHeader:
    """Return the frame header of a stream that has all its parts (ITU-T T.81, B.2).

    Raises:
        ValueError: If it does not begin and end as a JPEG stream, or has no frame header before
            its first scan.
    """
    body = data.rstrip(PADDING)
    if not body.startswith(_START) or not body.endswith(_END):
        raise ValueError("the JPEG stream is incomplete")
    place, header = 2, None
    while place + 4 <= len(body):
        if body[place] != 0xFF:
            break
        marker = body[place + 1]
        if marker in _BARE or marker == 0xFF:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", body, place + 2)
        if marker == _SCAN:
            if header is None:
                break
            return header
        if marker in _FRAMES and place + 10 <= len(body):
            header = JpegHeader(*struct.unpack_from(">BHHB", body, place + 4))
        place += 2 + length
    raise ValueError("the JPEG stream has no readable header")
