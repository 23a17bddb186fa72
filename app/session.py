"""What is open: loops with their masks, fields and measurements, and the frame shown.

Every loop is a frozen value; the session swaps it for a new one and tells which field changed.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup

from app.flow_view import FlowView
from app.history import MaskHistory
from app.verbs import TrackedWall
from engine.config import ReadConfig
from engine.cycle import is_a_persons
from engine.model import (
    Cine,
    Mask,
    Measurements,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
    View,
)

if TYPE_CHECKING:
    from engine.analysis.strain_map import StrainMaps

ED: Final = "ED"
ES: Final = "ES"
_SIGNALS: Final = {
    "cine": "loop_changed",
    "mask": "mask_changed",
    "target": "mask_changed",
    "view": "mask_changed",
    "view_confirmed": "mask_changed",
    "ed_frame": "marks_changed",
    "es_frame": "marks_changed",
    "flows": "flows_changed",
    "peers": "flows_changed",
    "trackable": "flows_changed",
    "wall": "flows_changed",
    "strains": "flows_changed",
    "result": "result_changed",
    "measurements": "measurements_changed",
    "rejected": "review_changed",
    "reviewed": "review_changed",
    "error": "mask_changed",
    "sector": "privacy_changed",
    "patient": "privacy_changed",
}


@dataclass(frozen=True, eq=False)
class Loop:
    """One loop with all that was made of it.

    Attributes:
        loop_id: Number within the session.
        name: Shown in the list.
        cine: The frames.
        path: File or folder it was read from; None for a phantom.
        read: Settings it was read with.
        mask: Where the field counts, or None.
        target: What is tracked.
        view: Proposed or confirmed view, or None.
        view_confirmed: Whether a person confirmed it.
        ed_frame: End-diastole, from 0 within the loop, or None.
        es_frame: End-systole, from 0 within the loop, or None.
        mark_origins: How ED and ES were found; empty where a person or a result file gave them.
        flows: Finished scales, coarse to fine.
        peers: Fields of other methods, by their names, to compare with.
        result: What was tracked, of a stopped run too; None while tracking.
        so_far: The scales that a run has finished, while it goes on.
        tracked_mask: The mask that was tracked with, or None.
        trackable: False where blood showed no contrast to track.
        wall: The wall as the field carries it, or None while it is not known.
        strains: Strain at every pixel of the wall, of the scales that it was asked for.
        measurements: Measured values, or None.
        files: Files of the user's that hold fields of the loop, own or other methods'.
        rejected: Segments rejected in the review.
        reviewed: Whether a person has accepted the moving contour.
        error: Why there is no mask, or an empty string.
        patient: What the file's header says of the patient, by label; never saved.
        sector: ``(H, W)`` bool: pixels of the ultrasound, or None while it is not known.
    """

    loop_id: int
    name: str
    cine: Cine
    path: Path | None = None
    read: ReadConfig = field(default_factory=ReadConfig)
    mask: Mask | None = None
    target: Target = Target.TISSUE
    view: View | None = None
    view_confirmed: bool = False
    ed_frame: int | None = None
    es_frame: int | None = None
    mark_origins: tuple[str, str] = ("", "")
    flows: Mapping[Scale, FlowView] = field(default_factory=lambda: MappingProxyType({}))
    peers: Mapping[str, FlowView] = field(default_factory=lambda: MappingProxyType({}))
    result: TrackingResult | None = None
    so_far: TrackingResult | None = None
    tracked_mask: Mask | None = None
    trackable: bool = True
    wall: TrackedWall | None = None
    strains: Mapping[Scale, StrainMaps] = field(default_factory=lambda: MappingProxyType({}))
    measurements: Measurements | None = None
    files: Mapping[ScaleField, Path] = field(default_factory=lambda: MappingProxyType({}))
    rejected: frozenset[str] = frozenset()
    reviewed: bool = False
    error: str = ""
    patient: tuple[tuple[str, str], ...] = ()
    sector: NDArray[np.bool_] | None = None

    @property
    def frame_count(self) -> int:
        """Frames of the loop."""
        return self.cine.shape[0]

    @property
    def end_systole(self) -> int | None:
        """End-systole where it follows end-diastole, as numbered in the source; else None."""
        late, early = self.es_frame, self.ed_frame
        if late is None or (early is not None and late <= early):
            return None
        return late + self.cine.first_frame

    @property
    def given(self) -> frozenset[str]:
        """Which of ``ED`` and ``ES`` a person or a result file set, or chose with their beat."""
        marks = ((ED, self.ed_frame), (ES, self.es_frame))
        return frozenset(
            mark
            for (mark, frame), origin in zip(marks, self.mark_origins, strict=True)
            if frame is not None and is_a_persons(origin)
        )

    @property
    def stale(self) -> bool:
        """Whether the mask has changed since the loop was tracked."""
        return self.tracked_mask is not None and self.tracked_mask is not self.mask

    @property
    def fields(self) -> tuple[ScaleField, ...]:
        """Fields of the finished scales, coarse to fine."""
        return tuple(self.flows[scale].field for scale in Scale if scale in self.flows)

    @property
    def fields_file(self) -> Path | None:
        """The one file of the user's that holds all finished scales, or None."""
        return one_file(self.fields, self.files)

    @property
    def layers(self) -> dict[str, FlowView]:
        """All fields by key: scales coarse to fine, then peers."""
        scales = {scale.value: self.flows[scale] for scale in Scale if scale in self.flows}
        return scales | dict(self.peers)

    @property
    def finest(self) -> FlowView | None:
        """View of the finest finished scale."""
        return next((self.flows[scale] for scale in reversed(Scale) if scale in self.flows), None)


