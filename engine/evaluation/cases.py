"""The phantoms of a comparison: every case at every noise, motion and seed asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.evaluation.metrics import mean_length
from engine.evaluation.records import EvaluationConfig
from engine.phantom import PhantomConfig, PhantomKind, SpeckleModel, make_phantom, real_like

CYCLE_FRAMES: Final = 64
"""Frames of a beat, at most: at 75 frames/s a heart rate of 70/min."""
LEAST_CYCLE_FRAMES: Final = 16
_SYSTOLE_PAIRS: Final = 24
"""Pairs of a systole in a beat of ``CYCLE_FRAMES``."""
WAVELENGTHS_PX: Final = (8.0, 16.0, 32.0, 64.0, 128.0)
_PROBE_PX: Final = 96
"""Least side of the small phantom whose motion tells that of the large one."""


@dataclass(frozen=True)
class PhantomCase:
    """One phantom of a comparison.

    Attributes:
        name: Heading in the table.
        config: How it is made.
        wavelength_px: Of a sinusoid, px; else None.
    """

    name: str
    config: PhantomConfig
    wavelength_px: float | None = None


def beat_frames(pairs: int) -> int:
    """Return the frames of a beat whose systole a run of pairs from end-diastole covers.

    A short run at the full frame rate would hold nothing but the standstill at end-diastole, so
    the frame rate is lowered, down to ``LEAST_CYCLE_FRAMES`` a beat. Blood moves at once, and its
    phantoms keep ``CYCLE_FRAMES``.
    """
    return min(
        CYCLE_FRAMES, max(LEAST_CYCLE_FRAMES, math.ceil(pairs * CYCLE_FRAMES / _SYSTOLE_PAIRS))
    )


def phantom_cases(config: EvaluationConfig) -> Iterator[PhantomCase]:
    """Yield every phantom of a comparison; sinusoids once for every wavelength."""
    for kind in config.cases:
        cycle = CYCLE_FRAMES if PhantomKind(kind).is_flow else beat_frames(config.pairs)
        for speckle in config.speckles:
            for noise in config.noises:
                for amplitude in config.amplitudes or (None,):
                    for wavelength in WAVELENGTHS_PX if kind == "sinusoid" else (None,):
                        name = _case_name(kind, speckle, noise, amplitude, wavelength)
                        for seed in range(config.seeds):
                            base = PhantomConfig(
                                kind=PhantomKind(kind),
                                size=config.size,
                                frames=config.pairs + 1,
                                cycle_frames=cycle,
                                fps=PhantomConfig().fps * cycle / CYCLE_FRAMES,
                                seed=seed,
                                speckle=SpeckleModel(speckle),
                                wavelength_px=wavelength or 32.0,
                            )
                            made = real_like(base) if noise == "real" else base
                            yield PhantomCase(name, _with_motion(made, amplitude), wavelength)


def _with_motion(config: PhantomConfig, amplitude: float | None) -> PhantomConfig:
    """Return settings whose fastest pair moves by ``amplitude`` px in the mean.

    Small motion lowers the phantom's amplitude. Large motion lowers the frame rate (fewer frames
    from ED to ES), since tissue cannot strain by more; phantoms whose step does not depend on it
    (``small``, ``sinusoid``, ``none``) keep their own largest step.
    """
    if amplitude is None:
        return config
    height, width = config.size
    shrink = max(1, min(config.size) // _PROBE_PX)
    small = (height // shrink, width // shrink)
    probe = make_phantom(replace(config, size=small, frames=config.cycle // 2))
    steps = [
        mean_length(field[None], mask[None])
        for field, mask in zip(probe.displacement, probe.mask[1:], strict=True)
    ]
    if not max(steps) > 0:
        return config
    factor = amplitude / (max(steps) * height / small[0])
    if factor <= 1:
        return replace(config, amplitude=config.amplitude * factor)
    cycle = max(4, round(config.cycle / factor))
    return replace(config, cycle_frames=cycle, fps=config.fps / factor)


def _case_name(
    kind: str, speckle: str, noise: str, amplitude: float | None, wavelength: float | None
) -> str:
    """Return the heading of a case."""
    parts = [kind if wavelength is None else f"{kind} of {wavelength:g} px"]
    if speckle != "scatterer":
        parts.append(f"{speckle} speckle")
    if noise == "real":
        parts.append("real-like noise")
    if amplitude is not None:
        parts.append(f"{amplitude:g} px a frame")
    return ", ".join(parts)
