"""Panels of fields on paper: image, contours, arrows, scale bar and one colour bar for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from engine.analysis.velocity import CALIBRATED
from engine.export.notices import RESEARCH_USE
from engine.export.palette import DARK, PRINT, SPEED, ColourMap
from engine.export.quiver import (
    LENGTH_STEPS,
    TRUSTED,
    Trust,
    arrow_polygons,
    legible_step,
    sample_arrows,
    ticks,
)
from engine.io.atomic import atomic_path

DPI: Final = 160
EDGE_INCHES: Final = 0.14
_PANEL_AREA: Final = 13.5  # square inches
_BAR_INCHES: Final = 0.95
_SCREEN_DPI: Final = 100
_FADED: Final = 0.4
_MARGIN: Final = 0.08


@dataclass(frozen=True, eq=False)
class Panel:
    """One field to show.

    Attributes:
        title: What stands above it.
        velocity: ``(2, H, W)``, x right and y up, in the unit of the backdrop; None draws no
            arrows.
        trust: ``(H, W)`` in [0, 1] or bool, or None.
    """

    title: str
    velocity: NDArray[np.floating] | None
    trust: Trust | None = None


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What lies behind the arrows of all panels.

    Attributes:
        mask: ``(H, W)`` bool: where the field counts.
        unit: Of the velocities: ``cm/s`` or ``px/frame``.
        image: ``(H, W)`` uint8, or None for black.
        curves: Contours ``(N, 2)``, x and y, px, with their colours.
        pixel: Size of a pixel (x, y): mm where calibrated, else 1 px.
    """

    mask: NDArray[np.bool_]
    unit: str
    image: NDArray[np.uint8] | None = None
    curves: tuple[tuple[NDArray[np.floating], str], ...] = ()
    pixel: tuple[float, float] = (1.0, 1.0)


def field_figure(panels: Sequence[Panel], behind: Backdrop, limit: float, note: str) -> Figure:
    """Return a figure of panels with one colour bar.

    Args:
        panels: Fields of one image size.
        behind: What lies behind all of them.
        limit: Speed at the top of the colour bar.
        note: Stands at the bottom left.
    """
    box = crop_box(behind)
    wide = (box[2] - box[0]) * behind.pixel[0]
    high = (box[3] - box[1]) * behind.pixel[1]
    columns = _columns(len(panels), upright=high > 1.15 * wide)
    rows = math.ceil(len(panels) / columns)
    area = _PANEL_AREA if len(panels) > 1 else 1.8 * _PANEL_AREA
    # Very long or very flat masks keep a panel that can be read.
    shape = float(np.clip(wide / high, 0.4, 2.5))
    panel_width, panel_height = math.sqrt(area * shape), math.sqrt(area / shape)
    gap, top, bottom, left = 0.12, 0.34, 0.42, EDGE_INCHES
    width = left + columns * (panel_width + gap) + _BAR_INCHES
    height = bottom + rows * (panel_height + top) + 0.06
    figure = Figure(figsize=(width, height), facecolor=PRINT.background)
    zoom = min(panel_width / wide * behind.pixel[0], panel_height / high * behind.pixel[1])
    step = legible_step(behind.mask, zoom * _SCREEN_DPI)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        x = left + column * (panel_width + gap)
        y = bottom + (rows - 1 - row) * (panel_height + top)
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        draw_field(axes, panel, behind, limit, step)
    bar_height = min(panel_height - 0.45, 3.0)
    bar_bottom = height - top - 0.06 - 0.4 - bar_height
    bar = figure.add_axes(
        (
            1 - (_BAR_INCHES - 0.06) / width,
            bar_bottom / height,
            0.14 / width,
            bar_height / height,
        )
    )
    draw_speed_bar(bar, limit, behind.unit)
    draw_footer(figure, note)
    return figure


def draw_footer(figure: Figure, note: str) -> None:
    """Write a note at the bottom left, and at the right what the product is not for."""
    width, height = figure.get_size_inches()
    x, y = EDGE_INCHES / width, EDGE_INCHES / height
    figure.text(x, y, note, size=8, color=PRINT.muted)
    figure.text(1 - x, y, RESEARCH_USE, size=8, color=PRINT.warning, ha="right")


