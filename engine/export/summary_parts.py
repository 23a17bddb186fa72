"""Parts that both kinds of report share: the beat, further values, and pictures of the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from engine.export.facts import (
    further_values,
    heart_rate,
    loop_words,
    mark_words,
    view_name,
)
from engine.export.figures import backdrop, busiest_frame, frame_note, mean_motion
from engine.export.overlay import pair_velocity
from engine.export.page import BOTTOM, CONTENT, MARGIN, WIDTH, Flow, Page, width_mm, wrap
from engine.export.palette import PRINT
from engine.export.panels import Backdrop, Panel, crop_box, draw_field, draw_speed_bar
from engine.export.quiver import legible_step
from engine.model import Measurements, TrackingResult

# Arrows on paper are seen from nearer than on a screen.
_SCREEN_DPI: Final = 160
_VALUES: Final = 52.0
_BAR: Final = 16.0
_GAP: Final = 2.5
_MOST_VALUES: Final = 14

Trust = NDArray[np.floating] | NDArray[np.bool_]


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


def draw_phases(
    page: Page,
    place: tuple[float, float],
    result: TrackingResult,
    limit: float | None,
    trust: Trust | None,
) -> None:
    """Draw the fastest fields of systole and diastole, where the page has room for them.

    Args:
        page: To draw on.
        place: Top and width, mm.
        result: What was tracked; without ED and ES one field of the loop is drawn.
        limit: Speed at the top of the colour bar; None draws no arrows.
        trust: ``(T-1, H, W)``, or None.
    """
    y, width = place
    height = min(BOTTOM - y - 18, 100.0)
    if height < 30:
        return
    page.heading(y + 4, "Velocity where it is highest" if limit is not None else "What was tracked")
    phases = fastest_phases(result)
    each = (width - _BAR - _GAP * (len(phases) - 1)) / len(phases)
    x, bar_top = MARGIN, y + 24
    for name, frame in phases:
        note = frame_note(result, frame)
        title = note if limit is None else f"{name}: {note.lower()}"
        axes = _picture(
            page, (x, y + 15, each, height), result, frame, title=title, limit=limit, trust=trust
        )
        # The title may be wider than an upright picture.
        x = max(axes.get_position().x1 * WIDTH, x + width_mm(title, 8) + 2) + _GAP
    if limit is not None:
        _bar(page, (x + 1, bar_top, min(height - 14, 50.0)), limit, _unit(result), trust)


def fastest_phases(result: TrackingResult) -> list[tuple[str, int]]:
    """Return the name and frame index of the fastest field of systole and of diastole.

    Without ED and ES it is the fastest of the loop.
    """
    motion = mean_motion(result)
    if result.ed_frame is None or result.es_frame is None:
        return [("Loop", 1 + int(np.argmax(motion)))]
    frames = result.first_frame + 1 + np.arange(len(motion))
    low, high = sorted((result.ed_frame, result.es_frame))
    between = (frames > low) & (frames <= high)
    systole = between if result.ed_frame < result.es_frame else ~between
    phases = (("Systole", systole), ("Diastole", ~systole))
    return [
        (name, 1 + int(np.argmax(np.where(part, motion, -1.0))))
        for name, part in phases
        if part.any()
    ]


def draw_scales(flow: Flow, result: TrackingResult, limit: float, trust: Trust | None) -> None:
    """Draw the field of every scale side by side."""
    frame = busiest_frame(result)
    shape = _shape(result, frame)
    count = len(result.fields)
    width = (CONTENT - _BAR - _GAP * (count - 1)) / max(count, 2)
    height = float(np.clip(width * shape, 15, 75))
    page = flow.room(24 + height)
    page.heading(flow.y + 4, f"Every scale, {frame_note(result, frame).lower()}")
    x = MARGIN
    for item in result.fields:
        box = (x, flow.y + 15, width, height)
        title = f"Scale {item.scale.label}"
        _picture(
            page, box, result, frame, title=title, limit=limit, trust=trust,
            displacement=item.displacement,
        )  # fmt: skip
        x += width + _GAP
    box_height = min(max(height - 14, 10.0), 45.0)
    _bar(page, (x + 1, flow.y + 24, box_height), limit, _unit(result), trust)
    flow.y += 15 + height + 7


def _picture(
    page: Page,
    box: tuple[float, float, float, float],
    result: TrackingResult,
    frame: int,
    *,
    title: str,
    limit: float | None,
    trust: Trust | None,
    displacement: NDArray[np.float32] | None = None,
) -> Axes:
    behind = backdrop(result, frame)
    field = result.finest.displacement if displacement is None else displacement
    velocity, _ = pair_velocity(result, field, frame - 1)
    doubt = None if trust is None else trust[frame - 1]
    panel = Panel(title, None if limit is None else velocity, doubt)
    axes = page.axes(*box)
    draw_field(axes, panel, behind, limit or 1.0, _step(behind, box[2], box[3]))
    axes.set_title(title, size=8, color=PRINT.text, loc="left", pad=3)
    axes.set_anchor("NW")
    axes.apply_aspect()
    return axes


def _bar(
    page: Page, box: tuple[float, float, float], limit: float, unit: str, trust: Trust | None
) -> None:
    """Draw the colour bar, and say what faint arrows are; ``box`` holds x, y and height, mm."""
    x, y, height = box
    draw_speed_bar(page.axes(x, y, 3.0, height), limit, unit)
    if trust is not None:
        for line, text in enumerate(("Faint:", "not trusted")):
            page.text(x, y + height + 5 + 3 * line, text, size=6.8, colour=PRINT.muted)


def _unit(result: TrackingResult) -> str:
    return pair_velocity(result, result.finest.displacement, 0)[1]


def _shape(result: TrackingResult, frame: int) -> float:
    """Return height / width of the part of the image that is shown."""
    behind = backdrop(result, frame)
    x0, y0, x1, y1 = crop_box(behind)
    return (y1 - y0) * behind.pixel[1] / ((x1 - x0) * behind.pixel[0])


def _step(behind: Backdrop, width: float, height: float) -> float:
    """Return the distance of arrows, image px, for a picture of a size in mm."""
    x0, y0, x1, y1 = crop_box(behind)
    zoom = min(width / (x1 - x0), height / (y1 - y0)) / 25.4 * _SCREEN_DPI
    return legible_step(behind.mask, zoom)
