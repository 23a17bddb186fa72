"""The picture of strain at every pixel of the wall at end-systole: a file, and a part of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.analysis.strain_map import StrainMap, strain_map
from engine.export.figures import backdrop, frame_note
from engine.export.numbers import percent
from engine.export.page import CONTENT, MARGIN, Flow
from engine.export.page_pictures import FAINT
from engine.export.palette import PRINT, STRAIN, STRAIN_LIMIT, STRAIN_TICKS
from engine.export.panels import (
    EDGE_INCHES,
    Backdrop,
    Panel,
    draw_bar,
    draw_field,
    draw_footer,
    lay_colours,
    save,
)
from engine.export.picture_row import BAR, Cell, draw_row, row_height, shape_of
from engine.export.quiver import TRUSTED, Trust
from engine.model import TrackingResult

_WIDTH, _BAR, _TOP, _BOTTOM = 6.0, 1.05, 0.36, 0.44
_OPAQUE: Final = 0.85
_TALLEST: Final = 72.0
_TABLE: Final = 84.0
#: Strain below which the wall hardly moves, and above which it shortens well, %.
_LITTLE, _WELL = 5.0, 15.0


def end_systolic_map(result: TrackingResult) -> StrainMap | None:
    """Return the wall's strain from end-diastole to end-systole; None unless both are known.

    Args:
        result: With contours that move with the wall, ED and ES.
    """
    if result.contours is None or result.ed_frame is None or result.es_frame is None:
        return None
    start, frame = (mark - result.first_frame for mark in (result.ed_frame, result.es_frame))
    if not 0 <= start < frame < len(result.mask):
        return None
    return strain_map(result, result.finest, start, frame)


def write_strain_map(
    path: Path, result: TrackingResult, found: StrainMap, *, trust: Trust | None = None
) -> None:
    """Write the strain of a frame as a picture.

    Args:
        path: Of the picture; its suffix chooses PNG, PDF or SVG.
        result: With contours that move with the wall.
        found: Its strain.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; places below 0.5 fade.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    behind = backdrop(result, found.frame)
    high = _WIDTH * float(np.clip(shape_of(behind), 0.4, 1.6))
    width, height = EDGE_INCHES + _WIDTH + _BAR, _BOTTOM + high + _TOP
    figure = Figure(figsize=(width, height), facecolor=PRINT.background)
    axes = figure.add_axes((EDGE_INCHES / width, _BOTTOM / height, _WIDTH / width, high / height))
    title = f"{found.direction.capitalize()} strain, end-diastole to end-systole"
    _paint(axes, title, behind, found, _of_frame(trust, found))
    low = _BOTTOM + 0.1 * high
    bar = figure.add_axes(
        (1 - (_BAR - 0.1) / width, low / height, 0.14 / width, 0.7 * high / height)
    )
    _bar(bar)
    note = f"{frame_note(result, found.frame)}  ·  single pixels are a research value"
    draw_footer(figure, note)
    save(figure, path)


def draw_strain_map(
    flow: Flow, result: TrackingResult, found: StrainMap, trust: Trust | None
) -> None:
    """Draw the strain of a frame on a page, with what share of the wall shortens how far.

    Args:
        flow: Pages to fill.
        result: With contours that move with the wall.
        found: Its strain.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; places below 0.5 fade.
    """
    behind = backdrop(result, found.frame)
    sure = _of_frame(trust, found)
    note = () if sure is None else FAINT
    title = f"At end-systole: {frame_note(result, found.frame).lower()}"

    def draw(axes: Axes, width: float, height: float) -> None:
        _paint(axes, title, behind, found, sure)

    cell = Cell(title, behind, draw, _bar, note)
    # A lone picture of a row takes half of it at the most.
    row = 2 * (CONTENT - _TABLE - 6) - BAR
    height = row_height((cell,), row, _TALLEST)
    page = flow.room(24 + height)
    page.heading(flow.y + 4, f"{found.direction.capitalize()} strain at every pixel of the wall")
    draw_row(page, flow.y + 15, (cell,), row, height)
    x = MARGIN + CONTENT - _TABLE
    header = ("Of the wall's pixels" if sure is None else "Of the wall's trusted pixels", "Share")
    below = page.table(
        flow.y + 11, header, strain_shares(found, sure), (_TABLE - 20, 20), x=x, size=7.5
    )
    text = (
        "Strain along the wall since end-diastole, by forward tracking alone: its drift is not "
        "taken out. Single pixels are a research value; numbers are given by segment."
    )
    lowest = page.paragraph(x, below + 6, text, _TABLE, size=7.5, colour=PRINT.muted)
    flow.y = max(flow.y + 15 + height, lowest) + 7


def strain_shares(found: StrainMap, trust: Trust | None) -> list[tuple[str, str]]:
    """Return which share of the wall shortens or lengthens how far, in words and percent.

    Args:
        found: The wall's strain.
        trust: ``(H, W)`` in [0, 1] or bool: where it can be trusted; None everywhere.

    Returns:
        Shares of the trusted wall, then the untrusted share of the whole wall.
    """
    wall = np.isfinite(found.percent)
    sure = wall if trust is None else wall & (np.asarray(trust, np.float64) >= TRUSTED)
    values = found.percent[sure]
    parts = (
        (f"Shortens by {_WELL:.0f} % or more", values <= -_WELL),
        (f"Shortens by {_LITTLE:.0f} to {_WELL:.0f} %", (values > -_WELL) & (values <= -_LITTLE)),
        (f"Changes by less than {_LITTLE:.0f} %", np.abs(values) < _LITTLE),
        (f"Lengthens by {_LITTLE:.0f} % or more", values >= _LITTLE),
    )
    rows = [(name, percent(float(part.mean())) if part.size else "–") for name, part in parts]
    if trust is not None and wall.any():
        rows.append(("Not trusted, of the whole wall", percent(1 - sure.sum() / wall.sum())))
    return rows


def _of_frame(trust: Trust | None, found: StrainMap) -> Trust | None:
    """Return the trust of the map's frame, ``(H, W)``."""
    return None if trust is None else trust[found.frame - 1]


def _paint(axes: Axes, title: str, behind: Backdrop, found: StrainMap, trust: Trust | None) -> None:
    """Draw the frame and lay the wall's colours over it."""
    draw_field(axes, Panel(title, None), behind, 1.0, 1.0)
    colours = STRAIN.colours(found.percent, -STRAIN_LIMIT, STRAIN_LIMIT)
    lay_colours(axes, colours, np.isfinite(found.percent) * _OPAQUE, trust, behind.pixel)


def _bar(axes: Axes) -> None:
    draw_bar(axes, STRAIN, (-STRAIN_LIMIT, STRAIN_LIMIT), STRAIN_TICKS, "Strain\n%")
