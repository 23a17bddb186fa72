"""What a mask noted when it was made, without what a person has settled since."""

from __future__ import annotations

from typing import Final

from engine.cycle import is_surrogate_note, surrogate_note

_PROPOSAL: Final = "This looks like"


def settled(
    notes: tuple[str, ...], *, view_confirmed: bool, mark_origins: tuple[str, str]
) -> tuple[str, ...]:
    """Return notes without a proposed view that was confirmed, and with marks as they are now.

    Args:
        notes: Sentences of a mask, or notices of a result.
        view_confirmed: Whether a person has confirmed the view.
        mark_origins: How ED and ES were found; empty where a person gave them.
    """
    kept = []
    for note in notes:
        now = surrogate_note(*mark_origins) if is_surrogate_note(note) else note
        if now and not (view_confirmed and note.startswith(_PROPOSAL)):
            kept.append(now)
    return tuple(dict.fromkeys(kept))
