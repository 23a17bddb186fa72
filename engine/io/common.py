"""What all readers share: frame ranges, a bound on memory, grey values, checksums."""

from __future__ import annotations

import hashlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.errors import BytesLengthException, InvalidDicomError

from engine.config import ReadConfig
from engine.errors import InputError, MyofluxError, ResourceError, UnreadableFileError
from engine.model import Cine, Provenance
from engine.progress import Progress, Step

#: Bound on the decoded frames that are kept, in bytes. Decoding adds a few frames to it.
MAX_DECODED_BYTES: Final = 2 * 1024**3

_CHUNK: Final = 1 << 20
#: What decoders raise on bytes that are not what they expect; errors of ours pass through.
_BROKEN: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    Image.DecompressionBombError,
    InvalidDicomError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    av.error.FFmpegError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
#: Weights of red, green and blue in luma (ITU-R BT.601): the first channel of YBR pixels.
_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_COLOUR_STEP: Final = 24
_COLOURED_SHARE: Final = 0.01


@dataclass(frozen=True, eq=False)
class SourceFacts:
    """What a source says of itself, before the user's own facts are applied.

    Attributes:
        format: Reader's name as in ``Provenance``.
        transfer_syntax: Transfer syntax or codec, or None.
        times_s: Acquisition times of **all** frames of the source, s; None if unknown.
        times_origin: Where they come from, or why there are none.
        spacing_mm: Pixel spacing (x, y), mm; None if unknown or refused.
        spacing_origin: Where it comes from, or why there is none.
        r_times_s: R waves on the clock of ``times_s``, s.
        heart_rate_bpm: As stated, 1/min; None if unknown.
        playback_fps: Rate for a player, 1/s; None if unknown.
        region: Ultrasound region (x0, y0, x1, y1), px, half-open; None if unknown.
        view_hint: View as the source words it, or None; never to be trusted unconfirmed.
        warnings: Sentences for the user.
    """

    format: str
    transfer_syntax: str | None = None
    times_s: NDArray[np.float64] | None = None
    times_origin: str = "not stated by the source"
    spacing_mm: tuple[float, float] | None = None
    spacing_origin: str = "not stated by the source"
    r_times_s: tuple[float, ...] = ()
    heart_rate_bpm: float | None = None
    playback_fps: float | None = None
    region: tuple[int, int, int, int] | None = None
    view_hint: str | None = None
    warnings: tuple[str, ...] = ()


def unreadable(path: Path, problem: str, advice: str = "") -> UnreadableFileError:
    """Return the one sentence for a file that cannot be read.

    Args:
        path: The file.
        problem: What is wrong, as the end of "Cannot read NAME: ...".
        advice: What to do; the usual advice if empty.
    """
    advice = advice or "Choose another file, or export it again from the scanner."
    problem = " ".join("".join(item if item.isprintable() else " " for item in problem).split())
    return UnreadableFileError(f"Cannot read {path.name or path}: {problem.rstrip('.')}. {advice}")


