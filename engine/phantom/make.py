"""Make a phantom: choose its motion, image its scatterers, and write down the truth."""

from __future__ import annotations

import hashlib

import numpy as np

from engine.model.cine import Cine, Provenance
from engine.model.mask import Contours
from engine.model.view import Target, View
from engine.phantom.anatomy import Anatomy, ApicalAnatomy, PlainAnatomy, ShortAxisAnatomy
from engine.phantom.apical import CENTRE_MM, ApicalMotion
from engine.phantom.config import PhantomConfig, PhantomKind
from engine.phantom.flow_motion import JetMotion, VortexPair
from engine.phantom.imaging import Receiver
from engine.phantom.layout import Layout
from engine.phantom.motion import (
    Motion,
    NoMotion,
    Points,
    RigidMotion,
    ShearDrift,
    SinusoidMotion,
)
from engine.phantom.phantom import Phantom
from engine.phantom.scatterers import BloodScatterers, Scatterers, TissueScatterers
from engine.phantom.short_axis import ShortAxisMotion
from engine.phantom.speckle import make_imager
from engine.phantom.timing import END_SYSTOLE
from engine.phantom.truth import FlowTruth, strain_truth
from engine.progress import NullProgress, Progress, Step

JET_CM_S = 80.0


def make_phantom(config: PhantomConfig, progress: Progress | None = None) -> Phantom:
    """Simulate a loop whose motion is known exactly.

    Args:
        config: What to simulate.
        progress: Told of every frame; may cancel.

    Raises:
        Cancelled: If a stop was asked for.
    """
    progress = progress or NullProgress()
    layout = Layout.of(config)
    motion, anatomy = make_motion(config, layout), _anatomy(config.kind, layout)
    rng = np.random.default_rng(config.seed)
    imager = make_imager(config.speckle, layout)
    receiver = Receiver(config, layout, imager, rng)
    scatterers: Scatterers
    if config.kind.is_flow:
        scatterers = BloodScatterers(config, layout, anatomy, motion, imager, rng)
    else:
        scatterers = TissueScatterers(config, layout, anatomy, motion, imager.density, rng)
    grid, fan = layout.grid(), layout.fan()
    shape = (config.frames, *config.size)
    frames, mask = np.empty(shape, np.uint8), np.empty(shape, np.bool_)
    cavity = np.empty(shape, np.bool_)
    displacement = np.empty((config.frames - 1, 2, *config.size), np.float32)
    for frame in range(config.frames):
        progress.check()
        frames[frame] = receiver.grey(imager.echo(*scatterers.at(frame)))
        material = grid if config.kind.is_flow else motion.inverse(grid, frame)
        cavity[frame] = anatomy.cavity(material).reshape(config.size) & fan
        wall = anatomy.wall(material).reshape(config.size) & fan
        mask[frame] = cavity[frame] if config.kind.is_flow else wall
        if frame:
            before = (
                motion.step_back(grid, frame - 1)
                if config.kind.is_flow
                else motion.forward(material, frame - 1)
            )
            displacement[frame - 1] = (before - grid).T.reshape(2, *config.size)
        progress.report(
            Step("phantom", frame + 1, config.frames, fraction=(frame + 1) / config.frames)
        )
    return _with_truth(config, layout, motion, anatomy, frames, displacement, mask, cavity)


def make_motion(config: PhantomConfig, layout: Layout) -> Motion:
    """Return the motion of a phantom."""
    amplitude, cycle = config.amplitude, config.cycle
    height, width = config.size
    middle = ((width - 1) / 2, (height - 1) / 2)
    share = height / 384
    match config.kind:
        case PhantomKind.APICAL | PhantomKind.REGIONAL:
            regional = config.kind is PhantomKind.REGIONAL
            return ApicalMotion(layout, cycle, amplitude, regional)
        case PhantomKind.SHORT_AXIS:
            return ShortAxisMotion(layout, cycle, amplitude)
        case PhantomKind.RIGID:
            shift = (18 * amplitude * share, 12 * amplitude * share)
            return RigidMotion(middle, config.spacing, shift, 0.10 * amplitude, cycle)
        case PhantomKind.SMALL:
            return ShearDrift(config.size, 0.1 * amplitude, 0.3 * amplitude, 0.5)
        case PhantomKind.SINUSOID:
            # Half a px a frame at most, and never a shear above one half in all.
            swing = amplitude * min(1.0, config.wavelength_px / (4 * np.pi))
            return SinusoidMotion(config.wavelength_px, swing, 1.1, 12)
        case PhantomKind.VORTEX:
            return _vortex_pair(config, layout)
        case PhantomKind.JET:
            speed = 10 * JET_CM_S * amplitude / config.spacing[1]
            wide = 6.0 * layout.scale / config.spacing[0]
            axis = float(layout.to_px(np.array([[0.0, 60.0]]))[0, 0])
            return JetMotion(layout, 1 / config.fps, cycle, axis, wide, speed)
        case _:
            return NoMotion()