class Session(QObject):
    """The open loops.

    Signals:
        loops_changed: A loop was added or removed.
        loop_changed: Another loop is current, or its frames changed.
        mask_changed, marks_changed, flows_changed, result_changed, measurements_changed,
        review_changed: That field of the current loop changed.
        frame_changed: The frame shown.
        privacy_changed: Patient data is hidden or shown.
        mask_edited: A stroke was made or undone on the loop of that number.
    """

    loops_changed = Signal()
    loop_changed = Signal()
    mask_changed = Signal()
    marks_changed = Signal()
    flows_changed = Signal()
    result_changed = Signal()
    measurements_changed = Signal()
    review_changed = Signal()
    frame_changed = Signal(int)
    privacy_changed = Signal()
    mask_edited = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids = itertools.count(1)
        self._loops: dict[int, Loop] = {}
        self._current: int | None = None
        self._frames: dict[int, int] = {}
        self._histories: dict[int, MaskHistory] = {}
        self.undo_group = QUndoGroup(self)
        self.private = False

    def set_private(self, private: bool) -> None:
        """Hide or show what may name a patient: file names, header, text outside the sector."""
        self.private = private
        self.privacy_changed.emit()

    def shown_name(self, loop: Loop) -> str:
        """Return a loop's name as it may be seen."""
        return f"Loop {loop.loop_id}" if self.private else loop.name

    @property
    def loops(self) -> tuple[Loop, ...]:
        """All open loops, in the order in which they were asked for."""
        return tuple(self._loops[number] for number in sorted(self._loops))

    @property
    def loop(self) -> Loop | None:
        """The current loop."""
        return None if self._current is None else self._loops[self._current]

    @property
    def frame(self) -> int:
        """Frame shown, from 0 within the current loop."""
        return 0 if self._current is None else self._frames[self._current]

    def frame_of(self, loop_id: int) -> int:
        """Frame shown of an open loop, from 0."""
        return self._frames[loop_id]

    def get(self, loop_id: int) -> Loop | None:
        """Return a loop, or None if it was closed."""
        return self._loops.get(loop_id)

    def history_of(self, loop_id: int) -> MaskHistory:
        """Strokes on the mask of an open loop."""
        return self._histories[loop_id]

    def reserve(self) -> int:
        """Return the number of a loop that is still to be read: it keeps its place."""
        return next(self._ids)

    def add(self, name: str, cine: Cine, number: int | None = None, **values: Any) -> Loop:
        """Add a loop and make it current.

        Args:
            name: Shown in the list.
            cine: The frames.
            number: As it was reserved; None takes the next.
            values: Further fields of the loop.
        """
        loop = Loop(self.reserve() if number is None else number, name, cine, **values)
        self._loops[loop.loop_id] = loop
        self._frames[loop.loop_id] = 0
        history = MaskHistory(self.undo_group, lambda mask: self._swap_mask(loop.loop_id, mask))
        self._histories[loop.loop_id] = history
        self._current = loop.loop_id
        history.stack.setActive(True)
        self.loops_changed.emit()
        self._announce_loop()
        return loop

    def activate(self, loop_id: int) -> None:
        """Make a loop current."""
        if loop_id in self._loops and loop_id != self._current:
            self._current = loop_id
            self._histories[loop_id].stack.setActive(True)
            self._announce_loop()

    def close(self, loop_id: int) -> None:
        """Remove a loop and all that was made of it."""
        if self._loops.pop(loop_id, None) is None:
            return
        del self._frames[loop_id]
        self._histories.pop(loop_id).stack.deleteLater()
        if self._current == loop_id:
            self._current = next(reversed(self._loops), None)
        self.loops_changed.emit()
        self._announce_loop()

    def update(self, loop_id: int, **values: Any) -> None:
        """Swap fields of a loop; a loop that was closed meanwhile is left alone."""
        loop = self._loops.get(loop_id)
        if loop is None:
            return
        self._loops[loop_id] = dataclasses.replace(loop, **values)
        if "cine" in values:
            self._frames[loop_id] = min(self._frames[loop_id], values["cine"].shape[0] - 1)
            self.loops_changed.emit()
        if loop_id == self._current:
            for name in dict.fromkeys(_SIGNALS[key] for key in values if key in _SIGNALS):
                getattr(self, name).emit()

    def edit_mask(self, after: Mask, text: str, loop_id: int) -> None:
        """Replace a loop's mask by an edited one, as one undo step."""
        loop = self._loops.get(loop_id)
        if loop is None or loop.mask is None:
            return
        self._histories[loop_id].push(loop.mask, after, text)

    def set_frame(self, frame: int) -> None:
        """Show a frame of the current loop."""
        loop = self.loop
        if loop is None:
            return
        frame = max(0, min(frame, loop.frame_count - 1))
        if frame != self._frames[loop.loop_id]:
            self._frames[loop.loop_id] = frame
            self.frame_changed.emit(frame)

    def _swap_mask(self, loop_id: int, mask: Mask) -> None:
        self.update(loop_id, mask=mask)
        self.mask_edited.emit(loop_id)

    def _announce_loop(self) -> None:
        self.loop_changed.emit()
        self.frame_changed.emit(self.frame)


def one_file(fields: tuple[ScaleField, ...], files: Mapping[ScaleField, Path]) -> Path | None:
    """Return the file that holds all of some fields, if it is one and is there.

    Args:
        fields: Of one loop.
        files: Where fields were written.
    """
    places = {files.get(item) for item in fields}
    place = places.pop() if len(places) == 1 else None
    return place if place is not None and place.exists() else None


def within_sector(frame: NDArray[np.uint8], sector: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """Return a ``(H, W)`` frame, black outside the sector; all black while that is unknown."""
    return np.zeros_like(frame) if sector is None else frame * sector.view(np.uint8)