def image_extent(
    shape: tuple[int, int], pixel: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return where an image ``(H, W)`` lies in axes in the unit of its pixels: l, r, b, t."""
    height, width = shape
    return -0.5 * pixel[0], (width - 0.5) * pixel[0], (height - 0.5) * pixel[1], -0.5 * pixel[1]


def draw_field(axes: Axes, panel: Panel, behind: Backdrop, limit: float, step_px: float) -> None:
    """Draw one panel: image, contours, arrows, title and scale bar.

    Args:
        axes: Where to draw.
        panel: The field.
        behind: What lies behind it.
        limit: Speed of the last colour.
        step_px: Distance of arrows, image px.
    """
    pixel = np.array(behind.pixel)
    height, width = behind.mask.shape
    image = np.zeros((height, width), np.uint8) if behind.image is None else behind.image
    extent = image_extent((height, width), behind.pixel)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="antialiased")
    for points, colour in behind.curves:
        axes.plot(*(points * pixel).T, color=colour, linewidth=1.0)
    if not behind.curves:
        grid = [np.arange(size) * side for size, side in zip((width, height), pixel, strict=True)]
        if 0 < behind.mask.mean() < 1:
            axes.contour(
                *grid, behind.mask.astype(float), [0.5], colors=DARK.outline, linewidths=0.6
            )
    if panel.velocity is not None:
        _draw_arrows(axes, panel.velocity, panel.trust, behind, limit=limit, step_px=step_px)
    x0, y0, x1, y1 = crop_box(behind)
    axes.set_xlim((x0 - 0.5) * pixel[0], (x1 - 0.5) * pixel[0])
    axes.set_ylim((y1 - 0.5) * pixel[1], (y0 - 0.5) * pixel[1])
    axes.set_facecolor("black")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(panel.title, size=10, color=PRINT.text, loc="left", pad=5)
    _scale_bar(axes, (x1 - x0) * pixel[0], calibrated=behind.unit == CALIBRATED)


def _draw_arrows(
    axes: Axes,
    velocity: NDArray[np.floating],
    trust: Trust | None,
    behind: Backdrop,
    *,
    limit: float,
    step_px: float,
) -> None:
    pixel = np.array(behind.pixel)
    arrows = sample_arrows(velocity, behind.mask, step_px, trust)
    length = LENGTH_STEPS * step_px * float(np.sqrt(np.prod(pixel)))
    shapes = arrow_polygons(arrows.positions * pixel, arrows.vectors, limit, length, length / 15)
    colours = np.ones((len(shapes), 4))
    colours[:, :3] = SPEED.colours(arrows.speeds, 0, limit) / 255.0
    colours[:, 3] = np.where(arrows.trusted, 1.0, _FADED)
    axes.add_collection(PolyCollection(list(shapes), facecolors=colours, linewidths=0))


def lay_colours(
    axes: Axes,
    colours: NDArray[np.uint8],
    opacity: NDArray[np.floating],
    trust: Trust | None,
    pixel: tuple[float, float],
) -> None:
    """Lay a map in colour over a field that is drawn; what is not trusted fades.

    Args:
        axes: With the field.
        colours: ``(H, W, 3)`` uint8, RGB.
        opacity: ``(H, W)`` in [0, 1].
        trust: ``(H, W)`` in [0, 1] or bool, or None.
        pixel: Size of a pixel (x, y) in the unit of the axes.
    """
    height, width = opacity.shape
    seen = (
        opacity
        if trust is None
        else np.where(np.asarray(trust, np.float64) >= TRUSTED, opacity, opacity / 3)
    )
    image = np.concatenate([colours / 255.0, seen[..., None]], axis=-1)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(image, extent=image_extent((height, width), pixel), interpolation="nearest")
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])


def draw_speed_bar(axes: Axes, limit: float, unit: str) -> None:
    """Draw a vertical colour bar of speed from 0 to the limit, with its unit on top."""
    draw_bar(axes, SPEED, (0, limit), ticks(limit), f"Speed\n{unit}")


def draw_bar(
    axes: Axes,
    colours: ColourMap,
    ends: tuple[float, float],
    places: Sequence[float],
    title: str,
) -> None:
    """Draw a vertical colour bar with ticks at some places and its title on top."""
    bar = axes.figure.colorbar(ScalarMappable(Normalize(*ends), colours.as_matplotlib()), cax=axes)
    bar.set_ticks(list(places))
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=8, colors=PRINT.text, length=3, color=PRINT.muted)
    axes.set_title(title, size=8, color=PRINT.text, loc="left", pad=9)


def save(figure: Figure, path: Path) -> None:
    """Write a figure whole or not at all; the suffix chooses the format.

    Raises:
        OutputError: If it cannot be written.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI)


def _columns(count: int, *, upright: bool) -> int:
    if count <= 3:
        return count
    if count == 4:
        return 4 if upright else 2
    return 3 if count <= 6 and not upright else 4


def crop_box(behind: Backdrop) -> tuple[int, int, int, int]:
    """Return the box (x0, y0, x1, y1) that is shown: the mask with a margin, half-open, px."""
    height, width = behind.mask.shape
    if not behind.mask.any():
        return 0, 0, width, height
    rows = np.flatnonzero(behind.mask.any(axis=1))
    columns = np.flatnonzero(behind.mask.any(axis=0))
    margin = round(_MARGIN * max(np.ptp(rows), np.ptp(columns))) + 2
    return (
        max(int(columns[0]) - margin, 0),
        max(int(rows[0]) - margin, 0),
        min(int(columns[-1]) + margin + 1, width),
        min(int(rows[-1]) + margin + 1, height),
    )


def _scale_bar(axes: Axes, width: float, *, calibrated: bool) -> None:
    """Draw a bar of a round length: cm where calibrated (axes in mm), else px."""
    power = 10.0 ** math.floor(math.log10(width / 5))
    length = power * max(step for step in (1, 2, 5) if step * power <= width / 5)
    label = f"{length / 10:.4g} cm" if calibrated else f"{length:.4g} px"
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    x, y = low + 0.04 * (high - low), bottom + 0.05 * (top - bottom)
    rim = [withStroke(linewidth=3, foreground="black")]
    axes.plot([x, x + length], [y, y], color="white", linewidth=1.6, path_effects=rim)
    axes.annotate(
        label, (x, y), (0, 4), textcoords="offset points", size=8, color="white", path_effects=rim
    )
