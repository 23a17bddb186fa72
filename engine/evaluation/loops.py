"""Real loops, where no truth exists: fit that a method could not chase, and consistency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.config import MaskConfig, ReadConfig
from engine.errors import InputError
from engine.evaluation.beats import WallBeats
from engine.evaluation.held_out import FOLDS, blank_blocks, block_corners, score_blocks
from engine.evaluation.metrics import compose, mean_length, round_trip_error
from engine.evaluation.records import Column, Evaluation, EvaluationConfig, Row
from engine.evaluation.runner import Run, Variant, reversed_loop, run_variant, variants
from engine.io.reader import read_cine
from engine.masks.build import build_mask
from engine.model import Cine, Mask
from engine.progress import NullProgress, Progress, Step

COLUMNS: Final = (
    Column("held-out NLCC", best="high"),
    Column("held-out MSE"),
    Column("triplet", "px"),
    Column("forward-backward", "px"),
    Column("beat drift", "points"),
    Column("beat spread", "points"),
    Column("folding", "%"),
    Column("found motion", "px", best=""),
    Column("in-sample NLCC", best=""),
    Column("in-sample MSE", best=""),
    Column("time", "s/pair"),
    Column("processor time", "s/pair"),
    Column("memory", "MiB"),
)


@dataclass(frozen=True, eq=False)
class Stretch:
    """A run of neighbouring frames of a real loop with its mask.

    Attributes:
        name: Of the file.
        cine: The frames of the run.
        mask: Where the fields count.
        wall: Its wall and whole beats; None where it holds no beat.
    """

    name: str
    cine: Cine
    mask: Mask
    wall: WallBeats | None = None


def evaluate_loops(
    paths: Sequence[Path], config: EvaluationConfig, progress: Progress
) -> Evaluation:
    """Compare methods on real loops: same stretch, pairs and mask for all.

    Args:
        paths: Loops.
        config: Methods, first frame and number of pairs.
        progress: Told of every method on every loop; each row arrives as a part.

    Returns:
        A row a loop, method, scale and state of the test-time training.

    Raises:
        InputError: If a loop has too few frames, or a method is unknown.
        UnreadableFileError: If a loop cannot be read.
        Cancelled: If the user has asked to stop.
    """
    chosen = variants(config.methods, config.test_time_training)
    stretches = [read_stretch(path, config) for path in paths]
    rows: list[Row] = []
    total = len(stretches) * len(chosen)
    for stretch in stretches:
        for variant in chosen:
            progress.check()
            progress.report(
                Step(stretch.name, len(rows), 0, variant.method, _share(rows, chosen, total))
            )
            for row in compare_on_stretch(stretch, variant, config, progress):
                rows.append(row)
                progress.partial(row)
    progress.report(Step("loops", total, total, fraction=1.0))
    return Evaluation("Consistency on real loops", COLUMNS, tuple(rows), _notes(config))


def read_stretch(path: Path, config: EvaluationConfig) -> Stretch:
    """Read the stretch of a loop that is compared, and make its mask.

    Raises:
        InputError: If the loop ends before the stretch has three frames.
        UnreadableFileError: If the loop cannot be read.
    """
    last = config.start + config.pairs + 1
    cine = read_cine(path, ReadConfig(frames=(config.start, None)), NullProgress())
    if len(cine.frames) < 3:
        raise InputError(
            f"{path.name} has {len(cine.frames)} frame(s) from frame {config.start} on; the "
            "comparison needs three. Choose an earlier first frame."
        )
    count = min(len(cine.frames), last - config.start)
    mask = build_mask(cine, MaskConfig(), NullProgress())
    times = None if cine.frame_times_s is None else cine.frame_times_s[:count]
    short = replace(cine, frames=cine.frames[:count], frame_times_s=times)
    wall = None if mask.contours is None else WallBeats.of(mask.contours, cine.frame_times_s, count)
    return Stretch(path.name, short, Mask(mask.data[:count], mask.kind), wall)


def compare_on_stretch(
    stretch: Stretch, variant: Variant, config: EvaluationConfig, progress: Progress
) -> tuple[Row, ...]:
    """Run one variant on a stretch, also backward, on every other frame, and with blocks blanked.

    Returns:
        A row a scale.
    """
    cine, mask = stretch.cine, stretch.mask

    def run(loop: tuple[Cine, Mask]) -> Run:
        return run_variant(
            variant, loop[0], loop[1], device=config.device, seed=0, progress=progress
        )

    main = run((cine, mask))
    back = run(reversed_loop(cine, mask)) if config.consistency else None
    skips = [run(_every_other(cine, mask, start)) for start in (0, 1)] if back else []
    folds = _folds(mask) if config.held_out else []
    blanked = [run(blank_blocks(cine, mask, corners)) for corners in folds]
    rows = []
    seconds = 0.0
    for index, found in enumerate(main.fields):
        seconds += found.seconds
        u = found.displacement
        values = {
            "folding": found.folding,
            "found motion": mean_length(u, mask.data[1:]),
            "in-sample NLCC": found.nlcc,
            "in-sample MSE": found.mse,
            "time": seconds / len(u),
            "processor time": main.processor_s / len(u),
            "memory": main.memory_mib,
        }
        if stretch.wall is not None:
            values |= stretch.wall.scores(u)
        if back is not None:
            backward = back.fields[index].displacement[::-1]
            values["forward-backward"] = round_trip_error(u, backward, mask.data[1:])
            values["triplet"] = triplet_error(
                u, [skip.fields[index].displacement for skip in skips], mask.data
            )
        scores = [
            score_blocks(cine, mask, other.fields[index].displacement, corners)
            for other, corners in zip(blanked, folds, strict=True)
        ]
        if scores:
            values["held-out NLCC"] = float(np.mean([score.nlcc for score in scores]))
            values["held-out MSE"] = float(np.mean([score.mse for score in scores]))
        rows.append(
            Row(stretch.name, variant.method, found.scale.label, variant.training, 0, values)
        )
    return tuple(rows)


def triplet_error(
    displacement: NDArray[np.float32],
    skips: Sequence[NDArray[np.float32]],
    mask: NDArray[np.bool_],
) -> float:
    """Return how far k to k+2 found directly lies from its two steps composed, px.

    Args:
        displacement: ``(T-1, 2, H, W)``.
        skips: Fields of the loops of even frames and of odd frames.
        mask: ``(T, H, W)``.

    Returns:
        Mean length of the difference over the mask of frame k+2.
    """
    lengths = []
    for middle in range(1, len(displacement)):
        composed = compose(displacement[middle], displacement[middle - 1])
        direct = skips[(middle - 1) % 2][(middle - 1) // 2]
        lengths.append(mean_length((direct - composed)[None], mask[middle + 1][None]))
    return float(np.mean(lengths))


def _every_other(cine: Cine, mask: Mask, start: int) -> tuple[Cine, Mask]:
    """Return every other frame from a start."""
    frames = np.array(cine.frames[start::2])
    if len(frames) < 2:
        # Three frames hold one triplet only, that of the even frames.
        frames = np.repeat(frames, 2, axis=0)
        return Cine(frames, cine.provenance), Mask(np.repeat(mask.data[1:2], 2, 0), mask.kind)
    return Cine(frames, cine.provenance), Mask(np.array(mask.data[start::2]), mask.kind)


def _folds(mask: Mask) -> list[NDArray[np.intp]]:
    """Return the blocks of every fold that has any, within the mask of all frames."""
    always = np.asarray(mask.data.all(axis=0))
    folds = [block_corners(always, fold) for fold in range(FOLDS)]
    return [corners for corners in folds if len(corners)]


def _share(rows: Sequence[Row], chosen: Sequence[Variant], total: int) -> float:
    """Return the fraction of variants that are done."""
    done = {(row.case, row.method, row.training) for row in rows}
    return min(1.0, len(done) / total) if chosen else 1.0


def _notes(config: EvaluationConfig) -> tuple[str, ...]:
    """Return what the reader of the table must know."""
    return (
        f"Contiguous stretches of {config.pairs} pairs from frame {config.start}; all methods "
        "saw the same frames and masks. Held-out: blocks of 16x16 px (one in nine) were blanked "
        "in every frame, and the field found around them is scored on their untouched pixels. "
        "Triplet: k to k+2 found directly against its two steps composed. Beat drift: strain that "
        "six parts of the wall still have when a beat is over; beat spread: how far beats differ "
        "after that (where the stretch holds one, two whole beats). 'identity' is perfectly "
        "consistent and fits badly: read consistency together with held-out fit. In-sample fit "
        "rewards over-deformation; nothing was chosen by it.",
    )
