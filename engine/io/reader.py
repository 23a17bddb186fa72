"""Reading any source as a cine; the reader is chosen by content, never by the file's ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.config import ReadConfig
from engine.errors import InputError
from engine.io.common import unreadable
from engine.io.dicom import read_dicom
from engine.io.nifti import read_nifti
from engine.io.npz import read_npz
from engine.io.sequence import read_folder, read_image
from engine.io.sniff import Kind, kind_of_file
from engine.io.video import read_video
from engine.model import Cine
from engine.progress import Progress

_READERS: Final[dict[Kind, Callable[[Path, ReadConfig, Progress], Cine]]] = {
    Kind.DICOM: read_dicom,
    Kind.NIFTI: read_nifti,
    Kind.ZIP: read_npz,
    Kind.IMAGE: read_image,
    Kind.VIDEO: read_video,
}
_EXPORT: Final = "Export the loop from the scanner as DICOM Ultrasound Multi-frame, or as MP4."
_REFUSED: Final[dict[Kind, tuple[str, str]]] = {
    Kind.KRETZ: ("it is a GE Kretz volume, a format that is not public", _EXPORT),
    Kind.PHILIPS: ("it is a Philips native file, a format that is not public", _EXPORT),
    Kind.GE: ("it is GE MovieGroup data, a format that is not public", _EXPORT),
    Kind.RESULT: (
        "it is an HDF5 file, not a loop",
        "Open a result with 'report', and a loop with 'track'.",
    ),
    Kind.GZIP: ("it is a compressed file", "Unpack it first."),
    Kind.NUMPY: (
        "it is a bare NumPy array",
        "Save it as NPZ, with numpy.savez(path, frames=array).",
    ),
}
#: Height and width of the smallest picture that every method can look at, px.
LEAST_PX: Final = 16
_KNOWN: Final = (
    "Known are DICOM, MP4, AVI, MOV, MKV, GIF, PNG, JPEG, TIFF (files or folders), NIfTI and NPZ."
)


def read_cine(path: Path, config: ReadConfig, progress: Progress) -> Cine:
    """Read a loop from a file or a folder of images.

    Args:
        path: DICOM, video, TIFF, NIfTI or NPZ file, or a folder of images.
        config: Range of frames, and the user's own facts.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If there is no such file, or it is empty, damaged or of no known kind.
        InputError: If the wanted frames are not among those of the loop.
        ResourceError: If the loop exceeds the bound on memory.
        Cancelled: If the user asked to stop.
    """
    path = Path(path).expanduser()
    progress.check()
    if path.is_dir():
        return read_folder(path, config, progress)
    kind = kind_of_file(path)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(path, config, progress)
    problem, advice = _REFUSED.get(kind, ("it is of no kind that this program knows", _KNOWN))
    raise unreadable(path, problem, advice)


def require_trackable(cine: Cine) -> None:
    """Check that a loop can be tracked: two frames, and a picture that methods can look at.

    Raises:
        InputError: If it has fewer frames, or is too small.
    """
    require_frames(cine, 2)
    least = min(cine.shape[1:])
    if least < LEAST_PX:
        raise InputError(
            f"{cine.provenance.name} is only {least} px high or wide, and tracking needs "
            f"{LEAST_PX} or more. Choose another loop."
        )


def require_frames(cine: Cine, count: int = 2) -> None:
    """Check that a loop has enough frames; tracking needs two.

    Raises:
        InputError: If it has fewer.
    """
    frames = cine.shape[0]
    if frames < count:
        raise InputError(
            f"{cine.provenance.name} has {frames} frame{'s' if frames != 1 else ''}, and tracking "
            f"needs {count} or more. Choose a loop, or a wider range of --frames."
        )
