"""The undo history of one loop's mask: every stroke is a step that touches nothing else."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from engine.io.session_file import SavedHistory
from engine.model import Mask, PackedMask

_MOST_STEPS: Final = 50


class KeptMask:
    """A mask of the history: packed, but the same object for as long as the loop holds it.

    Args:
        packed: The mask.
        live: The same, not packed.
    """

    def __init__(self, packed: PackedMask, live: Mask | None = None) -> None:
        self.packed = packed
        self._live = None if live is None else weakref.ref(live)

    def holds(self, mask: Mask | None) -> bool:
        """Whether it is this very mask."""
        return mask is not None and self._live is not None and self._live() is mask

    def mask(self) -> Mask:
        """Return the mask."""
        found = None if self._live is None else self._live()
        if found is None:
            found = self.packed.unpack()
            self._live = weakref.ref(found)
        return found


class _MaskEdit(QUndoCommand):
    """One stroke: swaps the mask of one loop."""

    def __init__(
        self,
        text: str,
        before: KeptMask,
        after: KeptMask,
        show: Callable[[KeptMask], None],
        *,
        made: bool = False,
    ) -> None:
        super().__init__(text)
        self.before, self.after = before, after
        self._show = show
        self._made = made

    def undo(self) -> None:
        """Bring the mask before the stroke back."""
        self._show(self.before)

    def redo(self) -> None:
        """Make the stroke, unless it was made before it came here."""
        if self._made:
            self._made = False
        else:
            self._show(self.after)


class MaskHistory:
    """Strokes of one loop.

    Args:
        group: Of the window: its actions undo in the loop that is shown.
        show: Makes a mask that of the loop.
    """

    def __init__(self, group: QUndoGroup, show: Callable[[Mask], None]) -> None:
        self.stack = QUndoStack(group)
        self.stack.setUndoLimit(_MOST_STEPS)
        self._show = show
        self._silent = False
        self._kept: weakref.WeakKeyDictionary[Mask, KeptMask] = weakref.WeakKeyDictionary()

    def push(self, before: Mask, after: Mask, text: str) -> None:
        """Make a stroke."""
        self.stack.push(_MaskEdit(text, self._keep(before), self._keep(after), self._swap))

    def saved(self, mask: Mask | None, tracked: Mask | None) -> SavedHistory | None:
        """Return what a session keeps; None where nothing was drawn.

        Args:
            mask: Of the loop, as it is.
            tracked: The mask that was tracked with, or None.
        """
        edits = self._edits()
        kept = [edit.before for edit in edits[:1]] + [edit.after for edit in edits]
        index = self.stack.index()
        if not kept or not kept[index].holds(mask):
            return None
        same = (place for place, item in enumerate(kept) if item.holds(tracked))
        return SavedHistory(
            tuple(edit.text() for edit in edits),
            tuple(item.packed for item in kept),
            index,
            next(same, None),
        )

    def take_up(self, saved: SavedHistory, mask: Mask, tracked: Mask | None) -> None:
        """Hold the strokes of a session; none of them is made or undone.

        Args:
            saved: What the session kept.
            mask: Of the loop, as it is.
            tracked: The mask that was tracked with, or None.
        """
        live = {saved.tracked: tracked} | {saved.index: mask}
        kept = [KeptMask(packed, live.get(place)) for place, packed in enumerate(saved.masks)]
        self._kept[mask] = kept[saved.index]
        for text, before, after in zip(saved.texts, kept[:-1], kept[1:], strict=True):
            self.stack.push(_MaskEdit(text, before, after, self._swap, made=True))
        self._silent = True
        self.stack.setIndex(saved.index)
        self._silent = False

    def _swap(self, kept: KeptMask) -> None:
        if not self._silent:
            self._show(kept.mask())

    def _edits(self) -> list[_MaskEdit]:
        found = (self.stack.command(place) for place in range(self.stack.count()))
        return [edit for edit in found if isinstance(edit, _MaskEdit)]

    def _keep(self, mask: Mask) -> KeptMask:
        if mask not in self._kept:
            self._kept[mask] = KeptMask(PackedMask.of(mask), mask)
        return self._kept[mask]
