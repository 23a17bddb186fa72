"""Sentences that every export repeats: research use, review, and what the reader must know."""

from __future__ import annotations

from typing import Final

from engine.model import Measurements, Target, TrackingResult

RESEARCH_USE: Final = "Research use only, not for diagnosis"
NOT_REVIEWED: Final = "Tracking not reviewed: nobody has accepted the moving contour."
HIDDEN: Final = "No trackable contrast: velocities are not shown"
NO_ORDER: Final = "End-systole does not follow end-diastole"
NO_CONTRAST: Final = "no trackable contrast"


def reader_warnings(result: TrackingResult, measurements: Measurements) -> tuple[str, ...]:
    """Return every warning once, the gravest first.

    Args:
        result: Its notices and whether it was reviewed.
        measurements: Its warnings.
    """
    order = [text for text in measurements.warnings if text.startswith(NO_ORDER)]
    contrast = [text for text in measurements.warnings if NO_CONTRAST in text.lower()]
    review = [] if result.reviewed or result.target is Target.BLOOD else [NOT_REVIEWED]
    rest = [
        text
        for text in (*measurements.warnings, *result.notices)
        if "not reviewed" not in text.lower()
    ]
    return tuple(dict.fromkeys((*contrast, *review, *order, *rest)))


def lacks_contrast(measurements: Measurements) -> bool:
    """Whether the blood could not be tracked for want of contrast."""
    return any(NO_CONTRAST in text.lower() for text in measurements.warnings)
