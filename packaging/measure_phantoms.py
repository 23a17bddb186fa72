"""From phantom cine to number: track, measure, and hold every frame against the truth.

Prints a line for the phantom's own contours, one for its end-diastolic contour alone, and one for
automatic masks: the largest error over the beat, in points of strain (degree for twist), beside
what is asked. The words after
the command choose among ``apical``, ``regional`` and ``short_axis``; none means all. About a minute
a line on one core.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.analysis import strain  # noqa: E402 - after the path is set
from engine.analysis.events import HeartCycle, heart_cycle  # noqa: E402
from engine.analysis.measure import measure  # noqa: E402
from engine.analysis.trust import trust_map  # noqa: E402
from engine.analysis.wall import Wall, track_wall  # noqa: E402
from engine.config import MaskConfig, MeasureConfig, TrackingConfig  # noqa: E402
from engine.model import Contours, Mask, MaskKind, TrackingResult  # noqa: E402
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom  # noqa: E402
from engine.phantom.config import real_like  # noqa: E402
from engine.pipeline import build_mask, track  # noqa: E402
from engine.progress import NullProgress  # noqa: E402

log = logging.getLogger("measure_phantoms")

WALLS: Final = (PhantomKind.APICAL, PhantomKind.REGIONAL, PhantomKind.SHORT_AXIS)
SEED = 11
ASKED: Final = {
    "whole": 1.0, "segments": 3.0, "circumferential": 2.0, "twist": 1.0, "drift": 0.5, "EF": 2.0,
}  # fmt: skip
Curve = NDArray[np.float64]


def main(names: list[str]) -> None:
    """Print a line a phantom, mask and noise."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    log.info("asked: %s", ", ".join(f"{name} {limit:g}" for name, limit in ASKED.items()))
    for kind in [PhantomKind(name) for name in names] or WALLS:
        clean = PhantomConfig(kind, (288, 384), 41, fps=50.0, seed=SEED)
        for title, config in (("clean", clean), ("as real", real_like(clean))):
            phantom = make_phantom(config)
            own = _tracked(phantom, _own(phantom))
            automatic = _tracked(phantom, _automatic(phantom))
            alone = replace(own, contours=_of_one_frame(phantom))
            for origin, result in (
                ("own", own), ("own end-diastolic", alone), ("automatic", automatic),
            ):  # fmt: skip
                found = errors(phantom, result)
                words = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
                log.info("%s, %s, %s contour: %s", kind, title, origin, words)


def errors(phantom: Phantom, result: TrackingResult) -> dict[str, float]:
    """Return the largest error of every quantity over the beat."""
    truth = phantom.strain
    if truth is None:
        return {}
    trust = trust_map(result)
    cycle = heart_cycle(result)
    wall = track_wall(result, result.finest, cycle, MeasureConfig(), trust.score)
    beat = slice(cycle.start, cycle.last(len(result.mask)) + 1)
    along = 100 * strain.lagrangian(wall.lengths(), cycle.start)
    across = 100 * strain.lagrangian(wall.thickness(), cycle.start)
    closed = wall.band.basis.closed
    segments = _since(truth.segments, cycle)
    differences = {
        "circumferential" if closed else "whole": along[:, 0] - _since(truth.midwall, cycle),
        "segments": along[:, 1:] - segments,
        "radial": across[:, 0] - _since(truth.radial, cycle),
    }
    if truth.twist is not None:
        differences["twist"] = wall.rotation("midwall") - truth.twist + truth.twist[cycle.start]
    found = {name: float(np.abs(curve[beat]).max()) for name, curve in differences.items()}
    if phantom.config.kind is PhantomKind.REGIONAL:
        found["contrast"] = _contrast(along[beat, 1:], segments[beat])
    return found | _once(phantom, result, wall, cycle)


def _once(
    phantom: Phantom, result: TrackingResult, wall: Wall, cycle: HeartCycle
) -> dict[str, float]:
    """Return the errors of what a beat has once: drift and ejection fraction."""
    found = {}
    if cycle.end is not None:
        raw = strain.lagrangian(wall.lengths(raw=True), cycle.start)[cycle.end, 0]
        found["drift"] = 100 * float(raw)
    if phantom.volume_ml is not None:
        rows = measure(result, MeasureConfig(), NullProgress())
        fraction = next(rows.select("ejection_fraction"), None)
        volume = phantom.volume_ml
        true = 100 * (1 - volume[phantom.es_frame] / volume[phantom.ed_frame])
        if fraction is not None:
            found["EF"] = float(fraction.value - true)
    return found


def _since(percent: Curve, cycle: HeartCycle) -> Curve:
    """Return strain against frame 0, %, as strain against the measured end-diastole."""
    ratio = 1 + percent / 100
    based: Curve = 100 * (ratio / ratio[cycle.start] - 1)
    return based


def _contrast(found: Curve, true: Curve) -> float:
    """Return the share of the differences between segments that is recovered."""
    seen, real = (part - part.mean(axis=1, keepdims=True) for part in (found, true))
    return float((seen * real).sum() / (real * real).sum())


def _own(phantom: Phantom) -> Mask:
    return Mask(
        phantom.mask,
        MaskKind.WALL,
        phantom.contours,
        ed_frame=phantom.ed_frame,
        es_frame=phantom.es_frame,
    )


def _of_one_frame(phantom: Phantom) -> Contours | None:
    """Return the end-diastolic contours, the same in every frame."""
    given = phantom.contours
    if given is None or given.epicardial is None:
        return given
    frames = [phantom.ed_frame or 0] * len(given.endocardial)
    return Contours(given.endocardial[frames], given.epicardial[frames], closed=given.closed)


def _automatic(phantom: Phantom) -> Mask:
    view = None if phantom.view is None else phantom.view.value
    return build_mask(phantom.cine, MaskConfig(view=view), NullProgress())


def _tracked(phantom: Phantom, mask: Mask) -> TrackingResult:
    return track(phantom.cine, mask, TrackingConfig(), NullProgress(), view=phantom.view)


if __name__ == "__main__":
    main(sys.argv[1:])
