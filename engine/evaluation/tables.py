"""Write an evaluation: every row and pair as CSV, means over the seeds as Markdown and figure."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.evaluation.records import REFERENCE_ROWS, Column, Evaluation, Row
from engine.evaluation.wavelengths import draw_response, response_tables, responses
from engine.io.atomic import atomic_path

_KEYS: Final = ("case", "method", "scale", "training", "seed")


def write_evaluation(evaluation: Evaluation, out_dir: Path, stem: str) -> tuple[Path, ...]:
    """Write ``stem.csv``, ``stem.md`` and ``stem.png``; ``stem-pairs.csv`` if pairs are known.

    Args:
        evaluation: The finished comparison.
        out_dir: Folder, made if absent.
        stem: Name of the files, such as ``phantoms``.

    Returns:
        The paths written.

    Raises:
        OutputError: If the folder or a file cannot be written.
    """
    paths = [out_dir / f"{stem}{suffix}" for suffix in (".csv", ".md", ".png")]
    with atomic_path(paths[0]) as path:
        _write_csv(path, evaluation)
    with atomic_path(paths[1]) as path:
        path.write_text(markdown(evaluation), encoding="utf-8")
    with atomic_path(paths[2]) as path:
        _draw(evaluation, path)
    if any(row.pairs for row in evaluation.rows):
        paths.append(out_dir / f"{stem}-pairs.csv")
        with atomic_path(paths[-1]) as path:
            _write_pairs(path, evaluation)
    return tuple(paths)


def mean_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Average rows that differ in their seed only, in their first order."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.case, row.method, row.scale, row.training), []).append(row)
    merged = []
    for (case, method, scale, training), members in groups.items():
        names = dict.fromkeys(name for row in members for name in row.values)
        values = {
            name: float(np.mean([row.values[name] for row in members if name in row.values]))
            for name in names
        }
        merged.append(Row(case, method, scale, training, -1, values))
    return tuple(merged)


def markdown(evaluation: Evaluation) -> str:
    """Return the tables of every case, means over the seeds; the best of a column is bold.

    The rows of ``REFERENCE_ROWS`` are there to be read against and never bold.
    """
    parts = [f"# {evaluation.title}", ""]
    parts += [f"{note}\n" for note in evaluation.notes]
    rows = mean_rows(evaluation.rows)
    for case in dict.fromkeys(row.case for row in rows):
        members = [row for row in rows if row.case == case]
        parts += [f"## {case}", ""]
        for group in dict.fromkeys(column.group for column in evaluation.columns):
            columns = [column for column in evaluation.columns if column.group == group]
            parts += _table(group, columns, members)
    parts += response_tables(responses(rows))
    return "\n".join(parts)


def _table(group: str, columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    """Return the lines of one table; columns and rows without any value are left out."""
    columns = [column for column in columns if any(column.name in row.values for row in rows)]
    if not columns:
        return []
    lines = [f"{group}:", ""] if group else []
    lines.append("| method | " + " | ".join(column.heading for column in columns) + " |")
    lines.append("|---|" + "---:|" * len(columns))
    best = {column.name: _best(column, rows) for column in columns}
    for row in rows:
        cells = [_cell(row, column, best[column.name]) for column in columns]
        if set(cells) != {"-"}:
            lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _write_csv(path: Path, evaluation: Evaluation) -> None:
    """Write every row with full precision; a value that does not exist leaves its cell out."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*_KEYS, *(column.heading for column in evaluation.columns)])
        for row in evaluation.rows:
            values = [row.values.get(column.name, "") for column in evaluation.columns]
            writer.writerow([row.case, row.method, row.scale, row.training, row.seed, *values])


def _write_pairs(path: Path, evaluation: Evaluation) -> None:
    """Write a line a pair: what frames a method loses shows in no mean."""
    names = list(dict.fromkeys(name for row in evaluation.rows for name in row.pairs))
    known = {column.name: column.heading for column in evaluation.columns}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*_KEYS, "pair", *(known.get(name, name) for name in names)])
        for row in evaluation.rows:
            keys = (row.case, row.method, row.scale, row.training, row.seed)
            singles = zip(*(row.pairs[name] for name in names if name in row.pairs), strict=True)
            for pair, values in enumerate(singles):
                cells = ["" if math.isnan(value) else value for value in values]
                writer.writerow([*keys, pair, *cells])


def _best(column: Column, rows: Sequence[Row]) -> float:
    """Return the best value among the methods, or NaN."""
    values = [
        row.values[column.name]
        for row in rows
        if column.name in row.values and row.method not in REFERENCE_ROWS
    ]
    values = [value for value in values if math.isfinite(value)]
    if not values or not column.best:
        return float("nan")
    if column.best == "one":
        return min(values, key=lambda value: abs(value - 1))
    return min(values) if column.best == "low" else max(values)


def _cell(row: Row, column: Column, best: float) -> str:
    """Return a value as text; bold where it is the best."""
    value = row.values.get(column.name, float("nan"))
    if not math.isfinite(value):
        return "-"
    large = abs(value) >= 10**column.digits
    text = "0" if not value else f"{value:.0f}" if large else f"{value:.{column.digits}g}"
    own = row.method not in REFERENCE_ROWS
    return f"**{text}**" if own and value == best else text


def _draw(evaluation: Evaluation, path: Path) -> None:
    """Draw the first column of every case as bars in a panel, and amplitudes by wavelength."""
    rows = mean_rows(evaluation.rows)
    waves = responses(rows)
    cases = list(dict.fromkeys(row.case for row in rows))
    column = evaluation.columns[0]
    wide = min(3, len(cases) + len(waves))
    tall = math.ceil((len(cases) + len(waves)) / wide)
    most = max(sum(row.case == case for row in rows) for case in cases)
    figure = Figure(figsize=(5 * wide, max(2.4, 0.22 * most + 0.9) * tall), layout="constrained")
    FigureCanvasAgg(figure)
    panels = iter(figure.subplots(tall, wide, squeeze=False).flat)
    for case in cases:
        _draw_case(next(panels), column, [row for row in rows if row.case == case])
    for response in waves:
        draw_response(next(panels), response)
    for axes in panels:
        axes.set_visible(False)
    figure.savefig(path, dpi=130, format="png")


def _draw_case(axes: Axes, column: Column, rows: Sequence[Row]) -> None:
    """Draw one column of a case as bars."""
    members = [row for row in rows if math.isfinite(row.values.get(column.name, math.nan))]
    colours = ["#3b7dd8" if row.method.startswith("ssmsr") else "#9aa5b1" for row in members]
    axes.barh(range(len(members)), [row.values[column.name] for row in members], color=colours)
    axes.set_yticks(range(len(members)), [row.title for row in members], fontsize=7)
    axes.invert_yaxis()
    axes.set_title(rows[0].case, fontsize=9)
    axes.set_xlabel(column.heading, fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
