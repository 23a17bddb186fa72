"""Which file holds the fields of a loop, its own and other methods', while work is kept safe."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from app.operations.save_session import FieldFiles, fields_of, peer_result
from app.session import Loop, one_file
from app.verbs import Verbs
from engine.model import ScaleField, TrackingResult


class KeptFields:
    """Writes every field once, and remembers where as long as the field is in use.

    Args:
        verbs: Write result files.
    """

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._files: WeakKeyDictionary[ScaleField, Path] = WeakKeyDictionary()

    def files(self, loop: Loop, folder: Path, *, write: bool) -> FieldFiles | None:
        """Return the files of a loop's fields; None where there are none.

        Args:
            loop: The loop.
            folder: Where fields go that are in no file yet.
            write: Whether they are written at all.
        """
        own, result = self._file(loop, loop.fields), fields_of(loop)
        if own is None:
            if result is None or not write:
                return None
            # The frames are in the loop's own file: no picture of a patient is kept twice.
            own = self._write(folder, dataclasses.replace(result, frames=None), loop.fields)
        peers: dict[str, Path] = {}
        for name, flow in loop.peers.items():
            path = self._file(loop, (flow.field,))
            if path is None and result is not None and write:
                path = self._write(folder, peer_result(result, name, flow), (flow.field,))
            if path is not None:
                peers[name] = path
        return FieldFiles(own, peers)

    def misses(self, loop: Loop) -> bool:
        """Whether a loop has fields in no file; a scale that is finished tells it to nobody."""
        held = [loop.fields] if loop.fields else []
        held += [(flow.field,) for flow in loop.peers.values()]
        return any(self._file(loop, fields) is None for fields in held)

    def take_over(self, files: Mapping[ScaleField, Path]) -> None:
        """Remember the files that fields were read from."""
        self._files.update(files)

    def forget(self) -> None:
        """All files written so far are gone."""
        self._files.clear()

    def _write(self, folder: Path, result: TrackingResult, fields: tuple[ScaleField, ...]) -> Path:
        path = folder / f"{uuid.uuid4().hex[:8]}.h5"
        self._verbs.write_result(path, result, patient_data=True)
        self._files.update(dict.fromkeys(fields, path))
        return path

    def _file(self, loop: Loop, fields: tuple[ScaleField, ...]) -> Path | None:
        """Return the file that holds fields of a loop already, the user's or one of this run."""
        return one_file(fields, loop.files) or one_file(fields, self._files)
