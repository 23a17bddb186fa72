"""``export``: a result in formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands import options
from app.console import ConsoleProgress, print_files
from engine import pipeline
from engine.config import HandoverConfig, HandoverFormat, MeasureConfig
from engine.export.handover import check_needs, hand_over
from engine.model import Measurements, Scale, TrackingResult


def export(
    result: Annotated[Path, typer.Argument(help="result.h5")],
    out: options.Out,
    to: Annotated[list[HandoverFormat], typer.Option("--to", help="May be given several times")],
    source: Annotated[
        Path | None, typer.Option(help="The DICOM file that was tracked, for dicom-seg, dicom-sr")
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="Of dicom-overlay, instead of the finest")
    ] = None,
    layer: options.Layer = options.LayerName.MIDWALL,
    speed_limit: Annotated[
        float | None, typer.Option(help="Upper end of the colour bar, in its unit")
    ] = None,
    patient_data: options.PatientData = False,
) -> None:
    """Write a result for other programs: NIfTI, VTK, NPZ, DICOM overlay, SEG or SR."""
    config = HandoverConfig(
        source=source,
        scale=None if scale is None else Scale.parse(scale).value,
        layer=layer.value,
        patient_data=patient_data,
        speed_limit=speed_limit,
    )
    tracked = pipeline.read_result(result)
    with ConsoleProgress("Checking what the formats need") as progress:
        check_needs(tracked, to, config, progress)
    for wanted in dict.fromkeys(to):
        with ConsoleProgress(f"Writing {wanted.value}") as progress:
            trust, measured = None, None
            if wanted is HandoverFormat.DICOM_OVERLAY:
                chosen = None if scale is None else tracked.at_scale(Scale.parse(scale))
                trust = pipeline.trust_map(tracked, chosen, progress)
            if wanted is HandoverFormat.DICOM_SR:
                measured = _measured(tracked, layer.value, progress)
            files = hand_over(
                tracked, out, wanted, config, progress, measurements=measured, trust=trust
            )
        print_files(files)


def _measured(tracked: TrackingResult, layer: str, progress: ConsoleProgress) -> Measurements:
    return pipeline.measure(tracked, MeasureConfig(layer=layer), progress)
