"""The scene of a phantom: its layout, its anatomy and its motion, by kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.phantom.anatomy import Anatomy, ApicalAnatomy, PlainAnatomy, ShortAxisAnatomy
from engine.phantom.apical import CENTRE_MM, ApicalMotion
from engine.phantom.config import PhantomConfig, PhantomKind
from engine.phantom.flow_motion import JetMotion, VortexPair
from engine.phantom.layout import Layout
from engine.phantom.motion import Motion, NoMotion, RigidMotion, ShearDrift, SinusoidMotion
from engine.phantom.short_axis import ShortAxisMotion

JET_CM_S = 80.0
VORTEX_ARM_MM = 9.5
"""Distance of each vortex from the axis between both, reference mm."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What moves, and how.

    Attributes:
        config: Of the phantom.
        layout: Of the view.
        anatomy: What the material is.
        motion: How it moves.
    """

    config: PhantomConfig
    layout: Layout
    anatomy: Anatomy
    motion: Motion


def make_scene(config: PhantomConfig) -> Scene:
    """Return the scene of a phantom."""
    layout = Layout.of(config)
    anatomy: Anatomy = ApicalAnatomy(layout)
    if config.kind is PhantomKind.SHORT_AXIS:
        anatomy = ShortAxisAnatomy(layout)
    elif config.kind is PhantomKind.SINUSOID:
        anatomy = PlainAnatomy(layout)
    return Scene(config, layout, anatomy, _motion(config, layout))


def _motion(config: PhantomConfig, layout: Layout) -> Motion:
    kind, amplitude, cycle = config.kind, config.amplitude, config.cycle
    motion: Motion = NoMotion()
    if kind in {PhantomKind.APICAL, PhantomKind.REGIONAL}:
        motion = ApicalMotion(layout, cycle, amplitude, kind is PhantomKind.REGIONAL)
    elif kind is PhantomKind.SHORT_AXIS:
        motion = ShortAxisMotion(layout, cycle, amplitude)
    elif kind is PhantomKind.RIGID:
        motion = _rigid(config)
    elif kind is PhantomKind.SMALL:
        motion = ShearDrift(config.size, 0.1 * amplitude, 0.3 * amplitude, 0.5)
    elif kind is PhantomKind.SINUSOID:
        motion = _sinusoid(config)
    elif kind is PhantomKind.VORTEX:
        motion = _vortex_pair(config, layout)
    elif kind is PhantomKind.JET:
        motion = _jet(config, layout)
    return motion


def _rigid(config: PhantomConfig) -> RigidMotion:
    height, width = config.size
    share = config.amplitude * height / 384
    centre = ((width - 1) / 2, (height - 1) / 2)
    shift = (18 * share, 12 * share)
    return RigidMotion(centre, config.spacing, shift, 0.10 * config.amplitude, config.cycle)


def _sinusoid(config: PhantomConfig) -> SinusoidMotion:
    # At most 1.6 px a frame, and never a shear above one half in all.
    swing = config.amplitude * min(3.0, config.wavelength_px / (4 * np.pi))
    return SinusoidMotion(config.wavelength_px, swing, 1.1, 12)


def _vortex_pair(config: PhantomConfig, layout: Layout) -> VortexPair:
    strength = 8.0e3 * config.amplitude
    middle = CENTRE_MM - 18
    return VortexPair(
        layout,
        1 / config.fps,
        ((-VORTEX_ARM_MM, middle), (VORTEX_ARM_MM, middle)),
        # Blood rises between them, towards the apex.
        (-strength, strength),
        5.0,
        (2.0 * config.amplitude, -18.0 * config.amplitude),
    )


def _jet(config: PhantomConfig, layout: Layout) -> JetMotion:
    speed = 10 * JET_CM_S * config.amplitude / config.spacing[1]
    wide = 6.0 * layout.scale / config.spacing[0]
    axis = float(layout.to_px(np.array([[0.0, 60.0]]))[0, 0])
    return JetMotion(layout, 1 / config.fps, config.cycle, axis, wide, speed)
