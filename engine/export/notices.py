"""Sentences that every export repeats: research use, review, and what the reader must know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.cycle import NO_ORDER
from engine.export.numbers import region_name
from engine.masks.files import READ_FROM_FILE
from engine.model import Measurements, Target, TrackingResult

RESEARCH_USE: Final = "Research use only, not for diagnosis"
NOT_REVIEWED: Final = "Tracking not reviewed: nobody has accepted the moving contour."
ARROWS_NOT_REVIEWED: Final = "Tracking not reviewed: nobody has accepted the moving arrows."
HIDDEN: Final = "No trackable contrast: velocities are not shown"
NO_CONTRAST: Final = "no trackable contrast"


def reader_warnings(result: TrackingResult, measurements: Measurements) -> tuple[str, ...]:
    """Return every warning once, the gravest first, and last how the mask was made.

    Args:
        result: Its notices and whether it was reviewed.
        measurements: Its warnings.
    """
    order = [text for text in measurements.warnings if text.startswith(NO_ORDER)]
    contrast = [text for text in measurements.warnings if NO_CONTRAST in text.lower()]
    review = [ARROWS_NOT_REVIEWED if result.target is Target.BLOOD else NOT_REVIEWED]
    if result.reviewed or lacks_contrast(measurements):
        review = []
    rest = [
        text
        for text in (*measurements.warnings, *result.notices)
        if "not reviewed" not in text.lower() and not text.startswith(READ_FROM_FILE)
    ]
    rest.sort(key=_mask_notes(result).__contains__)
    return tuple(map(in_words, dict.fromkeys((*contrast, *review, *order, *rest))))


def mask_source(result: TrackingResult) -> str:
    """Return the sentence that tells of which kind of file the mask was read; empty if of none."""
    return next((text for text in _mask_notes(result) if text.startswith(READ_FROM_FILE)), "")


def _mask_notes(result: TrackingResult) -> tuple[str, ...]:
    """Return what the mask noted when it was made."""
    mask = result.config.get("mask")
    notes = mask.get("notes") if isinstance(mask, Mapping) else None
    return tuple(map(str, notes)) if isinstance(notes, list | tuple) else ()


def in_words(sentence: str) -> str:
    """Return a sentence with its regions as tables and curves name them."""
    return re.sub(r"\bvortex-(\d+)", lambda found: region_name(found.group()), sentence)


def lacks_contrast(measurements: Measurements) -> bool:
    """Whether the blood could not be tracked for want of contrast."""
    return any(NO_CONTRAST in text.lower() for text in measurements.warnings)
