"""Settings of a phantom: what moves, how it is imaged, how much of the truth is hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np

from engine.errors import InputError

Choice = TypeVar("Choice", bound=StrEnum)

REFERENCE_DEPTH_MM = 115.2
"""Depth of the default view, mm; anatomy is laid out for it and scales with the view."""


class PhantomKind(StrEnum):
    """What moves in the phantom, and how."""

    APICAL = "apical"
    REGIONAL = "regional"
    SHORT_AXIS = "short_axis"
    VORTEX = "vortex"
    JET = "jet"
    RIGID = "rigid"
    SMALL = "small"
    SINUSOID = "sinusoid"
    NONE = "none"

    @property
    def is_flow(self) -> bool:
        """Whether contrast blood moves in a resting wall."""
        return self in {PhantomKind.VORTEX, PhantomKind.JET}


class SpeckleModel(StrEnum):
    """How scatterers become an image."""

    SCATTERER = "scatterer"
    """Fully developed speckle of one Cartesian point spread, wider across the beam."""
    SECTOR = "sector"
    """Polar point spread of a Gabor pulse: its long axis turns, and widens with depth."""
    SPARSE = "sparse"
    """The Cartesian point spread with few, unequal scatterers: dilute contrast bubbles."""


@dataclass(frozen=True)
class PhantomConfig:
    """Settings of ``make_phantom``.

    All lengths of the anatomy scale with the view, so that every size shows the same picture;
    speckle keeps its size in px. A ``cycle_frames`` below 60 makes larger steps from frame to
    frame, as in a slower acquisition.

    Attributes:
        kind: What moves.
        size: (H, W), px.
        frames: Number of frames, at least 2.
        fps: Acquisition rate, 1/s.
        spacing_mm: (x, y), mm; None makes the rows span ``REFERENCE_DEPTH_MM``.
        seed: Of every random number.
        cycle_frames: Frames from one R wave to the next; None: the last frame is the next R.
        amplitude: Factor on the motion (strain, flow speed, shift, or the step of a sinusoid).
        speckle: How the image is formed.
        speckle_px: Width of the point spread (standard deviation) across the beam and along it,
            px; in the sector model the width across holds at half depth.
        decorrelation: Fraction of scatterers replaced from frame to frame, 0 to 1.
        noise: Electronic noise: its amplitude over that of the wall's speckle.
        clutter: Static clutter: its amplitude over that of the wall's speckle.
        drop_out: Loss of the wall's echo in one sector of the view, 0 to 1.
        shadow: Loss of echo behind a near obstacle, 0 to 1.
        reverberation: Amplitude of static bands at two depths over that of the wall.
        haze: Amplitude of near-field haze over that of the wall.
        dynamic_range_db: Of the log compression, dB.
        wavelength_px: Of a sinusoid, px.
    """

    kind: PhantomKind = PhantomKind.APICAL
    size: tuple[int, int] = (384, 512)
    frames: int = 64
    fps: float = 75.0
    spacing_mm: tuple[float, float] | None = None
    seed: int = 0
    cycle_frames: int | None = None
    amplitude: float = 1.0
    speckle: SpeckleModel = SpeckleModel.SCATTERER
    speckle_px: tuple[float, float] = (2.4, 1.1)
    decorrelation: float = 0.08
    noise: float = 0.03
    clutter: float = 0.05
    drop_out: float = 0.0
    shadow: float = 0.0
    reverberation: float = 0.0
    haze: float = 0.0
    dynamic_range_db: float = 55.0
    wavelength_px: float = 32.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _choice(PhantomKind, self.kind, "kind"))
        object.__setattr__(self, "speckle", _choice(SpeckleModel, self.speckle, "speckle model"))
        if min(self.size) < 32:
            raise InputError(f"A phantom needs at least 32x32 px, but size is {self.size}.")
        if self.frames < 2:
            raise InputError(f"A phantom needs at least 2 frames, but frames is {self.frames}.")
        if self.cycle_frames is not None and self.cycle_frames < 4:
            raise InputError("cycle_frames must be at least 4.")
        _check("fps", self.fps, 1e-3, np.inf)
        for value in self.spacing_mm or ():
            _check("spacing_mm", value, 1e-6, np.inf)
        for value in self.speckle_px:
            _check("speckle_px", value, 0.5, 20.0)
        _check("amplitude", self.amplitude, 0.0, 1.6)
        _check("wavelength_px", self.wavelength_px, 4.0, 4096.0)
        _check("dynamic_range_db", self.dynamic_range_db, 20.0, 120.0)
        for name in ("decorrelation", "drop_out", "shadow"):
            _check(name, getattr(self, name), 0.0, 1.0)
        for name in ("noise", "clutter", "reverberation", "haze"):
            _check(name, getattr(self, name), 0.0, 10.0)

    @property
    def spacing(self) -> tuple[float, float]:
        """Spacing (x, y) in use, mm."""
        isotropic = REFERENCE_DEPTH_MM / self.size[0]
        return self.spacing_mm or (isotropic, isotropic)

    @property
    def cycle(self) -> int:
        """Frames from one R wave to the next."""
        return self.cycle_frames or max(4, self.frames - 1)


def real_like(config: PhantomConfig) -> PhantomConfig:
    """Return the settings with speckle, noise and decorrelation as hard as in real loops.

    Speckle is as wide, relative to the image, as in two real apical loops. Warped by the truth,
    neighbouring frames reach a squared local correlation (21x21 px) of 0.3 to 0.5 in the mask
    (the fit is in docs/experiments.md).
    """
    share = config.size[0] / 384
    speckle_px = (max(2.4, 4.4 * share), max(1.1, 2.0 * share))
    return replace(
        config,
        speckle_px=speckle_px,
        decorrelation=0.16,
        noise=0.05,
        haze=0.3,
        drop_out=0.5,
    )


def _choice(kind: type[Choice], value: str, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        names = ", ".join(kind)
        raise InputError(f"There is no {name} {value!r}. Choose one of: {names}.") from error


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} must be from {low:g} to {high:g}, but is {value}.")
