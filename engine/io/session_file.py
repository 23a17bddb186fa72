"""Saving and restoring what is open in the window, as JSON.

A session names the loops' files and holds what a person did with them: masks, marks, review and
measurements. The displacement fields stay in result files, which it names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from engine.config import ReadConfig
from engine.errors import InputError
from engine.io.atomic import write_text
from engine.io.common import guarded, unreadable
from engine.io.session_parts import (
    mask_in,
    mask_out,
    measurements_in,
    measurements_out,
)
from engine.io.sniff import head_of
from engine.model import Mask, Measurements, PackedMask, Target, View

_VERSION: Final = 2
_KIND: Final = "myoflux session"
_ADVICE: Final = "Choose a session that this program saved."


@dataclass(frozen=True, eq=False)
class SavedHistory:
    """Strokes on the mask of one loop, that can be undone and made again.

    Attributes:
        texts: What each stroke is called.
        masks: The mask before the first stroke, then after each.
        index: How many strokes are made: the place among ``masks`` of the loop's own.
        tracked: The place of the mask that was tracked with, or None if it is not among them.
    """

    texts: tuple[str, ...]
    masks: tuple[PackedMask, ...]
    index: int
    tracked: int | None = None

    def __post_init__(self) -> None:
        if len(self.masks) != len(self.texts) + 1:
            raise InputError("its history lacks a mask")
        places = {self.index, self.index if self.tracked is None else self.tracked}
        if not places <= set(range(len(self.masks))):
            raise InputError("its history shows a mask that it does not hold")


@dataclass(frozen=True, eq=False)
class SavedLoop:
    """State of the work on one loop.

    Attributes:
        source: The loop's file or folder, or the result file that was opened; None for the demo
            phantom.
        source_sha256: Its checksum, to tell whether it is still the same.
        name: As the window shows it.
        read: How it was read: frames, rate and spacing given by the user.
        target: What is tracked.
        view: Proposed or confirmed view, or None.
        view_confirmed: Whether a person confirmed it.
        ed_frame: End-diastolic source frame, or None.
        es_frame: End-systolic source frame, or None.
        mark_origins: How ED and ES were found; empty where a person gave them.
        mask: The mask with its contours, or None.
        tracked_mask: The mask that was tracked with, the same object where it has not changed
            since; None where nothing was tracked.
        result: Result file that holds the fields, or None.
        peers: Result files of other methods that it is compared with, by the methods' names.
        times_origin: Where the frame times come from, as the window tells it; empty if unknown.
        spacing_origin: The same of the spacing.
        history: Strokes on the mask, or None.
        measurements: What was measured, or None.
        rejected: Segments that the review rejected.
        reviewed: Whether the moving contour was accepted.
        frame: Frame shown, from 0 within the loop.
    """

    source: Path | None
    source_sha256: str
    name: str
    read: ReadConfig = field(default_factory=ReadConfig)
    target: Target = Target.TISSUE
    view: View | None = None
    view_confirmed: bool = False
    ed_frame: int | None = None
    es_frame: int | None = None
    mark_origins: tuple[str, str] = ("", "")
    mask: Mask | None = None
    tracked_mask: Mask | None = None
    result: Path | None = None
    measurements: Measurements | None = None
    rejected: frozenset[str] = frozenset()
    reviewed: bool = False
    frame: int = 0
    peers: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    times_origin: str = ""
    spacing_origin: str = ""
    history: SavedHistory | None = None


@dataclass(frozen=True, eq=False)
class SavedSession:
    """What was open.

    Attributes:
        loops: All loops, in order.
        current: Index of the one that was shown.
        display: Settings of the display, plain JSON values.
        playback: Settings of the player, plain JSON values.
    """

    loops: tuple[SavedLoop, ...]
    current: int = 0
    display: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    playback: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not self.loops:
            raise InputError("it holds no loop")
        if not 0 <= self.current < len(self.loops):
            raise InputError("it shows a loop that it does not hold")


def write_session(path: Path, session: SavedSession) -> None:
    """Save a session; files are named both absolutely and relative to the session's folder.

    Raises:
        OutputError: If the file cannot be written.
    """
    folder = Path(path).resolve().parent
    document = {
        "kind": _KIND,
        "version": _VERSION,
        "current": session.current,
        "display": dict(session.display),
        "playback": dict(session.playback),
        "loops": [_loop_out(loop, folder) for loop in session.loops],
    }
    write_text(path, json.dumps(document, separators=(",", ":")) + "\n")


def read_session(path: Path) -> SavedSession:
    """Restore a session.

    Raises:
        UnreadableFileError: If it is no session, is damaged, or is of another version.
    """
    path = Path(path)
    head_of(path)
    with guarded(path, "it is no session file, or is damaged", _ADVICE):
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("kind") != _KIND:
            raise unreadable(path, "it is no session file", _ADVICE)
        if int(document["version"]) > _VERSION:
            raise unreadable(path, "it is of a newer version", "Update the program.")
        if int(document["version"]) < _VERSION:
            raise unreadable(path, "it is of an older version", "Open its loop, and save it anew.")
        try:
            return SavedSession(
                loops=tuple(
                    _loop_in(stored, path.resolve().parent) for stored in document["loops"]
                ),
                current=int(document["current"]),
                display=MappingProxyType(dict(document["display"])),
                playback=MappingProxyType(dict(document.get("playback", {}))),
            )
        except InputError as error:
            raise unreadable(path, str(error), _ADVICE) from error


def _loop_out(loop: SavedLoop, folder: Path) -> dict[str, Any]:
    """Return a loop as JSON values."""
    same = loop.tracked_mask is loop.mask
    tracked = None if loop.tracked_mask is None or same else _packed(loop.tracked_mask)
    spacing = loop.read.spacing_mm
    return {
        "source": None if loop.source is None else _located(loop.source, folder),
        "source_sha256": loop.source_sha256,
        "name": loop.name,
        "read": {
            "frames": list(loop.read.frames),
            "fps": loop.read.fps,
            "spacing_mm": None if spacing is None else list(spacing),
        },
        "target": loop.target.value,
        "view": None if loop.view is None else loop.view.value,
        "view_confirmed": loop.view_confirmed,
        "ed_frame": loop.ed_frame,
        "es_frame": loop.es_frame,
        "mark_origins": list(loop.mark_origins),
        "mask": None if loop.mask is None else _packed(loop.mask),
        "tracked_with_mask": loop.mask is not None and same,
        "tracked_mask": tracked,
        "result": None if loop.result is None else _located(loop.result, folder),
        "measurements": None if loop.measurements is None else measurements_out(loop.measurements),
        "rejected": sorted(loop.rejected),
        "reviewed": loop.reviewed,
        "frame": loop.frame,
        "peers": {name: _located(path, folder) for name, path in loop.peers.items()},
        "times_origin": loop.times_origin,
        "spacing_origin": loop.spacing_origin,
        "history": None if loop.history is None else _history_out(loop.history),
    }


def _packed(mask: Mask) -> dict[str, Any]:
    return mask_out(PackedMask.of(mask))


def _history_out(history: SavedHistory) -> dict[str, Any]:
    return {
        "texts": list(history.texts),
        "masks": [mask_out(packed) for packed in history.masks],
        "index": history.index,
        "tracked": history.tracked,
    }


def _history_in(stored: Mapping[str, Any] | None) -> SavedHistory | None:
    """Return the strokes of a loop; sessions of earlier builds hold none."""
    if stored is None:
        return None
    return SavedHistory(
        texts=tuple(str(text) for text in stored["texts"]),
        masks=tuple(mask_in(mask) for mask in stored["masks"]),
        index=int(stored["index"]),
        tracked=None if stored["tracked"] is None else int(stored["tracked"]),
    )


def _loop_in(stored: Mapping[str, Any], folder: Path) -> SavedLoop:
    """Build a loop from JSON values."""
    read, measured, tracked = stored["read"], stored["measurements"], stored["tracked_mask"]
    spacing = read["spacing_mm"]
    mask = None if stored["mask"] is None else mask_in(stored["mask"]).unpack()
    early, late = stored.get("mark_origins", ("", ""))
    tracked_mask = mask if stored["tracked_with_mask"] else None
    return SavedLoop(
        source=_found(stored["source"], folder),
        source_sha256=str(stored["source_sha256"]),
        name=str(stored["name"]),
        read=ReadConfig(
            frames=(read["frames"][0], read["frames"][1]),
            fps=read["fps"],
            spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        ),
        target=Target(stored["target"]),
        view=None if stored["view"] is None else View(stored["view"]),
        view_confirmed=bool(stored["view_confirmed"]),
        ed_frame=None if stored["ed_frame"] is None else int(stored["ed_frame"]),
        es_frame=None if stored["es_frame"] is None else int(stored["es_frame"]),
        mask=mask,
        tracked_mask=tracked_mask if tracked is None else mask_in(tracked).unpack(),
        result=_found(stored["result"], folder),
        measurements=None if measured is None else measurements_in(measured),
        rejected=frozenset(str(name) for name in stored["rejected"]),
        reviewed=bool(stored["reviewed"]),
        frame=int(stored["frame"]),
        # Sessions of earlier builds say nothing of these.
        mark_origins=(str(early), str(late)),
        peers=MappingProxyType(
            {str(name): _place(names, folder) for name, names in stored.get("peers", {}).items()}
        ),
        times_origin=str(stored.get("times_origin", "")),
        spacing_origin=str(stored.get("spacing_origin", "")),
        history=_history_in(stored.get("history")),
    )


def _located(target: Path, folder: Path) -> dict[str, str]:
    """Return a file's absolute and relative name; the second survives a moved folder."""
    absolute = target.expanduser().resolve()
    names = {"absolute": str(absolute)}
    if absolute.anchor == folder.anchor:
        names["relative"] = Path(os.path.relpath(absolute, folder)).as_posix()
    return names


def _found(names: Mapping[str, str] | None, folder: Path) -> Path | None:
    """Return where a file is now: beside the session if it is there, else its old place."""
    return None if names is None else _place(names, folder)


def _place(names: Mapping[str, str], folder: Path) -> Path:
    """Return the file that is named, beside the session or at its old place."""
    beside = folder / names["relative"] if "relative" in names else None
    return beside.resolve() if beside is not None and beside.exists() else Path(names["absolute"])
