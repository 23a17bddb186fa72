"""Fit how far the vectors of blood are trusted to the error of the shipped weights.

Run it whenever the weights change (``make trust``), and put what it prints into
``engine/analysis/blood_trust.py`` (``CALIBRATION``). It makes vortices and jets, fast and slow,
clean and noisy, tracks them with the default settings, fits the exponents of ``BloodCalibration``
to the logarithm of the true error, and shows how each loop is judged by a fit to all others. About
two minutes on one core.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.analysis.blood_trust import CAUTION, BloodCalibration, blood_findings  # noqa: E402
from engine.analysis.witness import witness_of_pair  # noqa: E402
from engine.config import TrackingConfig  # noqa: E402
from engine.model import Mask, MaskKind, Target  # noqa: E402
from engine.phantom import PhantomConfig, PhantomKind, SpeckleModel, make_phantom  # noqa: E402
from engine.pipeline import track  # noqa: E402
from engine.progress import NullProgress  # noqa: E402

log = logging.getLogger("calibrate_blood_trust")

NAMES: Final = ("roughness", "both_ways", "loss", "imprecision")
SMALL, MEDIUM, LARGE = (192, 256), (240, 320), (288, 384)
VORTEX: Final = PhantomConfig(PhantomKind.VORTEX, SMALL, 10, cycle_frames=60)
JET: Final = replace(VORTEX, kind=PhantomKind.JET)
LOOPS: Final = (
    replace(VORTEX, seed=9, noise=0.1),
    replace(VORTEX, seed=19, noise=0.3),
    replace(VORTEX, size=LARGE, seed=29, noise=0.1),
    replace(VORTEX, size=LARGE, seed=39, noise=0.05, cycle_frames=40),
    replace(VORTEX, size=MEDIUM, seed=49, noise=0.03),
    replace(VORTEX, size=MEDIUM, seed=59, noise=0.1, speckle=SpeckleModel.SPARSE),
    replace(VORTEX, seed=91, noise=0.2, amplitude=1.5),
    replace(VORTEX, size=LARGE, seed=92, noise=0.3, amplitude=0.5),
    replace(VORTEX, seed=93, noise=0.6, decorrelation=0.2),
    replace(
        VORTEX, size=MEDIUM, seed=94, noise=0.5, decorrelation=0.25, clutter=0.3, amplitude=1.6
    ),
    replace(JET, seed=9, noise=0.1),
    replace(JET, seed=19, noise=0.3),
    replace(JET, size=MEDIUM, seed=29, noise=0.1),
    replace(JET, size=MEDIUM, seed=39, noise=0.05, cycle_frames=90),
    replace(JET, frames=11, seed=70, noise=0.1, cycle_frames=16),
    replace(JET, frames=11, seed=71, noise=0.2, cycle_frames=24, amplitude=0.7),
    replace(JET, size=MEDIUM, frames=11, seed=72, noise=0.1, cycle_frames=16, amplitude=0.7),
    replace(JET, size=MEDIUM, frames=11, seed=73, noise=0.05, cycle_frames=30),
    replace(JET, size=LARGE, frames=11, seed=74, noise=0.1, cycle_frames=20, amplitude=0.5),
    replace(JET, frames=11, seed=75, noise=0.15, cycle_frames=40),
)
FLOOR_PX = 0.05
STRIDE = 7
# Wrong vectors are what must be found, so errors count by a power of their size.
EMPHASIS, EMPHASIS_FLOOR_PX = 0.25, 0.1

Table = tuple[NDArray[np.float64], NDArray[np.float64]]


def main() -> None:
    """Fit, print the constants, and judge every loop by a fit to the others."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    tables = [_table(config) for config in LOOPS]
    log.info("%s, and CAUTION upon the constant", _fit(tables))
    log.info("loop: rank correlation, share of wrong (> 2 px) untrusted, of good (< 0.5 px)")
    for index, (config, table) in enumerate(zip(LOOPS, tables, strict=True)):
        by = _fit([other for other in tables if other is not table])
        _show(f"{index + 1} {config.kind}, noise {config.noise:g}", table, by)


def _table(config: PhantomConfig) -> Table:
    """Return the findings ``(N, names)`` and true errors ``(N,)`` of a phantom, tracked."""
    phantom = make_phantom(config)
    mask = Mask(phantom.mask, MaskKind.BLOOD_POOL)
    settings = TrackingConfig(target=Target.BLOOD)
    result = track(phantom.cine, mask, settings, NullProgress(), view=phantom.view)
    field = result.finest
    errors = phantom.error(field.displacement)
    found, wrong = [], []
    for pair, inside in enumerate(phantom.mask[1:]):
        seen = blood_findings(witness_of_pair(result, field, pair), inside)
        found.append(np.stack([seen[name][inside] for name in NAMES], axis=1)[::STRIDE])
        wrong.append(errors[pair][inside][::STRIDE])
    return np.concatenate(found).astype(np.float64), np.concatenate(wrong).astype(np.float64)


def _fit(tables: list[Table]) -> BloodCalibration:
    """Return the calibration without caution; no finding may lower the expected error."""
    found = np.concatenate([table[0] for table in tables])
    target = np.concatenate([np.log(error + FLOOR_PX) for _, error in tables])
    weight = np.concatenate(
        [len(error) ** -0.5 * (error + EMPHASIS_FLOOR_PX) ** EMPHASIS for _, error in tables]
    )
    # The constant may have any sign: one column for each.
    design = np.column_stack([found, np.ones(len(found)), -np.ones(len(found))])
    *exponents, above, below = nnls(design * weight[:, None], target * weight)[0]
    values = {name: round(float(value), 2) for name, value in zip(NAMES, exponents, strict=True)}
    return BloodCalibration(**values, constant=round(float(above - below), 2))


def _show(title: str, table: Table, by: BloodCalibration) -> None:
    found, error = table
    exponents = np.array([getattr(by, name) for name in NAMES])
    expected = np.exp(found @ exponents + by.constant + CAUTION)
    untrusted = expected > 1.0
    wrong, good = error > 2.0, error < 0.5
    caught = f"{untrusted[wrong].mean():.2f}" if wrong.any() else "none"
    log.info(
        "%s: %.2f, %s, %.2f; mean error %.2f px, expected %.2f px",
        title, spearmanr(expected, error).statistic, caught, untrusted[good].mean(),
        error.mean(), expected.mean(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
