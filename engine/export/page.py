"""A4 pages: header, footer, type, cards, tables; all lengths in mm from the top left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from engine.export.notices import RESEARCH_USE
from engine.export.palette import PRINT
from engine.export.raster import text_width

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
MARGIN: Final = 16.0
CONTENT: Final = WIDTH - 2 * MARGIN
TOP: Final = 30.0
BOTTOM: Final = HEIGHT - 18.0
MOST_WARNINGS: Final = 5
"""Warnings that a page's box holds; where there are more, the last line says how many."""
MM_PER_POINT: Final = 25.4 / 72
#: Room for the source's name in the footer, mm.
_NAME: Final = 90.0
# The mark of resources/icons/myoflux.svg, on its grid of 24.
_VENTRICLE: Final = ((5, 18), (5, 9), (8.5, 5), (12, 5), (15.5, 5), (19, 9), (19, 18))
_ARROW: Final = ((12, 18), (12, 11), (9.5, 13), (12, 10.5), (14.5, 13))


@dataclass(frozen=True)
class Card:
    """A headline number.

    Attributes:
        label: What it is.
        value: The number with its unit, or a word.
        remark: One line below, such as its definition in brief.
        doubtful: Whether most of what it rests on is not trusted; it is then printed in grey.
    """

    label: str
    value: str
    remark: str = ""
    doubtful: bool = False


class Page:
    """One A4 page.

    Attributes:
        figure: The matplotlib figure of the page.
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        """Start a page.

        Args:
            title: Of the page.
            subtitle: Stands beside the title in grey.
        """
        self.figure = Figure(figsize=(WIDTH / 25.4, HEIGHT / 25.4), facecolor=PRINT.background)
        self._mark(MARGIN - 1.2, 8.4)
        self.text(MARGIN + 6.2, 13.6, "Myoflux", size=10.5, bold=True)
        self.text(WIDTH - MARGIN, 13.6, title, size=10.5, bold=True, align="right")
        if subtitle:
            self.text(WIDTH - MARGIN, 18.4, subtitle, size=8, colour=PRINT.muted, align="right")
        self.rule(22.0)

    def finish(self, number: int, total: int, source: str) -> None:
        """Write the footer: research use, the source and the page's number."""
        self.rule(HEIGHT - 15.0)
        y = HEIGHT - 10.0
        self.text(MARGIN, y, RESEARCH_USE, size=8, bold=True, colour=PRINT.warning)
        name = fit(" ".join(source.split()), _NAME, 7.5)
        text = f"{name}     {number} / {total}"
        self.text(WIDTH - MARGIN, y, text, size=7.5, colour=PRINT.muted, align="right")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 8.5,
        colour: str = PRINT.text,
        bold: bool = False,
        align: str = "left",
    ) -> None:
        """Write a line; ``y`` is its baseline."""
        self.figure.text(
            x / WIDTH, 1 - y / HEIGHT, text, size=size, color=colour, ha=align, va="baseline",
            weight="bold" if bold else "normal", parse_math=False,
        )  # fmt: skip

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        width: float,
        *,
        size: float = 8.5,
        colour: str = PRINT.text,
    ) -> float:
        """Write a text in lines of a width; return the baseline of the next line."""
        for line in wrap(text, width, size):
            self.text(x, y, line, size=size, colour=colour)
            y += line_height(size)
        return y

    def heading(self, y: float, text: str) -> None:
        """Write a section's heading across the page; ``y`` is its baseline."""
        self.text(MARGIN, y, text, size=10, bold=True, colour=PRINT.accent)
        self.rule(y + 1.8, colour=PRINT.line)

    def rule(
        self, y: float, x0: float = MARGIN, x1: float = WIDTH - MARGIN, colour: str = PRINT.line
    ) -> None:
        """Draw a thin horizontal line."""
        line = Line2D([x0 / WIDTH, x1 / WIDTH], [1 - y / HEIGHT] * 2, color=colour, linewidth=0.6)
        self.figure.add_artist(line)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return axes whose frame fills a box."""
        return self.figure.add_axes(
            (x / WIDTH, 1 - (y + height) / HEIGHT, width / WIDTH, height / HEIGHT)
        )

    def box(
        self, x: float, y: float, width: float, height: float, *, face: str, edge: str = "none"
    ) -> None:
        """Draw a box with softly rounded corners."""
        radius = 1.2 / WIDTH
        patch = FancyBboxPatch(
            (x / WIDTH, 1 - (y + height) / HEIGHT), width / WIDTH, height / HEIGHT,
            boxstyle=f"round,pad=0,rounding_size={radius}", facecolor=face, edgecolor=edge,
            linewidth=0.7, mutation_aspect=WIDTH / HEIGHT, transform=self.figure.transFigure,
        )  # fmt: skip
        self.figure.add_artist(patch)

    def cards(self, y: float, cards: Sequence[Card], height: float = 25.0) -> None:
        """Draw headline numbers side by side, in quarters of the page's width or less."""
        gap = 3.0
        columns = max(len(cards), 4)
        width = (CONTENT - gap * (columns - 1)) / columns
        for number, card in enumerate(cards):
            x = MARGIN + number * (width + gap)
            self.box(x, y, width, height, face=PRINT.surface)
            self.text(x + 3.2, y + 5.6, fit(card.label, width - 6, 8), size=8, colour=PRINT.muted)
            size = (
                19.0 if text_width(card.value, size=100) * 0.19 * MM_PER_POINT < width - 6 else 13.0
            )
            colour = PRINT.muted if card.doubtful else PRINT.text
            self.text(x + 3.2, y + 15.0, card.value, size=size, colour=colour, bold=True)
            for line, part in enumerate(wrap(card.remark, width - 6, 6.8)[:2]):
                self.text(x + 3.2, y + 19.6 + 3.0 * line, part, size=6.8, colour=PRINT.muted)

    def warnings(self, y: float, sentences: Sequence[str]) -> float:
        """Draw a box of warnings; return where the next thing may start."""
        if not sentences:
            return y
        most = told_at_once(sentences)
        shown = list(sentences[:most])
        if len(sentences) > most:
            shown.append(f"{len(sentences) - most} more under Further warnings on a later page.")
        lines = [
            (line, part == 0)
            for sentence in shown
            for part, line in enumerate(wrap(sentence, CONTENT - 12, 8))
        ]
        height = 3.6 + 4.1 * len(lines)
        self.box(MARGIN, y, CONTENT, height, face="#fdf5e6", edge="#e3c48a")
        for number, (line, first) in enumerate(lines):
            baseline = y + 5.0 + 4.1 * number
            if first:
                self._triangle(MARGIN + 3.0, baseline)
            self.text(MARGIN + 8.0, baseline, line, size=8, colour=PRINT.warning)
        return y + height + 4.0

    def table(
        self,
        y: float,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        x: float = MARGIN,
        size: float = 8.0,
    ) -> float:
        """Draw a table; the first column is left-aligned, the others right.

        Returns:
            The y below it.
        """
        height = 5.2
        total = sum(widths)
        self._row(x, y + 3.6, header, widths, size=size - 0.5, colour=PRINT.muted)
        y += height
        self.rule(y - 0.4, x, x + total)
        for number, row in enumerate(rows):
            if number % 2:
                patch = Rectangle(
                    (x / WIDTH, 1 - (y + height) / HEIGHT), total / WIDTH, height / HEIGHT,
                    facecolor=PRINT.surface, transform=self.figure.transFigure, zorder=0,
                )  # fmt: skip
                self.figure.add_artist(patch)
            self._row(x, y + 3.6, row, widths, size=size, colour=PRINT.text)
            y += height
        return y

    def _row(
        self,
        x: float,
        y: float,
        cells: Sequence[str],
        widths: Sequence[float],
        *,
        size: float,
        colour: str,
    ) -> None:
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            text = fit(cell, width - 2.4, size)
            if number == 0:
                self.text(x + 1.2, y, text, size=size, colour=colour)
            else:
                self.text(x + width - 1.2, y, text, size=size, colour=colour, align="right")
            x += width

    def _triangle(self, x: float, y: float) -> None:
        corners = [(x, y + 0.3), (x + 3.0, y + 0.3), (x + 1.5, y - 2.5)]
        patch = Polygon(
            [(a / WIDTH, 1 - b / HEIGHT) for a, b in corners],
            facecolor="#d08a1d", edgecolor="none", transform=self.figure.transFigure,
        )  # fmt: skip
        self.figure.add_artist(patch)

    def _mark(self, x: float, y: float, side: float = 6.4) -> None:
        """Draw the product's mark: a ventricle with an arrow; ``x, y`` is its top left corner."""

        def placed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
            scale = side / 24
            return [((x + a * scale) / WIDTH, 1 - (y + b * scale) / HEIGHT) for a, b in points]

        curve = [Path.MOVETO, *[Path.CURVE4] * 6]
        lines = [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO]
        for points, kinds, colour, width in (
            (_VENTRICLE, curve, PRINT.accent, 1.7),
            (_ARROW, lines, "#d08a1d", 1.5),
        ):
            patch = PathPatch(
                Path(placed(points), kinds), facecolor="none", edgecolor=colour, linewidth=width,
                capstyle="round", joinstyle="round", transform=self.figure.transFigure,
            )  # fmt: skip
            self.figure.add_artist(patch)


