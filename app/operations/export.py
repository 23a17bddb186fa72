"""Write what was made: video, CSV, result file, report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.context import Context
from app.operations.measure import measure_settings
from app.session import Loop
from engine.config import HandoverConfig, HandoverFormat, ReportConfig
from engine.errors import InputError
from engine.io.atomic import require_folder
from engine.model import Measurements, Scale, TrackingResult
from engine.progress import Progress

KIND = "export"
NAMED = "patient_data_in_exports"


def export_video(context: Context, path: Path, scale: Scale | None, done: Done) -> None:
    """Write the overlay video of a scale (the finest if None)."""
    result = _result(context)
    shown = scale or result.finest.scale

    def work(progress: Progress) -> tuple[Path, ...]:
        context.verbs.write_movie(path, result, shown, progress, patient_data=named(context))
        return (path,)

    _start(context, path.parent, "Writing the video", work, done)


def export_csv(context: Context, path: Path, done: Done) -> None:
    """Write the measurements; they are made first where they are missing."""
    loop, result = _loop(context), _result(context)

    def work(progress: Progress) -> tuple[Path, ...]:
        context.verbs.write_csv(path, _measurements(context, loop, result, progress))
        return (path,)

    _start(context, path.parent, "Writing the CSV", work, done)


def export_result(context: Context, path: Path, done: Done) -> None:
    """Write the result file; from then on a session names it instead of writing its own."""
    loop, result = _loop(context), _result(context)

    def work(progress: Progress) -> tuple[Path, ...]:
        progress.check()
        context.verbs.write_result(path, result, patient_data=named(context))
        return (path,)

    def written(files: tuple[Path, ...]) -> None:
        for now in context.session.loops:
            # What the file held before, of this loop or another, is there no more.
            held = {item: file for item, file in now.files.items() if file != path}
            if now.loop_id == loop.loop_id:
                held |= dict.fromkeys(result.fields, path)
            context.session.update(now.loop_id, files=held)
        done(files)

    _start(context, path.parent, "Writing the result", work, written)


def export_report(context: Context, folder: Path, config: ReportConfig, done: Done) -> None:
    """Write the report with its tables, figures and video into a folder."""
    loop, result = _loop(context), _result(context)

    def work(progress: Progress) -> tuple[Path, ...]:
        measurements = _measurements(context, loop, result, progress)
        return context.verbs.report(
            result, measurements, folder, config, progress, patient_data=named(context)
        )

    _start(context, folder, "Writing the report", work, done)


def hand_over(
    context: Context, folder: Path, wanted: HandoverFormat, source: Path | None, done: Done
) -> None:
    """Write the result for other programs into a folder.

    Args:
        context: The window's parts.
        folder: Of the files.
        wanted: The format.
        source: DICOM file that was tracked, where the format refers to it.
        done: Called with the files.
    """
    result, shown = _result(context), context.display.options.scale
    known = {item.scale for item in result.fields}
    config = HandoverConfig(
        source=source,
        scale=shown.value if shown in known else None,
        patient_data=named(context),
    )

    def work(progress: Progress) -> tuple[Path, ...]:
        return context.verbs.hand_over(result, folder, wanted, config, progress)

    _start(context, folder, f"Writing {wanted.value}", work, done)


def named(context: Context) -> bool:
    """Whether exports may hold what names the patient."""
    return context.settings.flag(NAMED)


Done = Callable[[tuple[Path, ...]], None]
Work = Callable[[Progress], tuple[Path, ...]]


def _start(context: Context, folder: Path, title: str, work: Work, done: Done) -> None:
    """Write into a folder in the background; that it takes nothing is told before."""
    require_folder(folder)
    context.jobs.start(title, work, done, kind=KIND)


def _measurements(
    context: Context, loop: Loop, result: TrackingResult, progress: Progress
) -> Measurements:
    if loop.measurements is not None:
        return loop.measurements
    return context.verbs.measure(result, measure_settings(loop), progress)


def _loop(context: Context) -> Loop:
    loop = context.session.loop
    if loop is None:
        raise InputError("Open a loop first.")
    return loop


def _result(context: Context) -> TrackingResult:
    result = _loop(context).result
    if result is None:
        raise InputError("Track the loop before exporting: there is nothing to write yet.")
    return result
