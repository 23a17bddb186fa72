"""Where a mark of the cycle comes from, in fixed words, and the sentence that tells a reader."""

from __future__ import annotations

from typing import Final

R_WAVE: Final = "R wave"
GIVEN: Final = "given"
_SURROGATE: Final = ": a surrogate"
_TAKEN: Final = ("is taken from the image", "are taken from the image")
LARGEST_AREA: Final = "largest cavity area: a surrogate"
SMALLEST_AREA: Final = "smallest cavity area: a surrogate"
#: Origins of a beat's marks, each with what stands in its place once a person chose that beat.
_CHOSEN: Final = {
    R_WAVE: "R wave of the chosen beat",
    LARGEST_AREA: "largest cavity area of the chosen beat: a surrogate",
    SMALLEST_AREA: "smallest cavity area of the chosen beat: a surrogate",
}
_CHOSEN_ORIGINS: Final = frozenset(_CHOSEN.values())
UNKNOWN: Final = "unknown"


def surrogate_note(ed_origin: str, es_origin: str) -> str:
    """Return the sentence on marks that the image stands in for; empty where it does for none.

    Args:
        ed_origin: Where the end-diastolic frame comes from.
        es_origin: Where the end-systolic frame comes from.
    """
    marks = (("end-diastole", ed_origin), ("end-systole", es_origin))
    found = {name: origin for name, origin in marks if origin.endswith(_SURROGATE)}
    if not found:
        return ""
    names = " and ".join(found).capitalize()
    sources = " and ".join(dict.fromkeys(item.removesuffix(_SURROGATE) for item in found.values()))
    if len(found) == 1:
        return f"{names} {_TAKEN[0]} ({sources}{_SURROGATE}). Check it, or give its frame."
    return f"{names} {_TAKEN[1]} ({sources}: surrogates). Check both, or give their frames."


def is_surrogate_note(sentence: str) -> bool:
    """Whether a sentence is one of ``surrogate_note``."""
    return sentence.startswith("End-") and any(words in sentence for words in _TAKEN)


def origin_words(origin: str) -> str:
    """Return where a mark comes from in words: one without an origin was given by a person."""
    return origin or GIVEN


def of_chosen_beat(origin: str) -> str:
    """Return the origin of a mark whose beat a person has chosen, such as an R wave among several.

    Args:
        origin: Where the beat's own mark comes from; one that no choice changes stays.
    """
    return _CHOSEN.get(origin, origin)


def is_a_persons(origin: str) -> bool:
    """Return whether a mark is a person's word: given, or that of a beat that they chose."""
    return not origin or origin in _CHOSEN_ORIGINS
