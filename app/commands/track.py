"""``track``: from a loop to ``result.h5``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.commands import options
from app.console import ConsoleProgress, print_files, print_notes, table
from engine import pipeline
from engine.config import MaskConfig, MaskMethod, Preset, ReadConfig, TrackingConfig
from engine.device import resolve_device
from engine.errors import InputError
from engine.export.privacy import without_patient_data
from engine.export.tables import write_summary
from engine.io.atomic import require_room
from engine.io.reader import require_trackable
from engine.io.result_file import expected_size
from engine.model import Cine, Mask, Measurements, Target, TrackingResult, View

NOT_MEASURED: Final = Measurements(
    (), omitted=(("measurements", "Tracked, not measured yet: run the verb report."),)
)


def track(
    loop: options.Loop,
    out: options.Out,
    frames: options.Frames = None,
    fps: options.Fps = None,
    spacing_mm: options.Spacing = None,
    view: options.ViewOption = None,
    ed: options.Ed = None,
    es: options.Es = None,
    target: options.TargetOption = Target.TISSUE,
    mask: options.MaskFile = None,
    contours: options.ContoursFile = None,
    mask_method: options.MaskMethodOption = options.MaskName.AUTO,
    points: options.Points = None,
    preset: options.PresetOption = Preset.DEFAULT,
    scales: options.Scales = None,
    device: options.Device = options.DeviceName.AUTO,
    seed: options.Seed = 0,
    method: options.Method = "ssmsr",
    init: options.Init = None,
    test_time_training: options.TestTimeTraining = True,
    temporal: options.Temporal = True,
    patient_data: options.PatientData = True,
) -> None:
    """Track a loop; write result.h5 and summary.json."""
    if mask is not None and contours is not None:
        raise InputError("Give either --mask or --contours, not both.")
    file = mask or contours
    config = TrackingConfig(
        target=target.value,
        method=method,
        preset=preset,
        scales=options.preset_scales(preset, scales),
        device=device.value,
        seed=seed,
        init=init,
        test_time_training=test_time_training,
        temporal=temporal,
    )
    resolve_device(device.value)
    mask_config = MaskConfig(
        target=target.value,
        method=MaskMethod.FILE if file else options.mask_method(mask_method, points),
        file=file,
        points=options.parse_points(points),
        view=view.value if view else None,
        ed_frame=ed,
        es_frame=es,
    )
    reading = options.read_config(frames, fps, spacing_mm)
    result, _, _ = track_file(
        loop, out, reading, mask_config, config, view, patient_data=patient_data
    )
    print_scales(result)
    print_notes((*result.notices, *_outdated(out)))
    print_files((out / "result.h5", out / "summary.json"))


def _outdated(out: Path) -> tuple[str, ...]:
    """Say where a folder still holds what was measured of the result before."""
    if not (out / "measurements.csv").exists():
        return ()
    return ("This folder's measurements and report are of an earlier result: run 'report' again.",)


def track_file(
    loop: Path,
    out: Path,
    reading: ReadConfig,
    mask_config: MaskConfig,
    config: TrackingConfig,
    view: View | None,
    *,
    patient_data: bool = True,
) -> tuple[TrackingResult, Cine, Mask]:
    """Read, mask and track a loop, and write its result; return it with cine and mask."""
    with ConsoleProgress("Reading") as progress:
        cine = pipeline.read_cine(loop, reading, progress)
    require_trackable(cine)
    with ConsoleProgress("Mask") as progress:
        mask = pipeline.build_mask(cine, mask_config, progress)
    result = track_cine(cine, mask, out, config, view, patient_data=patient_data)
    return result, cine, mask


def track_cine(
    cine: Cine,
    mask: Mask,
    out: Path,
    config: TrackingConfig,
    view: View | None,
    *,
    patient_data: bool = True,
) -> TrackingResult:
    """Track a loop and write ``result.h5`` and ``summary.json`` into a folder.

    Args:
        cine: The loop.
        mask: Where it is tracked.
        out: Folder, made if absent.
        config: How it is tracked.
        view: The confirmed view, or None.
        patient_data: Whether the files may name the loop's and show what stands outside the sector.

    Returns:
        The result, whose notices are still to be told.
    """
    require_room(out, expected_size(cine.shape, len(config.scales)))
    out.mkdir(parents=True, exist_ok=True)
    with ConsoleProgress("Tracking", notices=False) as progress:
        result = pipeline.track(cine, mask, config, progress, view=view)
        if not patient_data:
            result = without_patient_data(result)
        pipeline.write_result(out / "result.h5", result, progress)
    write_summary(out / "summary.json", result, NOT_MEASURED)
    return result


def print_scales(result: TrackingResult, extra: tuple[tuple[str, list[str]], ...] = ()) -> None:
    """Print time, fit and folding of every scale, and further columns if given."""
    rows = []
    for number, item in enumerate(result.fields):
        row = (
            item.scale.label,
            f"{item.seconds:.1f}",
            str(item.steps),
            f"{1000 * item.mse:.3f}",
            f"{10 * item.nlcc:.3f}",
            f"{item.folding:.3f}",
        )
        rows.append((*row, *(values[number] for _, values in extra)))
    columns = ("scale", "time, s", "steps", "MSE, 1e-3", "NLCC, 1e-1", "folding, %")
    name = result.source_name or "loop"
    table(f"{name}: {result.method}", (*columns, *(head for head, _ in extra)), rows)
