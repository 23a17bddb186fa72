"""The picture of strain at every pixel of the wall at end-systole."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from engine.analysis.strain_map import StrainMap, strain_map
from engine.export.figures import backdrop, frame_note
from engine.export.palette import PRINT, STRAIN, STRAIN_LIMIT, STRAIN_TICKS
from engine.export.panels import (
    EDGE_INCHES,
    Panel,
    crop_box,
    draw_bar,
    draw_field,
    draw_footer,
    image_extent,
    save,
)
from engine.model import TrackingResult

_WIDTH, _BAR, _TOP, _BOTTOM = 6.0, 1.05, 0.36, 0.44
_OPAQUE: Final = 0.85
_FADED: Final = 0.3


def write_strain_map(
    path: Path,
    result: TrackingResult,
    *,
    trust: NDArray[np.floating] | NDArray[np.bool_] | None = None,
) -> bool:
    """Write the wall's strain from end-diastole to end-systole as a picture, if both are known.

    Args:
        path: Of the picture; its suffix chooses PNG, PDF or SVG.
        result: With contours that move with the wall, ED and ES.
        trust: ``(T-1, H, W)`` in [0, 1] or bool; places below 0.5 fade.

    Returns:
        Whether there was anything to draw.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    if result.contours is None or result.ed_frame is None or result.es_frame is None:
        return False
    start, frame = (mark - result.first_frame for mark in (result.ed_frame, result.es_frame))
    if not 0 <= start < frame < len(result.mask):
        return False
    found = strain_map(result, result.finest, start, frame)
    save(_figure(result, found, None if trust is None else trust[frame - 1]), path)
    return True


def _figure(
    result: TrackingResult,
    found: StrainMap,
    trust: NDArray[np.floating] | NDArray[np.bool_] | None,
) -> Figure:
    """Return the frame with its wall in colours, a colour bar and a note."""
    behind = backdrop(result, found.frame)
    x0, y0, x1, y1 = crop_box(behind)
    shape = (y1 - y0) * behind.pixel[1] / ((x1 - x0) * behind.pixel[0])
    high = _WIDTH * float(np.clip(shape, 0.4, 1.6))
    width, height = EDGE_INCHES + _WIDTH + _BAR, _BOTTOM + high + _TOP
    figure = Figure(figsize=(width, height), facecolor=PRINT.background)
    axes = figure.add_axes((EDGE_INCHES / width, _BOTTOM / height, _WIDTH / width, high / height))
    title = f"{found.direction.capitalize()} strain, end-diastole to end-systole"
    draw_field(axes, Panel(title, None), behind, 1.0, 1.0)
    _paint(axes, found, trust, behind.pixel)
    low = _BOTTOM + 0.1 * high
    bar = figure.add_axes(
        (1 - (_BAR - 0.1) / width, low / height, 0.14 / width, 0.7 * high / height)
    )
    draw_bar(bar, STRAIN, (-STRAIN_LIMIT, STRAIN_LIMIT), STRAIN_TICKS, "Strain\n%")
    note = f"{frame_note(result, found.frame)}  ·  single pixels are a research value"
    draw_footer(figure, note)
    return figure


def _paint(
    axes: Axes,
    found: StrainMap,
    trust: NDArray[np.floating] | NDArray[np.bool_] | None,
    pixel: tuple[float, float],
) -> None:
    """Lay the wall's colours over the frame; what is not trusted fades."""
    height, width = found.percent.shape
    colours = np.zeros((height, width, 4))
    inside = np.isfinite(found.percent)
    colours[inside, :3] = STRAIN.colours(found.percent[inside], -STRAIN_LIMIT, STRAIN_LIMIT) / 255.0
    sure = np.ones(inside.shape, bool) if trust is None else np.asarray(trust) >= 0.5
    colours[..., 3] = np.where(inside, np.where(sure, _OPAQUE, _FADED), 0.0)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(colours, extent=image_extent((height, width), pixel), interpolation="nearest")
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
