"""Accuracy on phantoms, whose motion is known exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.trust import trust_map
from engine.evaluation.cases import CYCLE_FRAMES, PhantomCase, beat_frames, phantom_cases
from engine.evaluation.limit import best_limit, oracle_limits
from engine.evaluation.metrics import (
    carry_points,
    derivative_error,
    endpoint_error,
    mean_length,
    pair_errors,
    recovered_amplitude,
    round_trip_error,
    segment_strains,
)
from engine.evaluation.records import WAVELENGTH, Column, Evaluation, EvaluationConfig, Row
from engine.evaluation.runner import (
    QuietProgress,
    Run,
    Variant,
    reversed_loop,
    run_variant,
    variants,
)
from engine.model import Mask, MaskKind, ScaleField, TrackingResult
from engine.phantom import Phantom, make_phantom
from engine.progress import Progress, Step
from engine.registration.quality import field_quality

_FRAME: Final = "Error from frame to frame"
_BEAT: Final = "From end-diastole to end-systole"
_TRUST: Final = "Consistency and trust"
_COST: Final = "Fit and cost"
COLUMNS: Final = (
    Column("endpoint error", "px", group=_FRAME),
    Column("95th percentile", "px", group=_FRAME),
    Column("motion", "px", best="", group=_FRAME),
    Column("found motion", "px", best="", group=_FRAME),
    Column("amplitude", best="one", group=_FRAME),
    Column("strain error", "%", group=_FRAME),
    Column("vorticity error", "1/frame", group=_FRAME),
    Column("divergence error", "1/frame", group=_FRAME),
    Column("oracle grid", "px", best="", group=_FRAME),
    Column("carried points", "px", group=_BEAT),
    Column("carried way", "px", best="", group=_BEAT),
    Column("segment strain error", "points", group=_BEAT),
    Column("regional contrast", best="one", group=_BEAT),
    Column("folding", "%", group=_TRUST),
    Column("inverse consistency", "px", group=_TRUST),
    Column("wrong vectors", "%", group=_TRUST),
    Column("of them flagged", "%", best="high", group=_TRUST),
    Column("right ones flagged", "%", group=_TRUST),
    Column("MSE", best="", group=_COST),
    Column("NLCC", best="", group=_COST),
    Column("time", "s/pair", group=_COST),
    Column("processor time", "s/pair", group=_COST),
    Column("memory", "MiB", group=_COST),
)
SEGMENTS: Final = 6
_POINT_STEP_PX: Final = 4
_LEAST_CONTRAST: Final = 1.0
"""Spread of the true segment strains below which there is no contrast to recover, points."""
_WRONG_PX: Final = 2.0
"""Endpoint error beyond which a vector is wrong."""
_ORACLE_PAIRS: Final = 3


def evaluate_phantoms(config: EvaluationConfig, progress: Progress) -> Evaluation:
    """Compare methods on phantoms: same phantoms, pairs and masks for all.

    Args:
        config: Methods, cases, noise, amplitudes, seeds, pairs.
        progress: Told of every method on every phantom; each row arrives as a part.

    Returns:
        A row a case, seed, method, scale and state of the test-time training.

    Raises:
        InputError: If a method or case is unknown.
        Cancelled: If the user has asked to stop.
    """
    chosen = variants(config.methods, config.test_time_training)
    cases = list(phantom_cases(config))
    rows: list[Row] = []
    done, total = 0, len(cases) * len(chosen)
    for case in cases:
        phantom = make_phantom(case.config, QuietProgress(progress))
        references = [_truth_row(case, phantom)]
        if config.oracle:
            references.append(_oracle_row(case, phantom))
        for row in references:
            rows.append(row)
            progress.partial(row)
        for variant in chosen:
            progress.check()
            progress.report(Step(case.name, done, total, variant.method, done / total))
            for row in _rows_of(case, phantom, variant, config, progress):
                rows.append(row)
                progress.partial(row)
            done += 1
    progress.report(Step("phantoms", done, total, fraction=1.0))
    return Evaluation("Accuracy on phantoms", COLUMNS, tuple(rows), _notes(config))


def field_values(found: ScaleField, phantom: Phantom) -> dict[str, float]:
    """Return all errors of one field against a phantom's truth, by column name."""
    masks = phantom.mask[1:]
    error = endpoint_error(found.displacement, phantom.displacement, masks)
    derivatives = derivative_error(found.displacement, phantom.displacement, masks)
    values = {
        "endpoint error": error.mean,
        "95th percentile": error.p95,
        "motion": mean_length(phantom.displacement, masks),
        "found motion": mean_length(found.displacement, masks),
        "amplitude": recovered_amplitude(found.displacement, phantom.displacement, masks),
        "strain error": derivatives.strain,
        "vorticity error": derivatives.vorticity,
        "divergence error": derivatives.divergence,
        "folding": found.folding,
        "MSE": found.mse,
        "NLCC": found.nlcc,
    }
    values.update(_accumulated(found.displacement, phantom))
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _rows_of(
    case: PhantomCase,
    phantom: Phantom,
    variant: Variant,
    config: EvaluationConfig,
    progress: Progress,
) -> Iterator[Row]:
    """Run a variant on a phantom and yield a row a scale."""
    mask = Mask(phantom.mask, MaskKind.FILE)
    seed = case.config.seed
    run = run_variant(
        variant, phantom.cine, mask, device=config.device, seed=seed, progress=progress
    )
    back: Run | None = None
    if config.consistency:
        cine, flipped = reversed_loop(phantom.cine, mask)
        back = run_variant(
            variant, cine, flipped, device=config.device, seed=seed, progress=progress
        )
    pairs = len(phantom.displacement)
    seconds = 0.0
    for index, found in enumerate(run.fields):
        # Coarse scales are reached on the way to fine ones: a scale's time includes theirs.
        seconds += found.seconds
        values = field_values(found, phantom)
        if back is not None:
            values["inverse consistency"] = round_trip_error(
                found.displacement, back.fields[index].displacement[::-1], phantom.mask[1:]
            )
        if found is run.fields[-1]:
            values.update(_trust(found, phantom, variant))
        values["time"] = seconds / pairs
        values["processor time"] = run.processor_s / pairs
        values["memory"] = run.memory_mib
        if case.wavelength_px is not None:
            values[WAVELENGTH] = case.wavelength_px
        label = found.scale.label
        single = pair_errors(found.displacement, phantom.displacement, phantom.mask[1:])
        yield Row(case.name, variant.method, label, variant.training, seed, values, single)