@contextmanager
def guarded(
    path: Path, problem: str = "it is damaged or truncated", advice: str = ""
) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into one sentence.

    Args:
        path: The file.
        problem: What is wrong, as the end of "Cannot read NAME: ...".
        advice: What to do.

    Raises:
        UnreadableFileError: In place of any error of a decoder.
        ResourceError: If memory runs out.
    """
    try:
        yield
    except MyofluxError:
        raise
    except MemoryError as error:
        raise ResourceError(
            f"Not enough memory to read {path.name}. Close other programs, or {part_advice('A:B')}"
        ) from error
    except _BROKEN as error:
        raise unreadable(path, problem, advice or "Copy it again from its source.") from error


def resolve_range(wanted: tuple[int | None, int | None], total: int, name: str) -> tuple[int, int]:
    """Return the half-open range of source frames to read.

    Args:
        wanted: (first, last) as the user gave it; None in it means the end of the loop.
        total: Frames of the source.
        name: Of the source, for the error's sentence.

    Raises:
        InputError: If the range is empty or lies outside the loop.
    """
    start = 0 if wanted[0] is None else wanted[0]
    stop = total if wanted[1] is None else wanted[1]
    if start < 0 or stop <= start or start >= total or stop > total:
        raise InputError(
            f"{name} has {total} frame{'s' if total != 1 else ''} (0 to {total - 1}); "
            f"the frames {start}:{stop} are not among them. Choose A:B with 0 <= A < B <= {total}."
        )
    return start, stop


def part_advice(frames: str) -> str:
    """Return how to read some frames alone, in the words of the command line and the window.

    Args:
        frames: Half-open range such as ``0:12``.
    """
    return f"read a part of it with --frames {frames} (in the window: File > Open part)."


def check_memory(count: int, size: tuple[int, ...], name: str) -> None:
    """Check that ``count`` frames of a size (H, W) fit into the bound on memory.

    Raises:
        ResourceError: If they do not; tells how many frames would.
    """
    height, width = size
    each = max(1, height * width)
    if count * each > MAX_DECODED_BYTES:
        raise ResourceError(
            f"{name} needs {count * each / 1024**3:.1f} GiB of memory for {count} frames of "
            f"{width}x{height} px; the bound is {MAX_DECODED_BYTES / 1024**3:.1f} GiB, or "
            f"{MAX_DECODED_BYTES // each} frames. Copy it smaller, or {part_advice('A:B')}"
        )


def collect(
    frames: Iterable[NDArray[Any]], count: int | None, path: Path, progress: Progress
) -> NDArray[Any]:
    """Gather frames of one size into ``(T, H, W)``, within the bound on memory.

    Args:
        frames: Grey frames ``(H, W)``, of the wanted range only.
        count: How many there will be; None if the source does not say.
        path: Source, for messages.
        progress: Told of every frame; may cancel.

    Raises:
        UnreadableFileError: If the sizes differ, or there is no frame.
        ResourceError: If they exceed the bound.
        Cancelled: If the user asked to stop.
    """
    kept: list[NDArray[Any]] = []
    for frame in frames:
        progress.check()
        if kept and frame.shape != kept[0].shape:
            first, other = kept[0].shape, frame.shape
            raise unreadable(
                path,
                f"its frames differ in size ({first[1]}x{first[0]} and {other[1]}x{other[0]} px)",
                "All frames of a loop must have one size.",
            )
        if not kept:
            check_memory(count or 1, frame.shape, path.name)
        kept.append(frame)
        if count is None:
            check_memory(len(kept), frame.shape, path.name)
        total = count or 0
        fraction = len(kept) / total if total else None
        progress.report(Step("Reading", len(kept), total, path.name, fraction))
    if not kept:
        raise unreadable(path, "it holds no frame")
    stack = np.empty((len(kept), *kept[0].shape), np.result_type(*{item.dtype for item in kept}))
    for index in range(len(kept)):
        stack[index] = kept[index]
        kept[index] = stack[index]  # lets go of the frame, so that memory holds one copy
    return stack


def luma(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the grey values of RGB pixels: their luma, the first channel of YBR.

    Equals the first channel wherever the three agree, which is all of an ordinary B-mode loop.

    Args:
        pixels: ``(..., 3)`` or ``(..., 4)`` (the alpha is ignored), any integer type.
    """
    if np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(
        pixels[..., 0], pixels[..., 2]
    ):
        return np.ascontiguousarray(pixels[..., 0])
    grey: NDArray[Any] = np.rint(pixels[..., :3].astype(np.float32) @ _LUMA)
    return grey.astype(pixels.dtype)


def colour_warning(pixels: NDArray[Any]) -> str | None:
    """Return a warning if RGB pixels ``(H, W, 3)`` are clearly coloured, else None."""
    low, high = pixels[..., :3].min(axis=-1), pixels[..., :3].max(axis=-1)
    share = float(np.mean(high.astype(np.int64) - low > _COLOUR_STEP))
    if share < _COLOURED_SHARE:
        return None
    return (
        f"{100 * share:.0f} % of the pixels are coloured (colour Doppler, or a tint). "
        "Only their brightness is read."
    )