def _vortex_pair(config: PhantomConfig, layout: Layout) -> VortexPair:
    strength = 8.0e3 * config.amplitude
    middle = CENTRE_MM - 18
    return VortexPair(
        layout,
        1 / config.fps,
        ((-9.5, middle), (9.5, middle)),
        # Blood rises between them, towards the apex.
        (-strength, strength),
        5.0,
        (2.0 * config.amplitude, -18.0 * config.amplitude),
    )


def _anatomy(kind: PhantomKind, layout: Layout) -> Anatomy:
    if kind is PhantomKind.SHORT_AXIS:
        return ShortAxisAnatomy(layout)
    if kind is PhantomKind.SINUSOID:
        return PlainAnatomy(layout)
    return ApicalAnatomy(layout)


def _with_truth(
    config: PhantomConfig,
    layout: Layout,
    motion: Motion,
    anatomy: Anatomy,
    frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    displacement: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    cavity: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> Phantom:
    resting = config.kind.is_flow
    curves = [
        None if curve is None else _moved(motion, curve, config.frames, resting)
        for curve in (anatomy.contour(depth) for depth in (0.0, 0.5, 1.0))
    ]
    inner, middle, outer = curves
    contours = strain = view = None
    if inner is not None and middle is not None and outer is not None:
        contours = Contours(inner.astype(np.float32), outer.astype(np.float32), anatomy.closed)
        view = View.PSAX_MID if anatomy.closed else View.A4C
        if not resting:
            strain = strain_truth(inner, middle, outer, config.spacing, anatomy.closed)
    return Phantom(
        config,
        _cine(config, frames),
        displacement,
        mask,
        cavity,
        motion,
        Target.BLOOD if resting else Target.TISSUE,
        ed_frame=0,
        es_frame=min(round(END_SYSTOLE * config.cycle), config.frames - 1),
        contours=contours,
        midwall=middle,
        strain=strain,
        flow=_flow_truth(config, layout, motion),
        view=view,
    )


def _moved(motion: Motion, curve: Points, frames: int, resting: bool) -> Points:
    return np.stack([curve if resting else motion.forward(curve, k) for k in range(frames)])


def _cine(config: PhantomConfig, frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Cine:
    times = np.arange(config.frames) / config.fps
    provenance = Provenance(
        name=f"phantom {config.kind}, seed {config.seed}",
        sha256=hashlib.sha256(frames.tobytes()).hexdigest(),
        format="phantom",
        times_origin="simulated",
        spacing_origin="simulated",
    )
    return Cine(
        frames,
        provenance,
        frame_times_s=times,
        spacing_mm=config.spacing,
        r_times_s=tuple(times[:: config.cycle].tolist()),
        heart_rate_bpm=60 * config.fps / config.cycle,
        playback_fps=config.fps,
        region=(0, 0, config.size[1], config.size[0]),
    )


def _flow_truth(config: PhantomConfig, layout: Layout, motion: Motion) -> FlowTruth | None:
    if isinstance(motion, JetMotion):
        none = np.zeros((config.frames, 0, 2))
        return FlowTruth(motion, JET_CM_S * config.amplitude, (), None, none)
    if not isinstance(motion, VortexPair):
        return None
    centres = [
        layout.to_px(np.asarray(motion.centres_mm) + motion.drifted_mm(frame))
        for frame in range(config.frames)
    ]
    between = (
        2
        * sum(
            abs(value) / (2 * np.pi * 9.5) * (1 - np.exp(-((9.5 / motion.core_mm) ** 2)))
            for value in motion.circulation
        )
        / 2
    )
    scale = layout.scale
    return FlowTruth(
        motion,
        float(scale * (between + np.hypot(*motion.drift_mm_s)) / 10),
        tuple(value * scale**2 * 1e-6 for value in motion.circulation),
        motion.core_mm * scale,
        np.stack(centres),
    )