def _truth_row(case: PhantomCase, phantom: Phantom) -> Row:
    """Return the row of the true field: what a perfect method would show."""
    mse, nlcc, folding = field_quality(phantom.cine.frames, phantom.displacement, phantom.mask)
    motion = mean_length(phantom.displacement, phantom.mask[1:])
    values = {
        "endpoint error": 0.0,
        "motion": motion,
        "found motion": motion,
        "folding": folding,
        "MSE": mse,
        "NLCC": nlcc,
    }
    return Row(case.name, "truth", "1", "", case.config.seed, values)


def _oracle_row(case: PhantomCase, phantom: Phantom) -> Row:
    """Return the error that noise alone leaves to one pair, on the best B-spline grid."""
    pairs = np.unique(np.linspace(0, len(phantom.displacement) - 1, _ORACLE_PAIRS).astype(int))
    best = best_limit(oracle_limits(phantom, pairs.tolist()))
    values = {"endpoint error": best.total, "oracle grid": float(best.grid_px)}
    return Row(case.name, "oracle", "1", "", case.config.seed, values)


def _trust(found: ScaleField, phantom: Phantom, variant: Variant) -> dict[str, float]:
    """Return how many vectors are wrong, and how many of both kinds the product distrusts."""
    result = TrackingResult(
        fields=(found,),
        mask=phantom.mask,
        method=variant.name,
        target=phantom.target,
        source_sha256=phantom.cine.provenance.sha256,
        software_version="",
        frames=phantom.cine.frames,
        frame_times_s=phantom.cine.frame_times_s,
        spacing_mm=phantom.cine.spacing_mm,
    )
    masks = phantom.mask[1:]
    flagged = ~trust_map(result).trusted[masks]
    wrong = phantom.error(found.displacement)[masks] > _WRONG_PX
    values = {
        "wrong vectors": 100 * float(wrong.mean()),
        "right ones flagged": 100 * float(flagged[~wrong].mean()) if not wrong.all() else 0.0,
    }
    if wrong.any():
        values["of them flagged"] = 100 * float(flagged[wrong].mean())
    return values


def _accumulated(displacement: NDArray[np.float32], phantom: Phantom) -> dict[str, float]:
    """Return the errors of material points and segments carried from ED to ES."""
    start, end = phantom.ed_frame, phantom.es_frame
    rows, columns = np.nonzero(phantom.mask[start])
    chosen = (rows % _POINT_STEP_PX == 0) & (columns % _POINT_STEP_PX == 0)
    points = np.stack([columns[chosen], rows[chosen]], axis=1).astype(np.float64)
    truth = phantom.material_path(points)[end]
    found = carry_points(displacement[start:end], points)[-1]
    values = {
        "carried points": float(np.linalg.norm(found - truth, axis=1).mean()),
        "carried way": float(np.linalg.norm(truth - points, axis=1).mean()),
    }
    if phantom.midwall is not None and phantom.strain is not None:
        values.update(_segments(displacement[start:end], phantom.midwall[[start, end]], phantom))
    return values


def _segments(
    displacement: NDArray[np.float32], midwall: NDArray[np.float64], phantom: Phantom
) -> dict[str, float]:
    """Return error and recovered contrast of the mid-wall segments' end-systolic strain."""
    closed = phantom.contours is not None and phantom.contours.closed
    carried = carry_points(displacement, midwall[0])[-1]
    found, truth = (
        segment_strains(midwall[0], end, SEGMENTS, closed=closed) for end in (carried, midwall[1])
    )
    spread = truth - truth.mean()
    values = {"segment strain error": float(np.abs(found - truth).mean())}
    if spread.std() > _LEAST_CONTRAST:
        values["regional contrast"] = float((spread * found).sum() / (spread**2).sum())
    return values


def _notes(config: EvaluationConfig) -> tuple[str, ...]:
    """Return what the reader of the table must know."""
    return (
        f"Phantoms of {config.size[0]}x{config.size[1]} px, {config.seeds} seed(s), the first "
        f"{config.pairs} pairs of a beat of {beat_frames(config.pairs)} frames (blood "
        f"{CYCLE_FRAMES}); all methods saw the same frames and masks. Errors are pooled over the "
        "mask. 'identity' is no motion, 'truth' the phantom's own field, 'oracle' a least-squares "
        "B-spline fit that starts from the truth (what noise alone leaves to one pair by itself). "
        "A vector is wrong beyond 2 px; flagged ones are those that the product calls untrusted. "
        "Points and segments are carried from end-diastole to end-systole (or the last frame). "
        "'amplitude' is how much of the true motion's variation is found, 1 is all. A scale's "
        "time is wall time and includes the coarser ones; processor time and memory (growth at "
        "the peak) are those of the whole run.",
    )
