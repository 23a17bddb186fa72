"""Rows of the vortices: place, strength and shape, frame by frame."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.blood_trust import CAUTION
from engine.analysis.long_axis import axis_of_frame
from engine.analysis.rows import RowWriter
from engine.analysis.trust import TrustMap
from engine.analysis.velocity import VelocityField, velocity_field
from engine.analysis.vortex import Vortex, find_vortices
from engine.analysis.vortex_tracking import VortexTrack, track_vortices
from engine.model import ScaleField
from engine.progress import Progress, Step

_REGION: Final = "|Gamma2| > 2/pi with swirling strength above zero (Graftieaux 2001)"
_LEAST_TRUST: Final = 0.5
_M2_PER_CM2: Final = 1e-4
_CM2_PER_MM2: Final = 0.01


def vortex_tracks(
    writer: RowWriter,
    field: ScaleField,
    trust: TrustMap,
    progress: Progress,
) -> list[VortexTrack]:
    """Find the vortices of every pair and link them through time.

    A vortex that turns by less than its expected error is taken for noise.

    Args:
        writer: Holds the result that is measured.
        field: Displacements measured.
        trust: Trust of the field.
        progress: Told of every pair; may cancel.
    """
    result = writer.result
    found = []
    for pair in range(len(field.displacement)):
        progress.check()
        velocity = _velocity(writer, field, pair)
        candidates = find_vortices(velocity, 0, result.mask[pair + 1], trust.trusted[pair])
        error = trust.expected_error_px[pair]
        flow = field.displacement[pair]
        found.append([vortex for vortex in candidates if _stands_out(vortex, flow, error)])
        progress.report(Step("vortices", pair + 1, len(field.displacement)))
    return track_vortices(found)


def vortex_rows(
    writer: RowWriter,
    field: ScaleField,
    trust: TrustMap,
    progress: Progress,
) -> None:
    """Write the rows of every vortex in every frame of its life."""
    tracks = vortex_tracks(writer, field, trust, progress)
    if not tracks:
        writer.omit("vortex", f"No vortex was found: no region with {_REGION} held a core.")
    for number, track in enumerate(tracks, start=1):
        sure = np.mean([state.trust for state in track.states if state.trust is not None])
        if sure < _LEAST_TRUST:
            writer.warn(
                f"vortex-{number} lies where the tracking is mostly untrusted "
                f"({100 * sure:.0f} % trusted): read its strength with care."
            )
        for frame, vortex in zip(track.frames, track.states, strict=True):
            name = f"vortex-{number}"
            _write_strength(writer, name, frame, vortex)
            _write_shape(writer, name, frame, vortex)


def _stands_out(
    vortex: Vortex, displacement: NDArray[np.floating], error: NDArray[np.floating]
) -> bool:
    """Whether a vortex turns by more than the error expected of it, px.

    What turns moves along both axes of the plane. A shear layer with a little noise swirls, too,
    but moves along one axis alone, so the weaker of both counts. The caution that trust adds to
    the expected error says nothing about a vortex, and is left out.
    """
    weaker = float(np.linalg.eigvalsh(np.cov(displacement[:, vortex.region]))[0])
    expected = float(np.mean(error[vortex.region])) * math.exp(-CAUTION)
    return math.sqrt(2.0 * max(weaker, 0.0)) > expected


def _velocity(writer: RowWriter, field: ScaleField, pair: int) -> VelocityField:
    result = writer.result
    times = None if result.frame_times_s is None else result.frame_times_s[pair : pair + 2]
    return velocity_field(field.displacement[pair][None], result.spacing_mm, times)


def _write_strength(writer: RowWriter, name: str, frame: int, vortex: Vortex) -> None:
    spacing = writer.result.spacing_mm
    calibrated = spacing is not None and writer.result.frame_times_s is not None
    length_unit = "px" if spacing is None else "mm"
    text = f"Integral of the vorticity over the vortex: {_REGION}; counter-clockwise positive."
    circulation = vortex.circulation * (_M2_PER_CM2 if calibrated else 1.0)
    unit = "m^2/s" if calibrated else f"{length_unit}^2/frame"
    trust = vortex.trust
    writer.add("circulation", text, name, circulation, unit, index=frame, trust=trust)
    pixel = np.asarray((1.0, 1.0) if spacing is None else spacing, dtype=np.float64)
    area = vortex.area_px * pixel[0] * pixel[1]
    text = f"Area of the vortex: {_REGION}."
    if spacing is None:
        writer.add("vortex_area", text, name, area, "px^2", index=frame, trust=trust)
    else:
        area *= _CM2_PER_MM2
        writer.add("vortex_area", text, name, area, "cm^2", index=frame, trust=trust)
    where = "from the centre of the top-left pixel, y down; centroid of the core's vorticity."
    for quantity, place in zip(("vortex_x", "vortex_y"), vortex.centre * pixel, strict=True):
        text = f"Centre of the vortex, {where}"
        writer.add(quantity, text, name, place, length_unit, index=frame, trust=trust)


def _write_shape(writer: RowWriter, name: str, frame: int, vortex: Vortex) -> None:
    axis = axis_of_frame(writer.result, frame)
    if axis is None:
        return
    spacing = writer.result.spacing_mm
    pixel = np.asarray((1.0, 1.0) if spacing is None else spacing, dtype=np.float64)
    rows, columns = np.nonzero(vortex.region)
    points = np.stack([columns, rows], axis=1) * pixel
    length = float(np.ptp(axis.along(points)) + abs(axis.direction) @ pixel)
    width = float(np.ptp(axis.across(points)) + abs(axis.direction[::-1]) @ pixel)
    depth = float(axis.along(np.asarray(vortex.centre)[None] * pixel)[0])
    said = f"Ventricle's axis from the {axis.origin}."
    unit = "px" if spacing is None else "mm"
    trust = vortex.trust
    indexed_length, indexed_width = length / axis.length, width / axis.width
    rows_to_write = {
        "vortex_length": (indexed_length, "Extent along the axis over the ventricle's length."),
        "vortex_width": (indexed_width, "Extent across the axis over the ventricle's width."),
        "sphericity": (
            length / width,
            f"Extent along over extent across the axis, both in {unit}.",
        ),
        "sphericity_indexed": (
            indexed_length / indexed_width,
            "Indexed length over indexed width (after Hong 2008).",
        ),
    }
    view = writer.result.view
    if view is None or not view.is_short_axis:
        rows_to_write["vortex_depth"] = (
            depth / axis.length,
            "Distance of the core from the mitral plane over the ventricle's length.",
        )
    for quantity, (value, text) in rows_to_write.items():
        writer.add(quantity, f"{text} {said}", name, value, "", index=frame, trust=trust)