def to_uint8(stack: NDArray[Any], path: Path) -> tuple[NDArray[np.uint8], str | None]:
    """Return grey values in 0 to 255 and, where they had to be scaled, a sentence on how.

    Integers are scaled by the smallest usual bit depth that holds the loop's largest value, so
    that the scaling is one factor and no contrast is stretched. Floats in [0, 1] are multiplied
    by 255, others in [0, 255] are rounded, and all else is stretched from minimum to maximum.

    Args:
        stack: ``(T, H, W)``.
        path: Source, for messages.

    Raises:
        UnreadableFileError: If the values are not finite numbers.
    """
    if stack.dtype == np.uint8:
        return stack, None
    if stack.dtype == np.bool_:
        return stack.astype(np.uint8) * np.uint8(255), None
    if not np.issubdtype(stack.dtype, np.integer) and not np.issubdtype(stack.dtype, np.floating):
        raise unreadable(path, f"its pixels are of the type {stack.dtype}, not numbers")
    low, high = float(stack.min()), float(stack.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise unreadable(path, "its pixels hold NaN or infinity", "Replace them and try again.")
    whole = bool(np.issubdtype(stack.dtype, np.integer))
    if low >= 0 and high <= 255 and (whole or high > 1):
        return np.rint(stack).astype(np.uint8), None
    if low >= 0 and not whole and high <= 1:
        offset, factor, told = 0.0, 255.0, "scaled by 255"
    elif low >= 0 and whole and high < 2**16:
        bits = next(bits for bits in (10, 12, 14, 16) if high < 2**bits)
        offset, factor, told = 0.0, 255 / (2**bits - 1), f"scaled from {bits} to 8 bits"
    else:
        offset, factor = low, 255 / (high - low) if high > low else 0.0
        told = f"stretched from {low:g}..{high:g} to 0..255"
    result = np.empty(stack.shape, np.uint8)
    for frame, out in zip(stack, result, strict=True):
        out[:] = np.rint((frame.astype(np.float64) - offset) * factor)
    return result, f"Grey values were {told}."


def sha256_of(paths: Sequence[Path], progress: Progress) -> str:
    """Return the SHA-256 of the bytes of files, one after the other.

    Raises:
        UnreadableFileError: If one of them cannot be read.
        Cancelled: If the user asked to stop.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    progress.check()
                    digest.update(chunk)
        except OSError as error:
            raise unreadable(path, error.strerror or "the system refuses to read it") from error
    return digest.hexdigest()


def make_cine(
    path: Path,
    stack: NDArray[Any],
    first_frame: int,
    facts: SourceFacts,
    *,
    config: ReadConfig,
    sha256: str,
) -> Cine:
    """Join frames, the source's facts and the user's own into a cine.

    A rate or spacing given by the user replaces the source's. Times keep the source's clock: the
    first frame read of a range A:B has the time of source frame A.

    Args:
        path: Source.
        stack: Grey frames that were read, ``(T, H, W)``.
        first_frame: Source number of the first of them.
        facts: What the source says.
        config: What the user says.
        sha256: Of the source.
    """
    frames, scaling = to_uint8(stack, path)
    warnings = list(facts.warnings)
    if scaling:
        warnings.append(scaling)
    times, times_origin = facts.times_s, facts.times_origin
    if times is not None:
        times = times[first_frame : first_frame + len(frames)]
    if config.fps is not None:
        times = (first_frame + np.arange(len(frames))) / config.fps
        times_origin = f"given by the user ({config.fps:g} frames/s)"
    spacing, spacing_origin = facts.spacing_mm, facts.spacing_origin
    if config.spacing_mm is not None:
        spacing, spacing_origin = config.spacing_mm, "given by the user"
    provenance = Provenance(
        name=path.name or str(path),
        sha256=sha256,
        format=facts.format,
        transfer_syntax=facts.transfer_syntax,
        times_origin=times_origin,
        spacing_origin=spacing_origin,
        warnings=tuple(warnings),
        view_hint=facts.view_hint,
    )
    return Cine(
        frames=frames,
        provenance=provenance,
        frame_times_s=times,
        spacing_mm=spacing,
        first_frame=first_frame,
        r_times_s=facts.r_times_s,
        heart_rate_bpm=facts.heart_rate_bpm,
        playback_fps=facts.playback_fps,
        region=facts.region,
    )
