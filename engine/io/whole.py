"""Whether a video file is all there, told by the sizes that its container states.

Decoders tolerate a missing end, and give a shorter loop without a word.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

#: Writers round sizes; so many missing bytes are no loss.
_SLACK: Final = 8
_EBML_SEGMENT: Final = b"\x18S\x80g"
_TAIL: Final = 64


def is_whole(path: Path) -> bool:
    """Return False if a video container states more bytes than its file holds.

    AVI, MP4, MOV, MKV, WebM and GIF state their size; other files are taken to be whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head.startswith(b"RIFF"):
            return _riff_end(file, size) <= size + _SLACK
        if head.startswith(b"GIF8"):
            file.seek(max(0, size - _TAIL))
            return file.read().rstrip(b"\0").endswith(b";")
        if head.startswith(b"\x1aE\xdf\xa3"):
            return _ebml_end(file, size) <= size + _SLACK
        if head[4:8].isalnum() and not head.startswith((b"Ogg", b"FLV", b"\0\0\1", b"0&")):
            return _box_end(file, size) <= size
    return True


def _box_end(file: BinaryIO, size: int) -> int:
    """Return where the last top-level box of an MP4 or MOV file ends."""
    place = 0
    while place + 8 <= size:
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            longer = file.read(8)
            length = struct.unpack(">Q", longer)[0] if len(longer) == 8 else size
        if length == 0 or (length < 8 and kind):
            return size  # the last box reaches to the end of the file
        place += length
    return place if place >= size else size + 1


def _riff_end(file: BinaryIO, size: int) -> int:
    """Return where the last RIFF chunk ends; large AVI files have several."""
    place = 0
    while place + 8 <= size:
        file.seek(place)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF" or length in {0, 0xFFFFFFFF}:
            return max(place, 0)
        place += 8 + length + length % 2
    return place


def _ebml_end(file: BinaryIO, size: int) -> int:
    """Return where the segment of a Matroska file ends; 0 if it is not stated."""
    head = file.read(min(size, 4096))
    at = head.find(_EBML_SEGMENT)
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    count = 9 - first.bit_length()
    if first == 0 or at + 4 + count > len(head):
        return 0
    raw = bytes([first & ((1 << (8 - count)) - 1)]) + head[at + 5 : at + 4 + count]
    length = int.from_bytes(raw, "big")
    if length == (1 << (7 * count)) - 1:
        return 0  # written as a stream, of unknown size
    return at + 4 + count + length
