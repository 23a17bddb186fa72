"""Contours as JSON.

Schema, version 1: ``version``; ``unit`` (``px``; x right, y down, the centre of the top-left
pixel is 0, 0); ``closed`` (short axis); ``view``, ``ed_frame``, ``es_frame`` (or null);
``ed_origin``, ``es_origin`` (how the program found them, empty where a person gave them);
``keyframes``; ``frames``: a list of ``{"frame", "endocardial": [[x, y], ...], "epicardial"}``,
the last one or null. All frame numbers are those of the source. Frames between the listed ones
are interpolated linearly, those outside take the nearest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.io.atomic import write_text
from engine.io.common import guarded, unreadable
from engine.io.sniff import head_of
from engine.model import Contours, View

_VERSION: Final = 1
_MIN_POINTS: Final = 3
_ADVICE: Final = "Make it with 'mask', or see the README's section on contours."


@dataclass(frozen=True, eq=False)
class ContoursFile:
    """What a contour file holds.

    Attributes:
        contours: Curves of the listed frames, in the order of ``frames``.
        frames: Their source frames, increasing.
        view: Confirmed view, or None.
        ed_frame: End-diastolic source frame, or None.
        es_frame: End-systolic source frame, or None.
        mark_origins: Where both come from; empty where a person gave them.
    """

    contours: Contours
    frames: tuple[int, ...]
    view: View | None = None
    ed_frame: int | None = None
    es_frame: int | None = None
    mark_origins: tuple[str, str] = ("", "")

    def for_loop(self, count: int, first_frame: int = 0) -> Contours:
        """Return curves for every frame of a loop; those between are interpolated.

        Args:
            count: Frames of the loop.
            first_frame: Source number of the first of them.
        """
        wanted = first_frame + np.arange(count)
        epicardial = self.contours.epicardial
        listed = self.contours.keyframes
        return Contours(
            endocardial=_interpolated(self.contours.endocardial, self.frames, wanted),
            epicardial=None
            if epicardial is None
            else _interpolated(epicardial, self.frames, wanted),
            closed=self.contours.closed,
            keyframes=tuple(k - first_frame for k in listed if 0 <= k - first_frame < count),
        )


def write_contours(
    path: Path,
    contours: Contours,
    *,
    first_frame: int = 0,
    view: View | None = None,
    ed_frame: int | None = None,
    es_frame: int | None = None,
    mark_origins: tuple[str, str] = ("", ""),
) -> None:
    """Write the contours of a loop.

    Args:
        path: JSON file.
        contours: One curve for every frame; keyframes count from the loop's first frame.
        first_frame: Source number of the loop's first frame.
        view: Confirmed view.
        ed_frame: End-diastolic source frame.
        es_frame: End-systolic source frame.
        mark_origins: Where both come from; empty where a person gave them.

    Raises:
        OutputError: If the file cannot be written.
    """
    epicardial = contours.epicardial
    document = {
        "version": _VERSION,
        "unit": "px",
        "closed": contours.closed,
        "view": None if view is None else view.value,
        "ed_frame": ed_frame,
        "es_frame": es_frame,
        "ed_origin": mark_origins[0],
        "es_origin": mark_origins[1],
        "keyframes": [first_frame + int(index) for index in contours.keyframes],
        "frames": [
            {
                "frame": first_frame + index,
                "endocardial": _rounded(curve),
                "epicardial": None if epicardial is None else _rounded(epicardial[index]),
            }
            for index, curve in enumerate(contours.endocardial)
        ],
    }
    write_text(path, json.dumps(document) + "\n")


def read_contours_file(path: Path) -> ContoursFile:
    """Read a contour file as it stands, with its view and its frames.

    Raises:
        UnreadableFileError: If the file cannot be read or is no contour file.
    """
    path = Path(path)
    head_of(path)
    with guarded(path, "it is no contour file (JSON)", _ADVICE):
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or not document.get("frames"):
            raise unreadable(path, "it lists no contours", _ADVICE)
        if int(document.get("version", _VERSION)) > _VERSION:
            raise unreadable(path, "it is of a newer version", "Update the program.")
        rows = sorted(document["frames"], key=lambda row: int(row["frame"]))
        try:
            return _parse(document, rows)
        except InputError as error:
            raise unreadable(path, str(error), _ADVICE) from error


def _parse(document: dict[str, Any], rows: list[dict[str, Any]]) -> ContoursFile:
    """Build the value of a document."""
    numbers = tuple(int(row["frame"]) for row in rows)
    if len(set(numbers)) < len(numbers) or numbers[0] < 0:
        raise InputError("every frame must be listed once, from 0 on")
    outer = [row.get("epicardial") for row in rows]
    if any(curve is None for curve in outer) and not all(curve is None for curve in outer):
        raise InputError("the epicardial contour must be given for all listed frames, or for none")
    contours = Contours(
        endocardial=_curves([row["endocardial"] for row in rows]),
        epicardial=None if outer[0] is None else _curves(outer),
        closed=bool(document.get("closed", False)),
        keyframes=tuple(int(item) for item in document.get("keyframes") or ()),
    )
    view = document.get("view")
    return ContoursFile(
        contours=contours,
        frames=numbers,
        view=None if view is None else View(view),
        ed_frame=_optional(document.get("ed_frame")),
        es_frame=_optional(document.get("es_frame")),
        mark_origins=(str(document.get("ed_origin", "")), str(document.get("es_origin", ""))),
    )


def _curves(rows: list[Any]) -> NDArray[np.float32]:
    """Return curves ``(T, N, 2)`` of one length and finite points."""
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < _MIN_POINTS:
        raise InputError("all contours must have the same number of points, three or more")
    values = np.asarray(rows, dtype=np.float32)
    if not np.all(np.isfinite(values)):
        raise InputError("a contour holds a point that is no number")
    return values


def _optional(value: Any) -> int | None:
    """Return a frame number, or None."""
    return None if value is None else int(value)


def _rounded(curve: NDArray[np.float32]) -> list[list[float]]:
    """Return points rounded to a thousandth of a pixel, which keeps the file short."""
    return [[round(float(x), 3), round(float(y), 3)] for x, y in curve]


def _interpolated(
    curves: NDArray[np.float32], frames: tuple[int, ...], wanted: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Interpolate curves ``(K, N, 2)`` linearly in time."""
    times = np.asarray(frames, dtype=np.float64)
    place = np.interp(wanted, times, np.arange(len(times)))
    before = np.floor(place).astype(np.int64)
    after = np.minimum(before + 1, len(times) - 1)
    weight = (place - before).astype(np.float32)[:, None, None]
    return curves[before] * (1 - weight) + curves[after] * weight
