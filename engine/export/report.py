"""The report of a result: CSV, summary, film, pictures and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib
from matplotlib.backends.backend_pdf import PdfPages

from engine.analysis.strain_map import StrainMap
from engine.analysis.trust import trust_map
from engine.analysis.usable import usable
from engine.config import ReportConfig
from engine.export.detail_pages import (
    beat_table,
    fine_print,
    fit_table,
    research_appendix,
    settings_table,
)
from engine.export.facts import view_name
from engine.export.figures import write_field_figures
from engine.export.flow_page import draw_flow, flow_cards, vortex_table
from engine.export.movie import write_movie
from engine.export.moving_wall import with_measured_beat, with_measured_wall
from engine.export.notices import HIDDEN, lacks_contrast, reader_warnings
from engine.export.overlay import speed_limit
from engine.export.page import CONTENT, TOP, Flow, Page
from engine.export.page_pictures import draw_blood, draw_scales, draw_velocity
from engine.export.quiver import Trust
from engine.export.strain_page import (
    draw_layers,
    draw_segments,
    draw_strain,
    main_component,
    segment_table,
    strain_cards,
)
from engine.export.strain_picture import draw_strain_map, end_systolic_map, write_strain_map
from engine.export.summary_parts import beat_line, further_table, reasons
from engine.export.tables import write_csv, write_summary
from engine.io.atomic import atomic_path
from engine.model import Measurements, Target, TrackingResult
from engine.progress import Progress, Step

NEEDS_CONTRAST: Final = (
    "Blood is followed by its contrast bubbles, and this loop shows none that hold from frame to "
    "frame. No velocity and no vortex is reported. Track a loop with contrast; to look at the "
    "arrows all the same, switch them on in the window."
)
NO_CONTOURS: Final = "The result holds no contours, along which strain is measured."


def write_report(
    result: TrackingResult,
    measurements: Measurements,
    out_dir: Path,
    config: ReportConfig,
    progress: Progress,
    *,
    trust: Trust | None = None,
) -> tuple[Path, ...]:
    """Write everything that a reader of a result needs.

    Args:
        result: What was tracked.
        measurements: What was measured.
        out_dir: Folder of ``measurements.csv``, ``summary.json``, ``overlay.mp4``,
            ``field-*.png``, ``strain-map.png`` and ``report.pdf``.
        config: Which of them are written.
        progress: Told of every part.
        trust: ``(T-1, H, W)`` of the finest scale, in [0, 1] or bool; None judges it here.

    Returns:
        The files, in the order above.

    Raises:
        OutputError: If a file cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; finished files stay.
    """
    result, _ = usable(result)
    result = with_measured_beat(result, measurements)
    files = _write_tables(out_dir, result, measurements)
    if config.movie or config.figures or config.pdf:
        if trust is None:
            trust = trust_map(result, progress=progress).score
        result = with_measured_wall(result, measurements, trust)
    blind = lacks_contrast(measurements)
    banner = HIDDEN if blind else ""
    if config.movie:
        progress.check()
        files.append(out_dir / "overlay.mp4")
        scale = result.finest.scale
        write_movie(
            files[-1], result, scale, config, progress, trust=trust, banner=banner, arrows=not blind
        )
    strain = None
    if result.target is Target.TISSUE and (config.figures or config.pdf):
        strain = end_systolic_map(result)
    if config.figures:
        files += write_field_figures(
            out_dir, result, config, progress, trust=trust, banner=banner, arrows=not blind
        )
        if strain is not None:
            files.append(out_dir / "strain-map.png")
            write_strain_map(files[-1], result, strain, trust=trust)
    if config.pdf:
        progress.check()
        files.append(out_dir / "report.pdf")
        write_pdf(files[-1], result, measurements, config, trust=trust, strain=strain)
    progress.report(Step("report", 1, 1, fraction=1.0))
    return tuple(files)


def _write_tables(out_dir: Path, result: TrackingResult, measurements: Measurements) -> list[Path]:
    """Write the rows and the summary, and return their files."""
    files = [out_dir / "measurements.csv", out_dir / "summary.json"]
    write_csv(files[0], measurements)
    write_summary(files[1], result, measurements)
    return files


def write_pdf(
    path: Path,
    result: TrackingResult,
    measurements: Measurements,
    config: ReportConfig,
    *,
    trust: Trust | None = None,
    strain: StrainMap | None = None,
) -> None:
    """Write the PDF: strain for tissue, velocity and vortices for blood; A4, fonts embedded.

    Args:
        path: Of the PDF.
        result: What was tracked.
        measurements: What was measured.
        config: Holds the speed at the top of the colour bars.
        trust: ``(T-1, H, W)`` of the finest scale, or None.
        strain: Of every pixel of the wall at end-systole, or None.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    pages = report_pages(result, measurements, config, trust=trust, strain=strain)
    about = {"Title": "Myoflux report", "Creator": f"Myoflux {result.software_version}"}
    source = result.source_name or result.source_sha256[:12]
    # Type 42 keeps the letters as letters: searchable, and sharp at any size.
    with (
        matplotlib.rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans"}),
        atomic_path(path) as temporary,
        PdfPages(temporary, metadata=about) as pdf,
    ):
        for number, page in enumerate(pages, start=1):
            page.finish(number, len(pages), source)
            pdf.savefig(page.figure)


def report_pages(
    result: TrackingResult,
    measurements: Measurements,
    config: ReportConfig,
    *,
    trust: Trust | None = None,
    strain: StrainMap | None = None,
) -> list[Page]:
    """Return the pages of the PDF: a summary, the fields with their fit, and the fine print."""
    blood = result.target is Target.BLOOD
    title = "Velocity and vortex report" if blood else "Strain report"
    subtitle = view_name(result)
    warnings = reader_warnings(result, measurements)
    first, flow = Page(title, subtitle), Flow(title, subtitle)
    y = first.warnings(TOP - 4, warnings)
    y = beat_line(first, y, result, measurements)
    first.cards(y, flow_cards(measurements) if blood else strain_cards(result, measurements))
    y += 30
    component = None if blood else main_component(measurements)
    if lacks_contrast(measurements):
        y = reasons(first, y, "Velocities are not shown", [], NEEDS_CONTRAST)
    elif blood:
        y = draw_flow(first, y, result, measurements)
        y = vortex_table(first, y, measurements)
    elif component is not None:
        y = draw_strain(first, y, result, measurements, component)
        beat_table(flow, measurements)
        draw_segments(flow, result, measurements, component)
        segment_table(flow, result, measurements, component)
        draw_layers(flow, result, measurements, component)
        if strain is not None:
            draw_strain_map(flow, result, strain, trust)
    else:
        said = [why for what, why in measurements.omitted if "strain" in what.lower()]
        y = reasons(first, y, "No strain", said, NO_CONTOURS)
    beside = further_table(first, y, result, measurements)
    limit = None if lacks_contrast(measurements) else speed_limit(result, config)
    place = y, CONTENT - beside
    if blood and limit is not None:
        draw_blood(first, place, result, measurements, limit, trust)
    else:
        draw_velocity(first, place, result, limit, trust)
    if limit is not None:
        draw_scales(flow, result, limit, trust)
    fit_table(flow, result)
    research_appendix(flow, measurements)
    settings_table(flow, result)
    fine_print(flow, result, measurements, warnings)
    return [first, *flow.pages]
