"""Pictures of one result side by side on a page, each with what its colours mean beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from engine.export.page import MARGIN, WIDTH, Page, width_mm
from engine.export.palette import PRINT
from engine.export.panels import Backdrop, crop_box

BAR: Final = 16.0
"""Room for a colour bar with its numbers, mm."""
_GAP: Final = 2.5
_WIDEST_GAP: Final = 14.0
_TITLE: Final = 8.0
_LONGEST_BAR: Final = 50.0
_BAR_ENDS: Final = 14.0
_LEAST: Final = 5.0


@dataclass(frozen=True)
class Cell:
    """A picture of the row.

    Attributes:
        title: Stands above it.
        behind: What it shows, for its height over its width.
        draw: Draws it into axes of a width and height, mm.
        bar: Draws the colour bar into axes, or None where the picture to its right has it.
        note: Lines below the bar.
    """

    title: str
    behind: Backdrop
    draw: Callable[[Axes, float, float], None]
    bar: Callable[[Axes], None] | None = None
    note: tuple[str, ...] = ()


def shape_of(behind: Backdrop) -> float:
    """Return height over width of the part of the image that is shown."""
    x0, y0, x1, y1 = crop_box(behind)
    return (y1 - y0) * behind.pixel[1] / ((x1 - x0) * behind.pixel[0])


def row_height(cells: Sequence[Cell], width: float, tallest: float) -> float:
    """Return the height of the pictures that fill a width, mm, or ``tallest`` if that is less."""
    return min(_widest(cells, width) * max(shape_of(cell.behind) for cell in cells), tallest)


def draw_row(page: Page, y: float, cells: Sequence[Cell], width: float, height: float) -> None:
    """Draw pictures from the left margin on, with the room that is left shared between them.

    Args:
        page: To draw on.
        y: Top of the pictures, mm; their titles stand above it.
        cells: From left to right.
        width: Of the row, mm.
        height: Of the tallest picture, mm.
    """
    widest = _widest(cells, width)
    sizes = [min(widest, height / shape_of(cell.behind)) for cell in cells]
    taken = [
        max(size, width_mm(cell.title, _TITLE)) + (0.0 if cell.bar is None else BAR)
        for cell, size in zip(cells, sizes, strict=True)
    ]
    spare = (width - sum(taken)) / max(len(cells) - 1, 1)
    gap = min(max(spare, _GAP), _WIDEST_GAP)
    x = MARGIN
    for cell, size, room in zip(cells, sizes, taken, strict=True):
        tall = size * shape_of(cell.behind)
        axes = page.axes(x, y, size, tall)
        cell.draw(axes, size, tall)
        axes.set_title(cell.title, size=_TITLE, color=PRINT.text, loc="left", pad=3)
        axes.set_anchor("NW")
        axes.apply_aspect()
        if cell.bar is not None:
            left = max(axes.get_position().x1 * WIDTH, x + size) + _GAP
            _draw_bar(page, (left, y + 9, min(height - _BAR_ENDS, _LONGEST_BAR)), cell)
        x += room + gap


def _draw_bar(page: Page, box: tuple[float, float, float], cell: Cell) -> None:
    """Draw a cell's bar and its note; ``box`` holds x, y and height, mm."""
    x, y, height = box
    height = max(height, _LEAST)
    if cell.bar is not None:
        cell.bar(page.axes(x, y, 3.0, height))
    for line, text in enumerate(cell.note):
        page.text(x, y + height + 5 + 3 * line, text, size=6.8, colour=PRINT.muted)


def _widest(cells: Sequence[Cell], width: float) -> float:
    """Return the width of equal pictures that fill a row, mm."""
    bars = sum(cell.bar is not None for cell in cells)
    return (width - BAR * bars - _GAP * (len(cells) - 1)) / max(len(cells), 2)
