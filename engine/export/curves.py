"""Curves over the beat with marks of ED and ES."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from engine.export.numbers import unit_sign
from engine.export.palette import CURVES, PRINT
from engine.model import TrackingResult
from engine.model.curve import Curve

_LEAST: Final = 2.0
"""Shortest axis of percentages: rounding errors of a wall at rest are no curve."""
_LATE: Final = 0.9
"""Share of the axis after which a mark's name stands before its line."""


def draw_curves(
    axes: Axes,
    curves: Mapping[str, Curve],
    label: str,
    result: TrackingResult,
    *,
    bold: Sequence[str] = (),
) -> None:
    """Draw curves with marks of ED and ES and a legend.

    Args:
        axes: Where to draw.
        curves: Name in the legend to curve; must not be empty.
        label: Of the ordinate, without its unit.
        result: Gives ED, ES and the times.
        bold: Names drawn as thick dark lines on top.
    """
    thin = [name for name in curves if name not in bold]
    for name, curve in curves.items():
        if name in bold:
            colour, width, dashes = PRINT.text, 2.0, "-"
        else:
            place = thin.index(name)
            colour, width = CURVES[place % len(CURVES)], 1.1
            dashes = "-" if place < len(CURVES) else "--"
        axes.plot(
            curve.abscissa, curve.values, label=name, color=colour, linewidth=width,
            linestyle=dashes, zorder=3 if name in bold else 2,
        )  # fmt: skip
    first = next(iter(curves.values()))
    timed = first.times_s is not None
    axes.set_xlabel("Time, s" if timed else "Frame", size=7.5, color=PRINT.muted, labelpad=2)
    unit = unit_sign(first.unit)
    axes.set_title(f"{label}{f', {unit}' if unit else ''}", size=8, color=PRINT.text, loc="left")
    axes.axhline(0, color=PRINT.line, linewidth=0.8, zorder=0)
    _marks(axes, result, timed=timed)
    axes.tick_params(labelsize=7, colors=PRINT.text, color=PRINT.line, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PRINT.line)
    axes.grid(axis="y", color="#e8ebee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01, y=0.08)
    low, high = axes.get_ylim()
    if first.unit == "%" and high - low < _LEAST:
        middle = (low + high) / 2
        axes.set_ylim(middle - _LEAST / 2, middle + _LEAST / 2)
    for axis in (axes.xaxis, axes.yaxis):
        # Steps that a reader counts in: never 2.5 or 7.5.
        axis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    if len(curves) > 1:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.03), fontsize=6.8, frameon=False,
            handlelength=1.4, labelspacing=0.35, borderaxespad=0.3,
        )  # fmt: skip


def _marks(axes: Axes, result: TrackingResult, *, timed: bool) -> None:
    for mark, frame, colour in (
        ("ED", result.ed_frame, PRINT.end_diastole),
        ("ES", result.es_frame, PRINT.end_systole),
    ):
        if frame is None:
            continue
        x = float(frame)
        if timed:
            if result.frame_times_s is None:
                continue
            index = frame - result.first_frame
            if not 0 <= index < len(result.frame_times_s):
                continue
            x = float(result.frame_times_s[index])
        axes.axvline(x, color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
        # The name stands within the axes: beyond their end the legend begins.
        low, high = axes.dataLim.intervalx
        late = x > low + _LATE * (high - low)
        axes.annotate(
            mark, (x, 1), (-2 if late else 2, -1), xycoords=("data", "axes fraction"),
            textcoords="offset points", size=7, color=colour, weight="bold", va="top",
            ha="right" if late else "left",
        )  # fmt: skip
