"""Fit how far the wall's vectors are trusted to the error of the shipped weights.

Run it whenever the weights change (``make trust``), and put what it prints into
``engine/analysis/wall_trust.py`` (``CALIBRATIONS``). It makes phantoms, some with parts of the
wall wiped out for some of the time, tracks them with the default settings, fits the exponents of
``WallCalibration`` to the logarithm of the true error, and shows on other seeds, sizes and noise
how well the expected error ranks the true one. About seven minutes on one core.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from wiped_phantoms import wiped  # noqa: E402 - after the path is set

from engine.analysis.wall_trust import WallCalibration, mean_error, wall_findings  # noqa: E402
from engine.config import TrackingConfig  # noqa: E402
from engine.model import Mask, MaskKind, TrackingResult  # noqa: E402
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom  # noqa: E402
from engine.phantom.config import real_like  # noqa: E402
from engine.pipeline import track  # noqa: E402
from engine.progress import NullProgress  # noqa: E402

log = logging.getLogger("calibrate_trust")

NAMES: Final = ("imprecision", "motion", "course", "departure", "beside", "darkness", "inwards")
OF_FRAMES: Final = {"imprecision", "darkness"}
WALLS: Final = (PhantomKind.APICAL, PhantomKind.REGIONAL, PhantomKind.SHORT_AXIS)
FIT_SEED, CHECK_SEED = 101, 201
FLOOR_PX = 0.02
STRIDE = 5
ROUNDS = 30

Table = tuple[NDArray[np.float64], NDArray[np.float64]]


def main() -> None:
    """Fit, print the constants, and check them on phantoms that were not fitted to."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    tables = [_table(phantom) for _, phantom in _phantoms(FIT_SEED, (192, 256))]
    fitted = {frames: _fit(tables, frames=frames) for frames in (True, False)}
    for frames, calibration in fitted.items():
        log.info("    %s: %s,", frames, calibration)
    log.info("phantom, noise: rank correlation, share of the error in the worst tenth (possible)")
    for title, phantom in _phantoms(CHECK_SEED, (240, 320)):
        found, error = _table(phantom)
        _show(title, found, error, fitted[True])


def _phantoms(seed: int, size: tuple[int, int]) -> Iterator[tuple[str, Phantom]]:
    """Yield walls without noise, with a weak flank, and wiped out in places; own noise each."""
    for index, kind in enumerate(WALLS):
        clean = PhantomConfig(kind, size, 14, seed=seed + index, cycle_frames=36)
        noise = 0.15 + 0.05 * ((seed + index) % 3)
        own = seed + 50 + index
        yield f"{kind}, clean", make_phantom(clean)
        noisy = replace(real_like(clean), seed=own)
        yield (
            f"{kind}, drop-out, {noise:g}",
            make_phantom(replace(noisy, noise=noise, drop_out=0.9)),
        )
        weak = replace(clean, frames=20, cycle_frames=40, seed=own + 10, noise=0.3, drop_out=0.9)
        yield f"{kind}, drop-out alone, 0.3", make_phantom(weak)
        full = make_phantom(replace(noisy, drop_out=0.0, decorrelation=0.12))
        yield f"{kind}, wiped, {noise:g}", wiped(full, noise, own)
        calm = make_phantom(replace(clean, cycle_frames=22, seed=own))
        yield f"{kind}, wiped, static echo", wiped(calm, 0.1, own, static=0.12)


def _table(phantom: Phantom) -> Table:
    """Return the findings ``(N, names)`` and true errors ``(N,)`` of a phantom, tracked."""
    result = _tracked(phantom)
    field = result.finest
    if field.uncertainty is None:
        sys.exit("These weights tell no expectation of their own: there is nothing to calibrate.")
    seen = wall_findings(result, field, NullProgress())
    inside = phantom.mask[1:]
    boxed = inside[:, *seen.box]
    found = [np.broadcast_to(seen.weighed[name], boxed.shape)[boxed][::STRIDE] for name in NAMES]
    error = phantom.error(field.displacement)[inside][::STRIDE]
    return np.stack(found, axis=1).astype(np.float64), error.astype(np.float64)


def _tracked(phantom: Phantom) -> TrackingResult:
    mask = Mask(phantom.mask, MaskKind.WALL, phantom.contours)
    return track(phantom.cine, mask, TrackingConfig(), NullProgress(), view=phantom.view)


def _fit(tables: list[Table], *, frames: bool) -> WallCalibration:
    """Return the calibration with or without frames; no finding may lower the expected error."""
    used = [name for name in NAMES if frames or name not in OF_FRAMES]
    columns = [NAMES.index(name) for name in used]
    found = np.concatenate([table[0][:, columns] for table in tables])
    target = np.concatenate([np.log(table[1] + FLOOR_PX) for table in tables])
    weight = np.concatenate([np.full(len(error), len(error) ** -0.5) for _, error in tables])
    # The constant may have any sign: one column for each.
    design = np.column_stack([found, np.ones(len(found)), -np.ones(len(found))])
    exponents = nnls(design * weight[:, None], target * weight)[0]
    constant = 0.0
    for _ in range(ROUNDS):
        # The constant makes what is expected right in the mean of every phantom.
        short = [
            np.log(
                error.mean()
                / mean_error(np.exp(part[:, columns] @ exponents[:-2] + constant)).mean()
            )
            for part, error in tables
        ]
        constant += 0.5 * float(np.mean(short))
    values = {name: round(float(value), 2) for name, value in zip(used, exponents, strict=False)}
    return WallCalibration(**values, constant=round(constant, 2))


def _show(
    title: str, found: NDArray[np.float64], error: NDArray[np.float64], by: WallCalibration
) -> None:
    exponents = np.array([getattr(by, name) for name in NAMES])
    expected = mean_error(np.exp(found @ exponents + by.constant))
    tenth = len(error) // 10
    held = error[np.argsort(-expected)[:tenth]].sum() / error.sum()
    possible = np.sort(error)[-tenth:].sum() / error.sum()
    log.info(
        "%s: %.2f, %.2f (%.2f); mean error %.3f px, expected %.3f px",
        title, spearmanr(expected, error).statistic, held, possible, error.mean(), expected.mean(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
