"""``demo``: the whole way on bundled input: a real ultrasound DICOM, and a phantom with truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from app.commands import options
from app.commands.report import write_all
from app.commands.track import print_scales, track_cine, track_file
from app.console import OUT, ConsoleProgress, print_notes
from engine.config import (
    MaskConfig,
    MeasureConfig,
    Preset,
    ReadConfig,
    ReportConfig,
    TrackingConfig,
)
from engine.errors import UnreadableFileError
from engine.model import TrackingResult, View
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom
from engine.pipeline import build_mask, read_cine

REAL_DICOM: Final = "examples_ybr_color.dcm"
PHANTOM: Final = PhantomConfig(kind=PhantomKind.APICAL, size=(384, 512), frames=32)


def demo(
    out: options.Out = Path("demo-output"),
    preset: Annotated[Preset, typer.Option(help="Settings")] = Preset.DEFAULT,
) -> None:
    """Read, mask, track, measure and report two loops, without a screen."""
    config = TrackingConfig(preset=preset, scales=options.preset_scales(preset, None))
    _real(out / "dicom", config)
    _phantom(out / "phantom", config)
    OUT.print(f"All results are in {out}. Research use only, not for diagnosis.")


def _real(out: Path, config: TrackingConfig) -> None:
    """Run the DICOM cine that comes with pydicom; its calibration is refused, so all is in px."""
    path = _bundled_dicom()
    result, _, _ = track_file(path, out, ReadConfig(), MaskConfig(), config, None)
    _, warnings = write_all(result, out, MeasureConfig(), ReportConfig())
    print_scales(result)
    print_notes((*result.notices, *warnings))


def _phantom(out: Path, config: TrackingConfig) -> None:
    """Run a phantom through a DICOM file, and compare every scale with its known motion."""
    from engine.io.dicom_write import write_dicom  # noqa: PLC0415 - pydicom's codecs load slowly

    phantom = make_phantom(PHANTOM)
    out.mkdir(parents=True, exist_ok=True)
    write_dicom(out / "phantom.dcm", phantom.cine)
    with ConsoleProgress("Reading") as progress:
        cine = read_cine(out / "phantom.dcm", ReadConfig(), progress)
    with ConsoleProgress("Mask") as progress:
        mask = build_mask(cine, MaskConfig(view=View.A4C.value), progress)
    result = track_cine(cine, mask, out, config, View.A4C)
    _, warnings = write_all(result, out, MeasureConfig(), ReportConfig())
    print_scales(result, endpoint_columns(result, phantom))
    print_notes((*result.notices, *warnings))


def endpoint_columns(result: TrackingResult, phantom: Phantom) -> tuple[tuple[str, list[str]], ...]:
    """Return table columns with the endpoint error of every scale in px and, calibrated, mm.

    The error is taken over the phantom's own mask of moving tissue within the tracked mask.
    """
    inside = phantom.mask[1:] & result.mask[1:]
    pixels, millimetres = [], []
    for item in result.fields:
        difference = item.displacement - phantom.displacement
        pixels.append(f"{_mean_length(difference, inside):.3f}")
        if result.spacing_mm is not None:
            scaled = difference * np.asarray(result.spacing_mm, np.float32)[:, None, None]
            millimetres.append(f"{_mean_length(scaled, inside):.4f}")
    columns = [("error, px", pixels)]
    if millimetres:
        columns.append(("error, mm", millimetres))
    return tuple(columns)


def _mean_length(vectors: np.ndarray, inside: np.ndarray) -> float:
    """Return the mean length of ``(T-1, 2, H, W)`` vectors within ``(T-1, H, W)``."""
    return float(np.hypot(vectors[:, 0], vectors[:, 1])[inside].mean())


def _bundled_dicom() -> Path:
    """Return the real ultrasound cine in pydicom's own package.

    Raises:
        UnreadableFileError: If that package lacks it.
    """
    from pydicom.data import get_testdata_file  # noqa: PLC0415 - only the demo needs it

    found = get_testdata_file(REAL_DICOM, download=False)
    if not found:
        raise UnreadableFileError(
            f"pydicom's example {REAL_DICOM} is missing. Reinstall pydicom (make setup)."
        )
    return Path(str(found))
