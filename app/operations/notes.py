"""What a mask noted when it was made, without what a person has settled since."""

from __future__ import annotations

import re
from typing import Final

from app.session import ED, ES

_WORDS: Final = {ED: "End-diastole", ES: "End-systole"}
_PROPOSAL: Final = "This looks like"


def settled(
    notes: tuple[str, ...], *, view_confirmed: bool, given: frozenset[str]
) -> tuple[str, ...]:
    """Return notes without a proposed view that was confirmed, and without origins of moved marks.

    Args:
        notes: Sentences of a mask, or notices of a result.
        view_confirmed: Whether a person has confirmed the view.
        given: Marks that a person has set, of ``ED`` and ``ES``.
    """
    over = [f"{_WORDS[mark]} is taken from the image" for mark in sorted(given)]
    if view_confirmed:
        over.append(_PROPOSAL)
    kept = [note for note in notes if not note.startswith(tuple(over))]
    for mark in given:
        kept = [re.sub(rf"\b{mark}: [^;.]+", f"{mark}: given", note) for note in kept]
    return tuple(kept)
