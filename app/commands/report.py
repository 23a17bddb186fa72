"""``report``: from any result file of the layout to CSV, video and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from app.commands import options
from app.console import ConsoleProgress, print_files, print_notes
from engine import pipeline
from engine.config import MeasureConfig, ReportConfig
from engine.export.privacy import without_patient_data
from engine.model import TrackingResult

MEASURED: Final = "What is measured"


def report(
    result: Annotated[Path, typer.Argument(help="result.h5")],
    out: options.Out,
    movie: Annotated[bool, typer.Option(help="Write overlay.mp4")] = True,
    pdf: Annotated[bool, typer.Option(help="Write report.pdf")] = True,
    figures: Annotated[bool, typer.Option(help="Write a PNG for every scale")] = True,
    segments: Annotated[
        int, typer.Option(help="AHA model: 16, 17 or 18", rich_help_panel=MEASURED)
    ] = 18,
    layer: Annotated[
        options.LayerName,
        typer.Option(help="Layer of the headline strain", rich_help_panel=MEASURED),
    ] = options.LayerName.MIDWALL,
    scale: Annotated[
        str | None, typer.Option(help="Measured instead of the finest", rich_help_panel=MEASURED)
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Segment that no value shall rest on, once for each", rich_help_panel=MEASURED
        ),
    ] = None,
    drift_compensation: Annotated[bool, typer.Option(help="Correct curves for drift")] = True,
    in_plane_research: Annotated[
        bool, typer.Option("--in-plane-research", help="Add the research appendix")
    ] = False,
    speed_limit: Annotated[
        float | None, typer.Option(help="Upper end of the colour bar, in its unit")
    ] = None,
    patient_data: options.PatientData = True,
) -> None:
    """Measure a result; write measurements.csv, summary.json, overlay.mp4, PNGs and report.pdf."""
    tracked = pipeline.read_result(result)
    measure_config = MeasureConfig(
        segments=segments,
        layer=layer.value,
        drift_compensation=drift_compensation,
        in_plane_research=in_plane_research,
        scale=options.parse_scales(scale)[0] if scale else None,
        excluded=tuple("_".join(name.lower().split()) for name in exclude or ()),
    )
    report_config = ReportConfig(movie=movie, pdf=pdf, figures=figures, speed_limit=speed_limit)
    files, warnings = write_all(
        tracked, out, measure_config, report_config, patient_data=patient_data
    )
    print_notes(warnings)
    print_files(files)


def write_all(
    result: TrackingResult,
    out: Path,
    measure_config: MeasureConfig,
    report_config: ReportConfig,
    *,
    patient_data: bool = True,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Measure a result and write its report; return the files, and warnings still to be told.

    Args:
        result: What was tracked.
        out: Folder, made if absent.
        measure_config: How it is measured.
        report_config: What is written.
        patient_data: Whether the files may name the loop's and show what stands outside the sector.
    """
    out.mkdir(parents=True, exist_ok=True)
    with ConsoleProgress("Measuring") as progress:
        trust = pipeline.trust_map(result, progress=progress)
        measurements = pipeline.measure(result, measure_config, progress, trust=trust)
    shown = result if patient_data else without_patient_data(result)
    with ConsoleProgress("Report") as progress:
        files = pipeline.report(shown, measurements, out, report_config, progress, trust=trust)
    return files, measurements.warnings
