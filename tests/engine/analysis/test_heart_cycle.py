"""The beat that is measured, and those after it, end where the next end-diastole is."""

import numpy as np

from engine.analysis.events import heart_cycle
from engine.model import Contours, Scale, ScaleField, Target, TrackingResult

FRAMES = 64
SHAPE = (48, 48)


def result_of(*, r_times_s: tuple[float, ...] = (), beats: float = 0.0) -> TrackingResult:
    """A loop of 50 frames/s; with ``beats`` its contour beats so many times, from its largest."""
    contours = None
    if beats:
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        radius = 14 + 3 * np.cos(2 * np.pi * beats * np.arange(FRAMES) / (FRAMES - 1))
        contours = Contours((24 + radius[:, None, None] * ring).astype(np.float32), closed=True)
    field = ScaleField(Scale.FULL, np.zeros((FRAMES - 1, 2, *SHAPE), dtype=np.float32))
    return TrackingResult(
        (field,), np.ones((FRAMES, *SHAPE), dtype=bool), "ssmsr", Target.TISSUE, "0", "0",
        frame_times_s=np.arange(FRAMES) / 50 if r_times_s else None,
        contours=contours, r_times_s=r_times_s, ed_frame=0,
    )  # fmt: skip


def test_every_whole_r_r_interval_closes_a_beat() -> None:
    cycle = heart_cycle(result_of(r_times_s=(0.0, 0.4, 0.84, 1.2, 1.6)))
    assert (cycle.start, cycle.end, cycle.later_ends) == (0, 20, (42, 60))
    assert cycle.ends == (20, 42, 60)


def test_a_loop_of_less_than_a_beat_closes_none() -> None:
    cycle = heart_cycle(result_of(r_times_s=(0.0, 1.4)))
    assert cycle.end is None
    assert cycle.ends == ()


def test_beats_of_the_contour_close_one_after_the_other() -> None:
    cycle = heart_cycle(result_of(beats=3.0))
    assert cycle.start == 0
    assert np.abs(np.array(cycle.ends) - (21, 42, 63)).max() <= 1