class Flow:
    """Pages filled from top to bottom.

    Attributes:
        pages: All pages so far; the last one is being filled.
        y: Where the next thing may start on it, mm.
    """

    def __init__(self, title: str, subtitle: str) -> None:
        """Start with one empty page."""
        self._heads = (title, subtitle)
        self.pages = [Page(title, subtitle)]
        self.y = TOP

    def room(self, height: float) -> Page:
        """Return a page with room for a height, mm: this one, or a new one."""
        if self.y + height > BOTTOM and self.y > TOP:
            self.pages.append(Page(*self._heads))
            self.y = TOP
        return self.pages[-1]


def told_at_once(warnings: Sequence[str]) -> int:
    """Return how many warnings stand in a page's box; the others follow on a later page."""
    return len(warnings) if len(warnings) <= MOST_WARNINGS else MOST_WARNINGS - 1


def line_height(size: float) -> float:
    """Return the distance of baselines, mm, of a font size in points."""
    return 1.38 * size * MM_PER_POINT


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines no wider than ``width`` mm at a font size in points."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        wider = f"{current} {word}".strip()
        if current and width_mm(wider, size) > width:
            lines.append(fit(current, width, size))
            current = word
        else:
            current = wider
    if current:
        lines.append(fit(current, width, size))
    return lines


def fit(text: str, width: float, size: float) -> str:
    """Return a text cut with an ellipsis where it is wider than ``width`` mm."""
    if width_mm(text, size) <= width:
        return text
    while text and width_mm(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def width_mm(text: str, size: float) -> float:
    """Return the width of a text at a font size in points, mm."""
    return text_width(text, size=100) / 100 * size * MM_PER_POINT
