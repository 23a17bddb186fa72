"""ED, ES, beats and heart rate of a loop, each with where it comes from."""

from engine.cycle.find import NO_ORDER, Cycle, find_cycle
from engine.cycle.origins import (
    GIVEN,
    LARGEST_AREA,
    R_WAVE,
    SMALLEST_AREA,
    UNKNOWN,
    is_a_persons,
    is_surrogate_note,
    of_chosen_beat,
    origin_words,
    surrogate_note,
)

__all__ = [
    "GIVEN",
    "LARGEST_AREA",
    "NO_ORDER",
    "R_WAVE",
    "SMALLEST_AREA",
    "UNKNOWN",
    "Cycle",
    "find_cycle",
    "is_a_persons",
    "is_surrogate_note",
    "of_chosen_beat",
    "origin_words",
    "surrogate_note",
]
