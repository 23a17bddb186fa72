"""``measure``: from a tracking result to the rows of ``measurements.csv``."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.analysis.beats import with_beats
from engine.analysis.events import HeartCycle, heart_cycle
from engine.analysis.measure_flow import flow_rows
from engine.analysis.measure_research import research_rows
from engine.analysis.measure_strain import strain_rows
from engine.analysis.measure_volume import volume_rows
from engine.analysis.measure_vortex import vortex_rows
from engine.analysis.rows import RowWriter
from engine.analysis.trust import TrustMap, trackable_speed_cm_s, trust_map
from engine.analysis.usable import EMPTY_MASK, usable
from engine.analysis.wall import Wall, track_wall, why_unnamed
from engine.config import MeasureConfig
from engine.model import Measurements, Scale, ScaleField, Target, TrackingResult
from engine.progress import Progress, Step

SLOWEST_HZ: Final = 40.0


def measure(
    result: TrackingResult,
    config: MeasureConfig,
    progress: Progress,
    *,
    trust: TrustMap | None = None,
) -> Measurements:
    """Measure the marked beat in full, and what strain, volume and rate of every whole beat tell.

    Args:
        result: Fields with masks, and with contours, times and spacing where known.
        config: Definitions to measure with.
        progress: Told of every group of quantities.
        trust: As ``trust_map`` judges; judged here where it is missing or of another scale.

    Returns:
        The rows of ``measurements.csv``, with a sentence for everything that is missing.

    Raises:
        InputError: If the result holds no field of the wanted scale, or a marked frame lies outside
            the loop.
        Cancelled: If a stop was asked for.
    """
    field = chosen_field(result, config)
    result, flaw = usable(result)
    writer = RowWriter(result)
    if flaw:
        writer.warn(flaw)
    if trust is None or trust.scale is not field.scale:
        trust = trust_map(result, field, progress)
    _warn(writer, trust)
    progress.report(Step("velocity", 0, 1))
    flow_rows(writer, field, trust.trusted, config)
    if result.target is Target.BLOOD:
        _measure_vortices(writer, field, trust, config, progress)
        writer.omit("strain", "Blood was tracked; strain needs the wall (target tissue).")
        if result.spacing_mm is None or result.frame_times_s is None:
            writer.omit("energy", "Energy needs pixel spacing and frame times.")
    cycle = heart_cycle(result)
    wall: Wall | None = None
    if result.target is Target.TISSUE:
        wall, cycle = _measure_strain(writer, field, trust, cycle, config)
    volume_rows(writer, wall, cycle)
    for sentence in cycle.warnings:
        writer.warn(sentence)
    measured = Measurements(
        tuple(writer.rows),
        tuple(writer.warnings),
        tuple(writer.omitted),
        wall=None if wall is None else wall.contours(),
        withheld=writer.withheld,
    )
    return with_beats(result, measured)


def _measure_strain(
    writer: RowWriter,
    field: ScaleField,
    trust: TrustMap,
    cycle: HeartCycle,
    config: MeasureConfig,
) -> tuple[Wall | None, HeartCycle]:
    """Write the strain of the wall; return the wall, and the beat with the end-systole it tells."""
    result = writer.result
    if result.contours is None or not result.mask.any():
        missing = "There is no contour of the wall, so no strain."
        writer.omit("strain", missing if result.mask.any() else EMPTY_MASK)
        return None, cycle
    wall = track_wall(result, field, cycle, config, trust.score)
    lengths = wall.lengths()[:, 0]
    cycle = cycle.with_nadir(lengths / lengths[cycle.start] - 1.0)
    strain_rows(writer, wall, cycle, config)
    unnamed = why_unnamed(result)
    if unnamed is not None:
        writer.omit("segments", unnamed)
    return wall, cycle


def _measure_vortices(
    writer: RowWriter,
    field: ScaleField,
    trust: TrustMap,
    config: MeasureConfig,
    progress: Progress,
) -> None:
    """Write the vortices, unless the blood shows nothing to track."""
    if trust.contrast is not None and not trust.contrast.trackable:
        writer.omit("vortex", trust.contrast.sentence)
        return
    vortex_rows(writer, field, trust, progress)
    if config.in_plane_research:
        research_rows(writer, field, config, progress)


def _warn(writer: RowWriter, trust: TrustMap) -> None:
    """Say what the reader must know before reading any number."""
    result = writer.result
    if not result.mask.any():
        writer.warn(EMPTY_MASK)
    if trust.contrast is not None and not trust.contrast.trackable:
        writer.warn(trust.contrast.sentence)
    if result.spacing_mm is None:
        writer.warn("Pixel spacing is unknown: lengths are in px, and pixels taken as square.")
    if result.frame_times_s is None:
        writer.warn("Frame times are unknown: nothing is given per second.")
        writer.omit(
            "time",
            "Nothing is given per second, because the acquisition times are unknown.",
        )
        return
    rate = 1.0 / float(np.median(np.diff(result.frame_times_s)))
    if rate < SLOWEST_HZ:
        writer.warn(f"Only {rate:.0f} frames/s (below 40): peak velocities are unreliable.")
    limit = trackable_speed_cm_s(result)
    if limit is not None:
        writer.warn(f"This loop is trackable up to {limit:.0f} cm/s; faster motion is untrusted.")


def chosen_field(result: TrackingResult, config: MeasureConfig) -> ScaleField:
    """Return the field of the scale that the settings name; the finest by default."""
    return result.finest if config.scale is None else result.at_scale(Scale.parse(config.scale))
