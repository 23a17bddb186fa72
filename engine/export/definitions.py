"""What the numbers of a report mean, each sentence said once."""

from __future__ import annotations

import re
from typing import Final

from engine.export.numbers import quantity_name
from engine.model import Measurements

SHARED_BY: Final = 4
"""Quantities of which a sentence must be said before it is told once for all."""

LONGEST_REPEATED: Final = 40
"""Characters up to which a sentence may stand as often as it likes."""

_UNTOLD: Final = ("_trusted", "_frame_of_beat", "_mean_of_beats", "_sd_of_beats")

_END: Final = re.compile(r"(?<=\.) (?=[A-Z])")


def definitions(measurements: Measurements) -> list[tuple[str, str]]:
    """Return names and meanings of the quantities measured, as a report prints them.

    Args:
        measurements: Whose rows tell their definitions; the same over trusted vectors alone, and
            means over beats that are defined one by one, are left out.

    Returns:
        A pair a quantity; at the end, what is said of several of them at once.
    """
    sentences: dict[str, list[str]] = {}
    for row in measurements.rows:
        if not row.quantity.endswith(_UNTOLD):
            sentences.setdefault(row.quantity, _END.split(row.definition))
    said_of: dict[str, list[str]] = {}
    for quantity, parts in sentences.items():
        for part in parts:
            if len(part) > LONGEST_REPEATED:
                said_of.setdefault(part, []).append(quantity)
    together: dict[tuple[str, ...], list[str]] = {}
    for part, quantities in said_of.items():
        if len(quantities) >= SHARED_BY:
            together.setdefault(tuple(quantities), []).append(part)
    shared = {part for parts in together.values() for part in parts}
    own = [
        (quantity_name(quantity), " ".join(part for part in parts if part not in shared))
        for quantity, parts in sentences.items()
    ]
    common = [
        ("In common", f"{', '.join(map(quantity_name, quantities))}: {' '.join(parts)}")
        for quantities, parts in together.items()
    ]
    return [(name, text) for name, text in own if text] + common
