"""Parts that both kinds of report share: the beat, reasons, and further values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.export.facts import (
    further_values,
    heart_rate,
    loop_words,
    mark_words,
    view_name,
)
from engine.export.page import BOTTOM, CONTENT, MARGIN, Page, wrap
from engine.export.palette import PRINT
from engine.model import Measurements, TrackingResult

_VALUES: Final = 52.0
_MOST_VALUES: Final = 14


def beat_line(page: Page, y: float, result: TrackingResult, measurements: Measurements) -> float:
    """Draw view, loop, ED, ES and heart rate side by side; return the y below."""
    name, _, short = view_name(result).rstrip(")").partition(" (")
    loop, _, rate = loop_words(result).replace(" at ", ", at ").partition(", ")
    columns = (
        (40.0, "View", name, short),
        (36.0, "Loop", loop, rate),
        (38.0, "End-diastole", *mark_words(result, "ED")),
        (38.0, "End-systole", *mark_words(result, "ES")),
        (26.0, "Heart rate", *heart_rate(measurements)),
    )
    x, deepest = MARGIN, 1
    for width, label, text, remark in columns:
        page.text(x, y + 3.5, label, size=7, colour=PRINT.muted)
        page.text(x, y + 8.0, text, size=8.2, bold=True)
        lines = wrap(remark, width - 1, 7)[:2]
        for number, line in enumerate(lines):
            page.text(x, y + 11.8 + 3 * number, line, size=7, colour=PRINT.muted)
        deepest = max(deepest, len(lines))
        x += width
    return y + 14 + 3 * deepest


def reasons(page: Page, y: float, title: str, sentences: Sequence[str], fallback: str) -> float:
    """Say on page one why what the reader expects is missing; return the y below."""
    page.heading(y + 4, title)
    y += 11
    for text in dict.fromkeys(sentences or [fallback]):
        y = page.paragraph(MARGIN, y, text, CONTENT) + 1
    return y + 4


def further_table(
    page: Page, y: float, result: TrackingResult, measurements: Measurements
) -> float:
    """List values of the whole loop at the right; return the width taken, mm."""
    lines = further_values(result, measurements)
    most = min(_MOST_VALUES, int((BOTTOM - y - 16) / 5.2))
    if not lines or most < 1:
        return 0.0
    x = MARGIN + CONTENT - _VALUES
    page.table(y + 9, ("Further values", ""), lines[:most], (_VALUES - 18, 18), x=x, size=7.5)
    return _VALUES + 3
