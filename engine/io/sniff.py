"""What a file is, told by its first bytes, never by its ending."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from engine.io.common import unreadable

_HEAD: Final = 4096


class Kind(Enum):
    """Kinds of source, by content."""

    DICOM = "DICOM"
    NIFTI = "NIfTI"
    ZIP = "NPZ"
    IMAGE = "image"
    VIDEO = "video"
    RESULT = "result file"
    GZIP = "compressed file"
    KRETZ = "Kretz volume"
    PHILIPS = "Philips native file"
    GE = "GE native file"
    NUMPY = "NumPy array"
    UNKNOWN = "unknown"


_MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"KRETZFILE", Kind.KRETZ),
    (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"II*\x00", Kind.IMAGE),
    (b"MM\x00*", Kind.IMAGE),
    (b"II+\x00", Kind.IMAGE),
    (b"MM\x00+", Kind.IMAGE),
    (b"BM", Kind.IMAGE),
    (b"\x89HDF\r\n\x1a\n", Kind.RESULT),
    (b"\x93NUMPY", Kind.NUMPY),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"GIF87a", Kind.VIDEO),
    (b"GIF89a", Kind.VIDEO),
    (b"\x1aE\xdf\xa3", Kind.VIDEO),  # Matroska, WebM
    (b"\x00\x00\x01\xba", Kind.VIDEO),  # MPEG program stream
    (b"\x00\x00\x01\xb3", Kind.VIDEO),  # MPEG video stream
    (b"0&\xb2u\x8ef\xcf\x11", Kind.VIDEO),  # ASF, WMV
    (b"FLV\x01", Kind.VIDEO),
    (b"OggS", Kind.VIDEO),
    (b"\x1f\x8b", Kind.GZIP),
)
_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")


def head_of(path: Path) -> bytes:
    """Return the first 4096 bytes of a file, unpacked if it is gzip.

    Raises:
        UnreadableFileError: If it is missing, empty or cannot be opened.
    """
    if path.exists() and not path.is_file():
        raise unreadable(path, "it is no file but a pipe or a device", "Choose a file.")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError as error:
        raise unreadable(path, "there is no such file", "Check its name.") from error
    except OSError as error:
        reason = error.strerror or "the system refuses to open it"
        raise unreadable(path, reason, "Check its name and permissions.") from error
    if not head:
        raise unreadable(path, "it is empty (0 bytes)", "Copy it again from its source.")
    if head.startswith(b"\x1f\x8b"):
        return _inflated(head) or head
    return head


def kind_of(head: bytes) -> Kind:
    """Return what the first bytes of a file say it is."""
    for magic, kind in _MAGIC:
        if head.startswith(magic) and head[128:132] != b"DICM":
            return kind
    for kind, fits in _TESTS:
        if fits(head):
            return kind
    return Kind.UNKNOWN


def kind_of_file(path: Path) -> Kind:
    """Return what a file is; of gzip files, only NIfTI is looked into.

    Raises:
        UnreadableFileError: If it is missing, empty or cannot be opened.
    """
    kind = kind_of(head_of(path))
    if kind is Kind.NIFTI:
        return kind
    with path.open("rb") as file:
        return Kind.GZIP if file.read(2) == b"\x1f\x8b" else kind


def is_nifti_header(head: bytes) -> bool:
    """Return whether unpacked bytes begin with a NIfTI-1 or NIfTI-2 header."""
    if len(head) < 348:
        return False
    size = {struct.unpack("<i", head[:4])[0], struct.unpack(">i", head[:4])[0]}
    if 348 in size:
        return head[344:347] in {b"n+1", b"ni1"}
    return 540 in size and head[4:7] in {b"n+2", b"ni2"}


def _looks_like_bare_dicom(head: bytes) -> bool:
    """Return whether bytes begin with a plausible DICOM element, without preamble.

    The first group is 0002 or 0008 in either byte order, followed by an explicit value
    representation or by a short implicit length.
    """
    if len(head) < 16:
        return False
    for order in ("<", ">"):
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group not in {0x0002, 0x0008} or element > 0x0100:
            continue
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        if explicit or struct.unpack(f"{order}I", head[4:8])[0] < 1024:
            return True
    return False


def _inflated(head: bytes) -> bytes:
    """Return the first bytes of a gzip stream, as far as they can be unpacked."""
    try:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(head, _HEAD)
    except zlib.error:
        return b""


def _is_container(head: bytes) -> bool:
    """Return whether bytes begin an AVI, an MP4 or MOV, or an MPEG transport stream."""
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    return head[4:8] in _BOXES or all(head[at : at + 1] == b"G" for at in (0, 188, 376))


_TESTS: Final[tuple[tuple[Kind, Callable[[bytes], bool]], ...]] = (
    (Kind.DICOM, lambda head: head[128:132] == b"DICM"),
    (Kind.NIFTI, is_nifti_header),
    (Kind.VIDEO, _is_container),
    (Kind.PHILIPS, lambda head: b"Philips" in head and b"<" in head),
    (Kind.GE, lambda head: b"MovieGroup" in head or b"GEMS_Ultrasound" in head),
    (Kind.DICOM, _looks_like_bare_dicom),
)
