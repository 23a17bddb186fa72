"""Which file holds the fields of a loop, its own and other methods', while work is kept safe."""

from __future__ import annotations

import dataclasses
import operator
import uuid
from collections.abc import Iterable
from pathlib import Path

from app.operations.save_session import FieldFiles, fields_of, peer_result
from app.session import Loop
from app.verbs import Verbs
from engine.model import Scale, ScaleField, TrackingResult


class KeptFields:
    """Writes every field once, and remembers where.

    Args:
        verbs: Write result files.
    """

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._own: dict[int, tuple[tuple[ScaleField, ...], Path]] = {}
        # None instead of a path: in a file of the user's.
        self._peers: dict[tuple[int, str], tuple[ScaleField, Path | None]] = {}

    def files(self, loop: Loop, folder: Path, *, write: bool) -> FieldFiles | None:
        """Return the files of a loop's fields; None where there are none.

        Args:
            loop: The loop.
            folder: Where fields go that are in no file yet.
            write: Whether they are written at all.
        """
        own, result = self._own_file(loop), fields_of(loop)
        if own is None:
            if result is None or not write:
                return None
            # The frames are in the loop's own file: no picture of a patient is kept twice.
            own = self._write(folder, dataclasses.replace(result, frames=None))
            self._own[loop.loop_id] = (_fields(loop), own)
        peers: dict[str, Path] = {}
        for name, flow in loop.peers.items():
            path = self._peer_file(loop, name)
            if path is None and result is not None and write:
                path = self._write(folder, peer_result(result, name, flow))
                self._peers[loop.loop_id, name] = (flow.field, path)
            if path is not None:
                peers[name] = path
        return FieldFiles(own, peers)

    def misses(self, loop: Loop) -> bool:
        """Whether a loop has fields in no file; a scale that is finished tells it to nobody."""
        if loop.flows and self._own_file(loop) is None:
            return True
        return any(
            self._peers.get((loop.loop_id, name), (None, None))[0] is not flow.field
            for name, flow in loop.peers.items()
        )

    def take_over(self, loop: Loop, path: Path) -> None:
        """Remember the file that a loop's own fields were read from."""
        self._own[loop.loop_id] = (_fields(loop), path)

    def forget(self) -> None:
        """All files written so far are gone."""
        self._own.clear()
        self._peers.clear()

    def note_saved(self, loops: Iterable[Loop]) -> None:
        """Other methods' fields are in files of the user's."""
        for loop in loops:
            for name, flow in loop.peers.items():
                self._peers[loop.loop_id, name] = (flow.field, None)

    def _write(self, folder: Path, result: TrackingResult) -> Path:
        path = folder / f"{uuid.uuid4().hex[:8]}.h5"
        self._verbs.write_result(path, result, patient_data=True)
        return path

    def _own_file(self, loop: Loop) -> Path | None:
        """Return the file that holds a loop's fields already, or None."""
        if loop.fields_file is not None and loop.fields_file.exists():
            return loop.fields_file
        before, path = self._own.get(loop.loop_id, ((), None))
        now = _fields(loop)
        same = len(before) == len(now) and all(map(operator.is_, before, now))
        return path if path is not None and same and path.exists() else None

    def _peer_file(self, loop: Loop, name: str) -> Path | None:
        """Return the file that was written of another method's field, or None."""
        before, path = self._peers.get((loop.loop_id, name), (None, None))
        same = before is loop.peers[name].field
        return path if same and path is not None and path.exists() else None


def _fields(loop: Loop) -> tuple[ScaleField, ...]:
    return tuple(loop.flows[scale].field for scale in Scale if scale in loop.flows)
