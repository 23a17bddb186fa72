"""Saving and restoring what a user did with a loop, as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from engine.config import ReadConfig
from engine.errors import InputError
from engine.io.atomic import write_text
from engine.io.common import guarded, unreadable
from engine.io.sniff import head_of
from engine.model import Contours, View

_VERSION: Final = 1
_KIND: Final = "myoflux session"
_ADVICE: Final = "Choose a session that this program saved."


@dataclass(frozen=True, eq=False)
class SavedSession:
    """State of the work on one loop.

    Attributes:
        source: The loop's file or folder.
        source_sha256: Its checksum, to tell whether it is still the same.
        read: How it was read: frames, rate and spacing given by the user.
        view: Confirmed view, or None.
        ed_frame: End-diastolic source frame, or None.
        es_frame: End-systolic source frame, or None.
        contours: Curves through the loop as it was read, or None.
        result: Result file, or None.
        mask: Mask file, or None.
        display: Settings of the display, plain JSON values.
        reviewed: Whether the moving contour was accepted.
    """

    source: Path
    source_sha256: str
    read: ReadConfig = field(default_factory=ReadConfig)
    view: View | None = None
    ed_frame: int | None = None
    es_frame: int | None = None
    contours: Contours | None = None
    result: Path | None = None
    mask: Path | None = None
    display: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    reviewed: bool = False


def write_session(path: Path, session: SavedSession) -> None:
    """Save a session; files are named both absolutely and relative to the session's folder.

    Raises:
        OutputError: If the file cannot be written.
    """
    folder = Path(path).resolve().parent
    document = {
        "kind": _KIND,
        "version": _VERSION,
        "source": _located(session.source, folder),
        "source_sha256": session.source_sha256,
        "read": {
            "frames": list(session.read.frames),
            "fps": session.read.fps,
            "spacing_mm": None if session.read.spacing_mm is None else [*session.read.spacing_mm],
        },
        "view": None if session.view is None else session.view.value,
        "ed_frame": session.ed_frame,
        "es_frame": session.es_frame,
        "contours": None if session.contours is None else _contours_out(session.contours),
        "result": None if session.result is None else _located(session.result, folder),
        "mask": None if session.mask is None else _located(session.mask, folder),
        "display": dict(session.display),
        "reviewed": session.reviewed,
    }
    write_text(path, json.dumps(document, indent=1) + "\n")


def read_session(path: Path) -> SavedSession:
    """Restore a session.

    Raises:
        UnreadableFileError: If it is no session, is damaged, or is of a newer version.
    """
    path = Path(path)
    head_of(path)
    with guarded(path, "it is no session file, or is damaged", _ADVICE):
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("kind") != _KIND:
            raise unreadable(path, "it is no session file", _ADVICE)
        if int(document["version"]) > _VERSION:
            raise unreadable(path, "it is of a newer version", "Update the program.")
        try:
            return _session(document, path.resolve().parent)
        except InputError as error:
            raise unreadable(path, str(error), _ADVICE) from error


def _session(document: Mapping[str, Any], folder: Path) -> SavedSession:
    """Build the value of a document."""
    read = document["read"]
    spacing = read["spacing_mm"]
    source = _found(document["source"], folder)
    if source is None:
        raise InputError("it names no loop")
    return SavedSession(
        source=source,
        source_sha256=str(document["source_sha256"]),
        read=ReadConfig(
            frames=(read["frames"][0], read["frames"][1]),
            fps=read["fps"],
            spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        ),
        view=None if document["view"] is None else View(document["view"]),
        ed_frame=document["ed_frame"],
        es_frame=document["es_frame"],
        contours=None if document["contours"] is None else _contours_in(document["contours"]),
        result=_found(document["result"], folder),
        mask=_found(document["mask"], folder),
        display=MappingProxyType(dict(document["display"])),
        reviewed=bool(document["reviewed"]),
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
    if names is None:
        return None
    beside = folder / names["relative"] if "relative" in names else None
    return beside.resolve() if beside is not None and beside.exists() else Path(names["absolute"])


def _contours_out(contours: Contours) -> dict[str, Any]:
    """Return contours as JSON values."""
    epicardial = contours.epicardial
    return {
        "closed": contours.closed,
        "keyframes": [int(index) for index in contours.keyframes],
        "endocardial": np.round(contours.endocardial.astype(np.float64), 3).tolist(),
        "epicardial": None
        if epicardial is None
        else np.round(epicardial.astype(np.float64), 3).tolist(),
    }


def _contours_in(stored: Mapping[str, Any]) -> Contours:
    """Return contours from JSON values."""
    epicardial = stored["epicardial"]
    return Contours(
        endocardial=np.asarray(stored["endocardial"], dtype=np.float32),
        epicardial=None if epicardial is None else np.asarray(epicardial, dtype=np.float32),
        closed=bool(stored["closed"]),
        keyframes=tuple(int(index) for index in stored["keyframes"]),
    )
