"""What the pages of a report show: velocity, vorticity, paths of vortices, every scale."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from engine.analysis.gradients import velocity_gradient
from engine.analysis.velocity import velocity_field
from engine.export.figures import backdrop, busiest_frame, frame_note, mean_motion
from engine.export.numbers import unit_sign
from engine.export.overlay import pair_velocity
from engine.export.page import BOTTOM, CONTENT, Flow, Page
from engine.export.palette import VORTICITY
from engine.export.panels import (
    Backdrop,
    Panel,
    crop_box,
    draw_bar,
    draw_field,
    draw_speed_bar,
    lay_colours,
)
from engine.export.picture_row import Cell, draw_row, row_height
from engine.export.quiver import Trust, legible_step, nice_limit
from engine.export.vorticity_map import cover, stencil
from engine.model import Measurements, ScaleField, TrackingResult
from engine.model.curve import curve_of, regions_of

FAINT: Final = ("Faint:", "not trusted")
# Arrows on paper are seen from nearer than on a screen.
_SCREEN_DPI: Final = 160
_TALLEST: Final = 100.0
_LEAST: Final = 30.0
_PERCENTILE: Final = 99.0
_STRONG: Final = 0.9


def draw_velocity(
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
    heading = "Velocity where it is highest" if limit is not None else "What was tracked"
    _draw_section(page, place, heading, _velocity_cells(result, limit, trust))


def draw_blood(
    page: Page,
    place: tuple[float, float],
    result: TrackingResult,
    measurements: Measurements,
    limit: float,
    trust: Trust | None,
) -> None:
    """Draw velocity and vorticity where the flow is fastest, and where the vortices went.

    Args:
        page: To draw on, where it has room.
        place: Top and width, mm.
        result: Blood that was tracked.
        measurements: Hold the vortices.
        limit: Speed at the top of the colour bar.
        trust: ``(T-1, H, W)``, or None.
    """
    cells = _velocity_cells(result, limit, trust)
    cells.append(_vorticity_cell(result, busiest_frame(result), trust))
    if regions_of(measurements, "vortex_x"):
        cells.append(_paths_cell(result, measurements, busiest_frame(result)))
    _draw_section(page, place, "Velocity and vorticity where the flow is fastest", cells)


def draw_scales(flow: Flow, result: TrackingResult, limit: float, trust: Trust | None) -> None:
    """Draw the field of every scale side by side."""
    frame = busiest_frame(result)
    cells = [
        _velocity_cell(
            result, frame, item, f"Scale {item.scale.label}", limit, trust,
            last=item is result.finest,
        )
        for item in result.fields
    ]  # fmt: skip
    height = row_height(cells, CONTENT, 75.0)
    page = flow.room(24 + height)
    page.heading(flow.y + 4, f"Every scale, {frame_note(result, frame).lower()}")
    draw_row(page, flow.y + 15, cells, CONTENT, height)
    flow.y += 15 + height + 7


def _fastest_phases(result: TrackingResult) -> list[tuple[str, int]]:
    """Return the name and frame index of the fastest field of systole and of diastole.

    Without ED and ES it is the fastest of the loop.
    """
    motion = mean_motion(result)
    if result.ed_frame is None or result.es_frame is None:
        return [("Velocity", 1 + int(np.argmax(motion)))]
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


def _draw_section(page: Page, place: tuple[float, float], heading: str, cells: list[Cell]) -> None:
    """Draw a heading and a row of pictures, unless the page is full."""
    y, width = place
    room = min(BOTTOM - y - 18, _TALLEST)
    if room < _LEAST:
        return
    page.heading(y + 4, heading)
    draw_row(page, y + 15, cells, width, row_height(cells, width, room))


def _velocity_cells(result: TrackingResult, limit: float | None, trust: Trust | None) -> list[Cell]:
    """Return the pictures of the fastest phases; the last one has the bar."""
    phases = _fastest_phases(result)
    cells = []
    for number, (name, frame) in enumerate(phases, start=1):
        note = frame_note(result, frame)
        title = note if limit is None else f"{name}: {note.lower()}"
        last = number == len(phases)
        cells.append(_velocity_cell(result, frame, result.finest, title, limit, trust, last=last))
    return cells


def _velocity_cell(
    result: TrackingResult,
    frame: int,
    field: ScaleField,
    title: str,
    limit: float | None,
    trust: Trust | None,
    *,
    last: bool,
) -> Cell:
    behind = backdrop(result, frame)
    velocity, unit = pair_velocity(result, field.displacement, frame - 1)
    doubt = None if trust is None else trust[frame - 1]
    panel = Panel(title, None if limit is None else velocity, doubt)

    def draw(axes: Axes, width: float, height: float) -> None:
        draw_field(axes, panel, behind, limit or 1.0, _step(behind, width, height))

    if limit is None or not last:
        return Cell(title, behind, draw)
    bar = partial(draw_speed_bar, limit=limit, unit=unit)
    return Cell(title, behind, draw, bar, () if trust is None else FAINT)


def _vorticity_cell(result: TrackingResult, frame: int, trust: Trust | None) -> Cell:
    """Return the map of vorticity of a frame; what is not trusted fades."""
    behind = backdrop(result, frame)
    times = None if result.frame_times_s is None else result.frame_times_s[frame - 1 : frame + 1]
    displacement = result.finest.displacement[frame - 1 : frame]
    velocity = velocity_field(displacement, result.spacing_mm, times)
    values = velocity_gradient(velocity, 0, behind.mask, stencil(1)).vorticity
    inside = np.abs(values[behind.mask])
    limit = nice_limit(float(np.percentile(inside, _PERCENTILE))) if inside.size else 1.0
    strength = cover(values, limit) * behind.mask
    doubt = None if trust is None else trust[frame - 1]
    title = f"Vorticity: {frame_note(result, frame).lower()}"

    def draw(axes: Axes, width: float, height: float) -> None:
        draw_field(axes, Panel(title, None), behind, 1.0, 1.0)
        colours = VORTICITY.colours(values, -limit, limit)
        lay_colours(axes, colours, _STRONG * strength, doubt, behind.pixel)

    def bar(axes: Axes) -> None:
        ticks = np.linspace(-limit, limit, 5).tolist()
        name = f"Vorticity\n{unit_sign(velocity.rate_unit)}"
        draw_bar(axes, VORTICITY, (-limit, limit), ticks, name)

    return Cell(title, behind, draw, bar, () if doubt is None else FAINT)


def _paths_cell(result: TrackingResult, measurements: Measurements, frame: int) -> Cell:
    """Return the picture of the ways of the vortices' centres, each with its number."""
    behind = backdrop(result, frame)
    title = "Paths of the vortices"
    unit = next(measurements.select("vortex_x")).unit
    factor = np.asarray(behind.pixel)
    if unit != "px" and result.spacing_mm is not None:
        factor = factor / np.asarray(result.spacing_mm)

    def draw(axes: Axes, width: float, height: float) -> None:
        draw_field(axes, Panel(title, None), behind, 1.0, 1.0)
        rim = [withStroke(linewidth=3, foreground="black")]
        for region in regions_of(measurements, "vortex_x"):
            across = curve_of(measurements, "vortex_x", region)
            down = curve_of(measurements, "vortex_y", region)
            turn = curve_of(measurements, "circulation", region)
            if across is None or down is None:
                continue
            sense = 1.0 if turn is None else float(np.sign(turn.values.mean()))
            colour = VORTICITY.colours(0.6 * sense, -1, 1) / 255.0
            x, y = across.values * factor[0], down.values * factor[1]
            axes.plot(x, y, color=colour, linewidth=1.2, path_effects=rim)
            axes.plot(x[-1:], y[-1:], "o", color=colour, markersize=3.5, path_effects=rim)
            axes.annotate(
                region.removeprefix("vortex-"), (x[-1], y[-1]), (4, 3), size=7, color="white",
                textcoords="offset points", weight="bold", path_effects=rim,
            )  # fmt: skip

    return Cell(title, behind, draw)


def _step(behind: Backdrop, width: float, height: float) -> float:
    """Return the distance of arrows, image px, for a picture of a size in mm."""
    x0, y0, x1, y1 = crop_box(behind)
    zoom = min(width / (x1 - x0), height / (y1 - y0)) / 25.4 * _SCREEN_DPI
    return legible_step(behind.mask, zoom)
