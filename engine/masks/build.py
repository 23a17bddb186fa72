"""The verb: a cine and a choice go in, a mask comes out.

What a mask does: similarity and smoothness of the registration are means over the mask's pixels,
so what lies outside is not counted; the image outside is not blanked, since a pixel inside may
come from outside. A wall's mask is the ring between both contours without a margin: the
similarity's window reaches beyond it as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.config import MaskConfig, MaskMethod
from engine.cycle import Cycle, find_cycle
from engine.errors import InputError
from engine.masks.blood_pool import blood_pool_steps, middle_region
from engine.masks.check import sound_contours
from engine.masks.contour import areas
from engine.masks.epicardium import find_epicardium
from engine.masks.files import mask_from_file, mask_of_contours, save_masks
from engine.masks.landmarks import bind_to_points
from engine.masks.left_ventricle import CONFIDENT, LeftVentricle, find_left_ventricle
from engine.masks.proposal import check_points
from engine.masks.rasterise import fill_loop
from engine.masks.sector import Sector, analyse_sector
from engine.masks.through_time import FINE_HEIGHT
from engine.masks.tissue_region import tissue_region
from engine.masks.view import propose_view
from engine.masks.wall import cavity_length
from engine.masks.working import make_working
from engine.model import Cine, Contours, Mask, MaskKind, Target, View
from engine.progress import Progress, Step

__all__ = ["build_mask", "save_masks"]

PAPER_NOTE = (
    "The paper's tissue region keeps nearly the whole sector: a region to register in, not a "
    "wall. Strain needs a wall."
)
SMALLEST_PX = 24
"""Side of the smallest picture in which contours are looked for."""

MIDDLE_NOTE = "The blood in the middle of the sector stands in for it."
SECTOR_NOTE = "No blood pool is seen either: the whole sector stands in for it."
UNSURE_NOTE = (
    "The left ventricle was not found with confidence. Give three points (two annulus points and "
    "the apex; in short axis centre and radius) to get a wall."
)


def build_mask(cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
    """Make the mask of a loop.

    Args:
        cine: The loop.
        config: Target and method. Points are on the end-diastolic frame, later ones on the
            end-systolic frame.
        progress: Told of every step; may cancel.

    Raises:
        InputError: If the settings do not fit the loop.
        Cancelled: If a stop was asked for.
    """
    target, view = _target(config.target), _view(config.view)
    if config.method == MaskMethod.FILE:
        return mask_from_file(cine, config, target)
    progress.report(Step("sector", 0, 3, fraction=0.0))
    sector = analyse_sector(cine)
    progress.check()
    if config.method == MaskMethod.PAPER and target is Target.TISSUE:
        return _paper_region(cine, sector)
    points = _given_points(cine, config, view)
    short_axis = None if view is None else view.is_short_axis
    ventricle = find_left_ventricle(cine, sector, progress, short_axis=short_axis, points=points)
    cycle = _cycle(cine, config, ventricle)
    if points:
        late = config.points_es
        if late:
            check_points(late, sector, count=len(points))
        frames = (cycle.ed_frame or 0, cycle.es_frame)
        ventricle = bind_to_points(cine, sector, ventricle, frames, progress, points_es=late)
    progress.check()
    progress.report(Step("contours", 2, 3, fraction=0.7))
    if target is Target.BLOOD:
        return _blood_pool(cine, sector, ventricle, cycle, config)
    if ventricle.confidence < CONFIDENT:
        region = _paper_region(cine, sector)
        return replace(
            region,
            notes=(UNSURE_NOTE, *region.notes, *cycle.warnings),
            ed_frame=cycle.ed_frame,
            es_frame=cycle.es_frame,
            confidence=ventricle.confidence,
            mark_origins=cycle.mark_origins,
        )
    wall = _wall(cine, sector, ventricle, cycle, config)
    if view is not None:
        return wall
    return replace(wall, notes=(*wall.notes, propose_view(cine, sector, ventricle).sentence))


def _given_points(
    cine: Cine, config: MaskConfig, view: View | None
) -> tuple[tuple[float, float], ...]:
    """Return the points of end-diastole where contours follow them; check what can be checked."""
    height, width = cine.frames.shape[1:]
    if min(height, width) < SMALLEST_PX:
        raise InputError(
            f"A picture of {width}x{height} px is too small to find contours in; {SMALLEST_PX} px"
            " are needed. Open the loop at its full size."
        )
    if config.method == MaskMethod.POINTS and not config.points:
        raise InputError(UNSURE_NOTE)
    if config.points_es and not config.points:
        raise InputError("Points at end-systole need the same points at end-diastole too.")
    points = config.points if config.method == MaskMethod.POINTS else ()
    if points and view is not None and view.is_short_axis != (len(points) == 2):
        needed = "centre and rim point" if view.is_short_axis else "two annulus points and the apex"
        raise InputError(f"The view {config.view} needs other points: {needed}.")
    return points


def _target(name: str) -> Target:
    try:
        return Target(name)
    except ValueError as error:
        raise InputError(f"The target must be tissue or blood, but is {name}.") from error


def _view(name: str | None) -> View | None:
    try:
        return None if name is None else View(name)
    except ValueError as error:
        known = ", ".join(view.value for view in View)
        raise InputError(f"The view {name} is not known: choose one of {known}.") from error


def _paper_region(cine: Cine, sector: Sector) -> Mask:
    return Mask(tissue_region(cine, sector.mask), MaskKind.TISSUE_REGION, notes=(PAPER_NOTE,))


def _cycle(cine: Cine, config: MaskConfig, ventricle: LeftVentricle) -> Cycle:
    def within(frame: int | None) -> int | None:
        return None if frame is None else frame - cine.first_frame

    return find_cycle(
        cine.frame_times_s,
        cine.r_times_s,
        areas(ventricle.contours),
        within(config.ed_frame),
        within(config.es_frame),
        first_frame=cine.first_frame,
    )


def _notes(ventricle: LeftVentricle, cycle: Cycle) -> tuple[str, ...]:
    how = "from the given points" if ventricle.given else "found without a click"
    return (
        f"Left ventricle {how}.",
        *cycle.warnings,
    )


def _keyframes(cycle: Cycle) -> tuple[int, ...]:
    marked = {frame for frame in (cycle.ed_frame, cycle.es_frame) if frame is not None}
    return tuple(sorted(marked)) or (0,)


def _extremes(cycle: Cycle, size: NDArray[np.float64]) -> tuple[int, ...]:
    """Return the ED and ES of every beat and the loop's ends: the paper's keyframes."""
    marks = {0, len(size) - 1, *_keyframes(cycle)}
    for first, last in cycle.beats:
        marks |= {first, first + int(size[first:last].argmin())}
    return tuple(sorted(marks))


def _wall(
    cine: Cine, sector: Sector, ventricle: LeftVentricle, cycle: Cycle, config: MaskConfig
) -> Mask:
    closed = ventricle.closed
    inner = sound_contours(ventricle.contours, sector.mask, closed=closed)
    rows = int(np.ptp(np.nonzero(sector.mask.any(1))[0])) + 1
    loop = make_working(cine, sector, min(FINE_HEIGHT, rows), 1.2)
    local = loop.to_working(inner)
    length = float(np.mean([cavity_length(curve, closed=closed) for curve in local]))
    outer = loop.to_source(
        find_epicardium(
            loop.frames,
            local,
            config.thickness_fraction * length,
            closed=closed,
            sector=loop.sector,
        )
    )
    contours = Contours(
        inner.astype(np.float32),
        outer.astype(np.float32),
        closed=closed,
        keyframes=_keyframes(cycle),
    )
    data = mask_of_contours(contours, cine.shape[1:], Target.TISSUE, sector=sector.mask)
    return Mask(
        data,
        MaskKind.WALL,
        contours,
        _notes(ventricle, cycle),
        cycle.ed_frame,
        cycle.es_frame,
        None if ventricle.given else ventricle.confidence,
        mark_origins=cycle.mark_origins,
    )


def _blood_pool(
    cine: Cine, sector: Sector, ventricle: LeftVentricle, cycle: Cycle, config: MaskConfig
) -> Mask:
    if ventricle.confidence < CONFIDENT:
        region = middle_region(cine, sector.mask)
        notes: tuple[str, ...] = (UNSURE_NOTE, SECTOR_NOTE if region is None else MIDDLE_NOTE)
        if region is None:
            region = np.broadcast_to(sector.mask, cine.shape).copy()
        return Mask(region, MaskKind.BLOOD_POOL, notes=notes, confidence=ventricle.confidence)
    outline = ventricle.contours
    notes = _notes(ventricle, cycle)
    closed = ventricle.closed
    if config.method == MaskMethod.PAPER:
        keyframes = _extremes(cycle, areas(outline))
        masks = dict(
            zip(keyframes, fill_loop(outline[list(keyframes)], cine.shape[1:]), strict=True)
        )
        outline = blood_pool_steps(masks, len(cine.frames)).boundary
        notes += (
            "Blood pool by the paper's pipeline from the cavity at ED, ES and the loop's ends.",
        )
        closed = True
    outline = sound_contours(outline, sector.mask, closed=closed)
    contours = Contours(outline.astype(np.float32), closed=closed, keyframes=_keyframes(cycle))
    data = mask_of_contours(contours, cine.shape[1:], Target.BLOOD, sector=sector.mask)
    return Mask(
        data,
        MaskKind.BLOOD_POOL,
        contours,
        notes,
        cycle.ed_frame,
        cycle.es_frame,
        None if ventricle.given else ventricle.confidence,
        mark_origins=cycle.mark_origins,
    )
