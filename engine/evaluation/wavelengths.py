"""Recovered amplitude against the wavelength of the motion, over the sinusoid cases of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from engine.evaluation.records import REFERENCE_ROWS, WAVELENGTH, Row

AMPLITUDE: Final = "amplitude"
_OWN: Final = "ssmsr"


@dataclass(frozen=True)
class Response:
    """How much of a motion methods find, by its wavelength.

    Attributes:
        case: Name of the sinusoid cases without their wavelengths.
        wavelengths_px: In ascending order.
        amplitudes: Title of a method and scale to its recovered amplitudes, 1 is all, one a
            wavelength; NaN where there is none.
    """

    case: str
    wavelengths_px: tuple[float, ...]
    amplitudes: dict[str, tuple[float, ...]]


def responses(rows: Sequence[Row]) -> tuple[Response, ...]:
    """Gather the sinusoids of averaged rows; empty where a run had none.

    Args:
        rows: One a case, method, scale and state of training, as ``mean_rows`` returns them.
    """
    waves = [row for row in rows if WAVELENGTH in row.values and row.method not in REFERENCE_ROWS]
    found = []
    for case in dict.fromkeys(_family(row) for row in waves):
        members = [row for row in waves if _family(row) == case]
        lengths = tuple(sorted({row.values[WAVELENGTH] for row in members}))
        table = {
            (row.title, row.values[WAVELENGTH]): row.values.get(AMPLITUDE, float("nan"))
            for row in members
        }
        titles = dict.fromkeys(row.title for row in members)
        amplitudes = {
            title: tuple(table.get((title, length), float("nan")) for length in lengths)
            for title in titles
        }
        found.append(Response(case, lengths, amplitudes))
    return tuple(found)


def response_tables(found: Sequence[Response]) -> list[str]:
    """Return the lines of a Markdown table a case: methods down, wavelengths across."""
    lines: list[str] = []
    for response in found:
        lengths = [f"{length:g} px" for length in response.wavelengths_px]
        lines += [f"## Amplitude against wavelength: {response.case}", ""]
        lines.append("Share of the true motion that is found; 1 is all of it.")
        lines += ["", "| method | " + " | ".join(lengths) + " |", "|---|" + "---:|" * len(lengths)]
        for title, values in response.amplitudes.items():
            cells = ["-" if math.isnan(value) else f"{round(value, 2) + 0:.2f}" for value in values]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
        lines.append("")
    return lines


def draw_response(axes: Axes, response: Response) -> None:
    """Draw one line a method; the product's own in blue."""
    for title, values in response.amplitudes.items():
        own = title.startswith(_OWN)
        axes.plot(
            response.wavelengths_px,
            values,
            marker="o",
            markersize=3,
            linewidth=1.4 if own else 1.0,
            color="#3b7dd8" if own else None,
            alpha=1.0 if title.startswith(f"{_OWN} 1,") or not own else 0.45,
            label=title,
        )
    axes.axhline(1, color="#9aa5b1", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(response.wavelengths_px, [f"{length:g}" for length in response.wavelengths_px])
    axes.set_xlabel("wavelength (px)", fontsize=8)
    axes.set_ylabel("recovered amplitude", fontsize=8)
    axes.set_title(response.case, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=6, frameon=False)


def _family(row: Row) -> str:
    """Return a sinusoid's case without its wavelength: 'sinusoid of 8 px, real-like noise'."""
    return row.case.replace(f" of {row.values[WAVELENGTH]:g} px", "", 1)
