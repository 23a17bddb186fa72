"""Names with their meaning in two columns of small type, balanced on every page that they fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.export.page import BOTTOM, CONTENT, MARGIN, TOP, Flow, Page, line_height, width_mm, wrap
from engine.export.palette import PRINT

#: Sizes of type in points: the largest with which the entries end on the page they begin on.
_SIZES: Final = (7.0, 6.6, 6.2)
_GUTTER: Final = 7.0
_WIDTH: Final = (CONTENT - _GUTTER) / 2
_GAP: Final = 1.1


@dataclass(frozen=True)
class _Entry:
    """A name and its meaning, which begins on the same line, at a size in points."""

    name: str
    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        """Room that it takes with the gap below it, mm."""
        return line_height(self.size) * len(self.lines) + _GAP


def two_columns(flow: Flow, entries: Sequence[tuple[str, str]]) -> None:
    """Write entries in two columns of equal height, on as many pages as they need.

    Type is a little smaller where that saves a page with a few stray lines.

    Args:
        flow: Pages to fill from ``flow.y`` on.
        entries: Name, which may be empty, and meaning.
    """
    size = _size_for(entries, BOTTOM - flow.y) or _SIZES[0]
    waiting = [_entry(name, text, size) for name, text in entries]
    while waiting:
        page = flow.room(2 * line_height(_SIZES[0]))
        flow.y = max(flow.y, TOP + 4)
        left, right = _filled(waiting, BOTTOM - flow.y)
        columns = (waiting[:left], waiting[left : left + right])
        for number, column in enumerate(columns):
            _write(page, MARGIN + number * (_WIDTH + _GUTTER), flow.y, column)
        flow.y += max(sum(entry.height for entry in column) for column in columns) + 2
        waiting = waiting[left + right :]
        if waiting:
            flow.y = BOTTOM


def fit_into(entries: Sequence[tuple[str, str]], room: float) -> bool:
    """Return whether entries fit into a height, mm."""
    return _size_for(entries, room) is not None


def _size_for(entries: Sequence[tuple[str, str]], room: float) -> float | None:
    """Return the largest size of type with which entries fit into a height, mm, or None."""
    for size in _SIZES:
        cut = [_entry(name, text, size) for name, text in entries]
        if sum(_filled(cut, room)) == len(cut):
            return size
    return None


def _filled(entries: Sequence[_Entry], room: float) -> tuple[int, int]:
    """Return how many entries stand in the left and in the right column of a height, mm.

    At least one stands left, even where it is taller than a page.
    """
    half = sum(entry.height for entry in entries) / 2
    left = max(_that_fit(entries, min(half, room)), 1)
    # The left column is the taller one, as a reader expects.
    taken = sum(entry.height for entry in entries[:left])
    if left < len(entries) and taken < half and taken + entries[left].height <= room:
        left += 1
    return left, _that_fit(entries[left:], room)


def _that_fit(entries: Sequence[_Entry], room: float) -> int:
    """Return how many entries fit into a height, mm."""
    taken = 0.0
    for count, entry in enumerate(entries):
        taken += entry.height
        if taken > room + 1e-6:
            return count
    return len(entries)


def _entry(name: str, text: str, size: float) -> _Entry:
    """Break a meaning into lines, the first of which follows the name."""
    indent = _indent(name, size)
    first = wrap(text, _WIDTH - indent, size)[0] if text and indent < 0.7 * _WIDTH else ""
    rest = " ".join(text.split()).removeprefix(first)
    return _Entry(name, (first, *wrap(rest, _WIDTH, size)), size)


def _indent(name: str, size: float) -> float:
    """Return where a meaning begins beside its name, mm; a sentence alone has none."""
    return width_mm(f"{name}  ", size) if name else 0.0


def _write(page: Page, x: float, y: float, entries: Sequence[_Entry]) -> None:
    for entry in entries:
        page.text(x, y, entry.name, size=entry.size, colour=PRINT.accent)
        indent = _indent(entry.name, entry.size)
        for number, line in enumerate(entry.lines):
            low = y + number * line_height(entry.size)
            page.text(x + (0.0 if number else indent), low, line, size=entry.size)
        y += entry.height
