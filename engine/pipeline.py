"""The verbs: read, mask, track, measure, report.

Each has the form ``verb(inputs, config, progress) -> frozen result``; the window, the command
line, scripts and a cluster call these and nothing deeper.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine import __version__
from engine.analysis.measure import measure
from engine.analysis.trust import TrustMap, trust_map
from engine.config import ReportConfig, TrackingConfig
from engine.device import set_worker_threads, worker_threads
from engine.export.report import write_report
from engine.heap import freed_memory_kept
from engine.io.reader import read_cine
from engine.io.result_file import read_result, write_result
from engine.masks.build import build_mask
from engine.methods.registry import get_method
from engine.model import Cine, Mask, Measurements, Scale, ScaleField, Target, TrackingResult, View
from engine.progress import Progress

__all__ = [
    "build_mask",
    "gather",
    "measure",
    "read_cine",
    "read_result",
    "report",
    "track",
    "trust_map",
    "write_result",
]


class _Notices:
    """Hands everything on and keeps the notices for the result."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self.notices: list[str] = []
        self.report = inner.report
        self.partial = inner.partial
        self.check = inner.check

    def notice(self, message: str) -> None:
        """Keep the notice and hand it on."""
        self.notices.append(message)
        self._inner.notice(message)


def track(
    cine: Cine,
    mask: Mask,
    config: TrackingConfig,
    progress: Progress,
    *,
    view: View | None = None,
) -> TrackingResult:
    """Track a loop within a mask.

    Args:
        cine: At least two frames.
        mask: One mask a frame, with contours and marked frames where they are known.
        config: Method, preset, scales, device and seed.
        progress: Every finished scale arrives as a partial ``ScaleField``.
        view: The view that the user has confirmed, or None.

    Returns:
        The fields of every scale with all that is needed to measure and show them.

    Raises:
        InputError: If loop, mask and settings do not fit one another.
        Cancelled: If a stop was asked for.
        ResourceError: If memory or the device is missing.
        MissingPackageError: If the method needs an optional package.
    """
    set_worker_threads(config.reserve_cores)
    method = get_method(config.method)
    listener = _Notices(progress)
    coarse = Scale(config.scales[-1]).warning_for(cine.shape[1:])
    if coarse:
        listener.notice(coarse)
    with freed_memory_kept():
        fields = method.track(cine, mask, config, listener)
    return gather(fields, cine, mask, config, view=view, notices=tuple(listener.notices))


def gather(
    fields: tuple[ScaleField, ...],
    cine: Cine,
    mask: Mask,
    config: TrackingConfig,
    *,
    view: View | None = None,
    notices: tuple[str, ...] = (),
) -> TrackingResult:
    """Return the result of fields that were tracked: of all scales, or of those before a stop.

    Args:
        fields: Finished scales, coarse to fine.
        cine: The loop.
        mask: It was tracked within.
        config: Settings of the run; where its finest scale is missing, a notice tells.
        view: The view that the user has confirmed, or None.
        notices: Sentences of the run.
    """
    result = TrackingResult(
        fields=fields,
        mask=mask.data,
        method=get_method(config.method).name,
        target=Target(config.target),
        source_sha256=cine.provenance.sha256,
        source_name=cine.provenance.name,
        software_version=__version__,
        seed=config.seed,
        config=MappingProxyType(_settings(cine, mask, config)),
        frames=cine.frames,
        frame_times_s=cine.frame_times_s,
        spacing_mm=cine.spacing_mm,
        contours=mask.contours,
        view=view,
        ed_frame=_source_frame(mask.ed_frame, cine),
        es_frame=_source_frame(mask.es_frame, cine),
        first_frame=cine.first_frame,
        r_times_s=cine.r_times_s,
        notices=(*cine.provenance.warnings, *mask.notes, *notices),
        mark_origins=mask.mark_origins,
    )
    if not result.stopped:
        return result
    told = (
        f"The tracking was stopped after scale {result.finest.scale.label}: all numbers rest on "
        "that scale."
    )
    return dataclasses.replace(result, notices=(*result.notices, told))


def report(
    result: TrackingResult,
    measurements: Measurements,
    out_dir: Path,
    config: ReportConfig,
    progress: Progress,
    *,
    trust: TrustMap | None = None,
) -> tuple[Path, ...]:
    """Write CSV, summary, video, figures and PDF of a result, with untrusted vectors faded.

    Args:
        result: What was tracked.
        measurements: What was measured of it.
        out_dir: Folder of the files.
        config: Which of them are written.
        progress: Told of every part.
        trust: Of the finest scale, as ``trust_map`` judges it; None judges it here.

    Returns:
        The files, as ``engine.export.report.write_report`` orders them.

    Raises:
        OutputError: If a file cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; finished files stay.
    """
    score = None if trust is None else trust.score
    return write_report(result, measurements, out_dir, config, progress, trust=score)


def _source_frame(frame: int | None, cine: Cine) -> int | None:
    """Return a frame of the loop in the source's numbering."""
    return None if frame is None else frame + cine.first_frame


def _settings(cine: Cine, mask: Mask, config: TrackingConfig) -> dict[str, Any]:
    """Return the settings as plain JSON values, with where each fact comes from."""
    tracking: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config), default=str))
    source = cine.provenance
    return {
        "tracking": tracking,
        "threads": worker_threads(),
        "mask": {"kind": mask.kind.value, "notes": list(mask.notes)},
        "source": {
            "name": source.name,
            "format": source.format,
            "times_origin": source.times_origin,
            "spacing_origin": source.spacing_origin,
            "heart_rate_bpm": cine.heart_rate_bpm,
        },
    }
