"""How far longitudinal strain moves when what should not matter is changed.

Tracks an apical phantom with other seeds, contours off by 2 mm, another gain, gamma and video
compression, and with a loop that begins or an end-diastole that is marked two frames earlier and
later. Prints the strain of the whole contour at end-systole and the largest change over the beat,
in points; one is allowed. The words after the command choose among the changes. About three
minutes on one core.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.analysis import strain  # noqa: E402 - after the path is set
from engine.analysis.events import heart_cycle  # noqa: E402
from engine.analysis.trust import trust_map  # noqa: E402
from engine.analysis.wall import track_wall  # noqa: E402
from engine.config import MeasureConfig, TrackingConfig  # noqa: E402
from engine.masks.files import mask_of_contours  # noqa: E402
from engine.model import Contours, Mask, MaskKind, Target  # noqa: E402
from engine.phantom import Phantom, PhantomConfig, make_phantom  # noqa: E402
from engine.pipeline import track  # noqa: E402
from engine.progress import NullProgress  # noqa: E402

log = logging.getLogger("measure_robustness")

CYCLE: Final = 32
PHANTOM: Final = PhantomConfig(
    size=(192, 256), frames=2 * CYCLE + 5, fps=40.0, cycle_frames=CYCLE, seed=31
)
JITTER_MM: Final = 2.0
Frames = NDArray[np.uint8]
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """What differs from the plain loop.

    Attributes:
        frames: What is done to the picture.
        jitter: Seed of what is done to the contours, or None.
        first: First frame of the loop.
        end_diastole: Frame that is marked as end-diastole, in the phantom's frames.
        tracking: Settings of the tracking.
        config: Of the phantom.
    """

    frames: Callable[[Frames], Frames] | None = None
    jitter: int | None = None
    first: int = CYCLE - 4
    end_diastole: int = CYCLE
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    config: PhantomConfig = PHANTOM


def gain(decibels: float) -> Callable[[Frames], Frames]:
    """Return a change of the gain before log compression."""
    levels = 255 * decibels / PHANTOM.dynamic_range_db

    def brighter(frames: Frames) -> Frames:
        seen = np.clip(np.rint(frames.astype(np.float32) + levels), 0, 255)
        return np.where(frames > 0, seen, 0).astype(np.uint8)

    return brighter


def gamma(exponent: float) -> Callable[[Frames], Frames]:
    """Return another grey curve."""
    table = np.rint(255 * (np.arange(256) / 255) ** exponent).astype(np.uint8)
    return lambda frames: table[frames]


def compressed(frames: Frames, crf: int = 28) -> Frames:
    """Return the frames after H.264."""
    packed = io.BytesIO()
    with av.open(packed, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=40, options={"crf": str(crf)})
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="gray")
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode())
    packed.seek(0)
    with av.open(packed) as container:
        return np.stack([item.to_ndarray(format="gray") for item in container.decode(video=0)])


CHANGES: Final[dict[str, Change]] = {
    "plain": Change(),
    "seed of the tracking": Change(tracking=TrackingConfig(seed=1)),
    "speckle 32": Change(config=replace(PHANTOM, seed=32)),
    "speckle 33": Change(config=replace(PHANTOM, seed=33)),
    "contours 1": Change(jitter=1),
    "contours 2": Change(jitter=2),
    "contours 3": Change(jitter=3),
    "gain -6 dB": Change(gain(-6)),
    "gain +6 dB": Change(gain(6)),
    "gamma 0.7": Change(gamma(0.7)),
    "gamma 1.4": Change(gamma(1.4)),
    "crf 28": Change(compressed),
    "loop from -2": Change(first=CYCLE - 6),
    "loop from +2": Change(first=CYCLE - 2),
    "end-diastole -2": Change(end_diastole=CYCLE - 2),
    "end-diastole +2": Change(end_diastole=CYCLE + 2),
}


def main(names: list[str]) -> None:
    """Print a line a change."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    plain, true = _curves(Change())
    log.info("plain: %.2f %% at end-systole, truth %.2f %%", plain[_nadir(true)], true.min())
    for name, change in CHANGES.items():
        if name == "plain" or (names and not any(word in name for word in names)):
            continue
        found, truth = _curves(change)
        moved, should = found - plain, truth - true
        at = _nadir(true)
        log.info(
            "%s: end-systole %.2f (truth %.2f), over the beat %.2f at most (%.2f)",
            name, moved[at], should[at], np.abs(moved).max(), np.abs(should).max(),
        )  # fmt: skip


def _nadir(curve: Curve) -> int:
    return int(np.argmin(curve))


def _curves(change: Change) -> tuple[Curve, Curve]:
    """Return strain of the whole contour over the beat, found and true, %, from the R wave on."""
    phantom = make_phantom(change.config)
    chosen = slice(change.first, None)
    contours = _contours(phantom, chosen, change.jitter)
    picture = phantom.cine.frames if change.frames is None else change.frames(phantom.cine.frames)
    cine = replace(
        phantom.cine,
        frames=picture[chosen],
        frame_times_s=np.asarray(phantom.cine.frame_times_s)[chosen],
        first_frame=change.first,
    )
    wall_pixels = mask_of_contours(contours, cine.shape[1:], Target.TISSUE)
    marked = change.end_diastole - change.first
    mask = Mask(wall_pixels, MaskKind.WALL, contours, ed_frame=marked)
    result = track(cine, mask, change.tracking, NullProgress(), view=phantom.view)
    trust = trust_map(result)
    cycle = heart_cycle(result)
    wall = track_wall(result, result.finest, cycle, MeasureConfig(), trust.score)
    found = 100 * strain.lagrangian(wall.lengths(), cycle.start)[:, 0]
    if phantom.strain is None:
        sys.exit("The phantom has no wall.")
    ratio = 1 + phantom.strain.midwall / 100
    true = 100 * (ratio / ratio[change.end_diastole] - 1)
    beat = slice(CYCLE, 2 * CYCLE + 1)
    return found[beat.start - change.first : beat.stop - change.first], true[beat]


def _contours(phantom: Phantom, chosen: slice, jitter: int | None) -> Contours:
    """Return the phantom's contours, both off alike: a shift and three low waves, 2 mm RMS."""
    given = phantom.contours
    if given is None or given.epicardial is None:
        sys.exit("The phantom has no wall.")
    offset = np.zeros((len(given.endocardial[0]), 2))
    if jitter is not None:
        rng = np.random.default_rng(jitter)
        s = np.linspace(0, 1, len(offset))
        waves = [np.outer(np.cos(np.pi * order * s), rng.normal(size=2)) for order in range(4)]
        offset = np.sum(waves, axis=0)
        offset *= JITTER_MM / np.sqrt(np.mean(np.sum(offset**2, axis=1)))
    shift = (offset / np.asarray(phantom.config.spacing)).astype(np.float32)
    return Contours(given.endocardial[chosen] + shift, given.epicardial[chosen] + shift)


if __name__ == "__main__":
    main(sys.argv[1:])
