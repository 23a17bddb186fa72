"""How far each vector can be trusted: an expected error in px, and a score from 0 to 1.

The expected error is a product of powers of what betrays an error without knowing the truth (see
``engine.analysis.witness``). Its exponents were fitted to the logarithm of the true error of
three flows on seven noisy phantoms with drop-out, shadow, clutter, vortices and jets. What a
network tracked that tells its own expectation is judged by other findings
(``engine.analysis.wall_trust``, ``engine.analysis.blood_trust``). How well all this does on
phantoms left out of the fit stands in ``docs/experiments.md``.

The score is ``1 / (1 + (error / 1 px)^2)``: half at one pixel, where trust ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.blood_trust import expected_blood_error
from engine.analysis.contrast import Contrast, trackable_contrast
from engine.analysis.regions import bounding_box
from engine.analysis.texture import Image
from engine.analysis.wall_trust import FOLDED_PX, TRACKABLE_PX, expected_wall_error
from engine.analysis.witness import Witness, witness_of_pair
from engine.model import Scale, ScaleField, Target, TrackingResult
from engine.progress import NullProgress, Progress, Step

THRESHOLD: Final = 0.5
_ERROR_AT_THRESHOLD_PX: Final = 1.0


@dataclass(frozen=True)
class Calibration:
    """Exponents of the findings in the expected error, and its constant.

    Attributes:
        temporal: Of the departure from the neighbouring pairs.
        roughness: Of the departure from the local mean.
        both_ways: Of the remainder after going back along the witness.
        reference: Of the witness's own remainder.
        disagreement: Factor on one minus the correlation of the images.
        constant: Logarithm of the error where all findings are one.
    """

    temporal: float = 0.0
    roughness: float = 0.0
    both_ways: float = 0.0
    reference: float = 0.0
    disagreement: float = 0.0
    constant: float = 0.0


# By what is known: frames and neighbouring pairs, one of them, or neither. The constants with
# frames stand 0.3 above the fit: it is better to doubt too much.
_ANY_FIELD: Final = {
    (True, True): Calibration(0.77, 0.61, 0.12, 0.20, 0.31, constant=1.78),
    (True, False): Calibration(0.0, 1.02, 0.05, 0.50, 1.00, constant=2.30),
    (False, True): Calibration(0.97, 0.82, constant=1.90),
    (False, False): Calibration(0.0, 2.05, constant=4.09),
}


@dataclass(frozen=True, eq=False)
class TrustMap:
    """Trust of every vector of one scale.

    Attributes:
        score: ``(T-1, H, W)`` float32, 0 to 1; zero outside the mask of frame k+1.
        expected_error_px: ``(T-1, H, W)`` float32; zero outside the mask.
        contrast: Whether blood showed something to track; None for tissue, or where the file
            tells too little to judge.
        scale: Whose vectors were judged.
    """

    score: NDArray[np.float32]
    expected_error_px: NDArray[np.float32]
    contrast: Contrast | None
    scale: Scale

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """``(T-1, H, W)``: where the score reaches one half."""
        return np.asarray(self.score >= THRESHOLD)


def trust_map(
    result: TrackingResult, field: ScaleField | None = None, progress: Progress | None = None
) -> TrustMap:
    """Judge every vector of a result.

    Args:
        result: With frames where the file holds them; without them the image has no say.
        field: Displacements judged; the finest by default.
        progress: Told of every pair; may cancel.

    Raises:
        Cancelled: If a stop was asked for.
    """
    field, progress = field or result.finest, progress or NullProgress()
    if result.target is Target.TISSUE and field.uncertainty is not None:
        error = expected_wall_error(result, field, progress)
        score = np.where(result.mask[1:], _score(error), np.float32(0.0))
        return TrustMap(score, error, None, field.scale)
    pairs = len(field.displacement)
    error = np.zeros(field.shape, dtype=np.float32)
    score = np.zeros(field.shape, dtype=np.float32)
    for pair in range(pairs):
        progress.check()
        mask = result.mask[pair + 1]
        if mask.any():
            box = bounding_box(mask)
            inside = mask[box]
            seen = witness_of_pair(result, field, pair)
            expected = _expected_error(field, seen, mask)[box]
            error[pair][box] = np.where(inside, expected, 0.0)
            score[pair][box] = np.where(inside, _score(expected), 0.0)
        progress.report(Step("trust", pair + 1, pairs))
    contrast = trackable_contrast(result) if result.target is Target.BLOOD else None
    if contrast is not None and not contrast.trackable:
        score *= 0.2
    return TrustMap(score, error, contrast, field.scale)


def _score(error: NDArray[np.float32]) -> NDArray[np.float32]:
    score: NDArray[np.float32] = 1.0 / (1.0 + (error / _ERROR_AT_THRESHOLD_PX) ** 2)
    return score


def trackable_speed_cm_s(result: TrackingResult) -> float | None:
    """Return the speed of ``TRACKABLE_PX`` a frame, cm/s; None without calibration or times.

    Speckle that moves farther between frames is rarely found again; measured accuracy of
    echo particle image velocimetry ended near 42 cm/s (Prinz et al., Cardiovasc Ultrasound
    2012;10:24).
    """
    if result.spacing_mm is None or result.frame_times_s is None:
        return None
    interval = float(np.median(np.diff(result.frame_times_s)))
    return TRACKABLE_PX * min(result.spacing_mm) / 10.0 / interval


def _findings(seen: Witness) -> dict[str, Image]:
    """Return what a ``Calibration`` weighs, by the names of its exponents, ``(H, W)`` each."""
    found = {"roughness": np.log(seen.roughness + 0.05)}
    if seen.temporal is not None:
        found["temporal"] = np.log(seen.temporal + 0.1)
    if seen.forward_backward is not None and seen.reference_forward_backward is not None:
        found["both_ways"] = np.log(seen.forward_backward + 0.1)
        found["reference"] = np.log(seen.reference_forward_backward + 0.1)
    if seen.correlation is not None:
        found["disagreement"] = 1.0 - seen.correlation
    return found


def _expected_error(
    field: ScaleField, seen: Witness, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the expected endpoint error of one pair, ``(H, W)``, px."""
    if field.uncertainty is not None and seen.correlation is not None:
        return _with_physics(expected_blood_error(seen, mask), seen)
    calibration = _ANY_FIELD[seen.correlation is not None, seen.temporal is not None]
    logarithm: Image = np.full(seen.speed.shape, calibration.constant, dtype=np.float32)
    for name, finding in _findings(seen).items():
        logarithm = logarithm + getattr(calibration, name) * finding
    return _with_physics(np.exp(logarithm), seen)


def _with_physics(error: Image, seen: Witness) -> NDArray[np.float32]:
    """Raise the expected error where the field cannot be true: folds, and beyond the limit."""
    beyond = np.maximum(seen.speed / TRACKABLE_PX, 1.0) ** 2
    folded = np.where(seen.determinant <= 0.0, FOLDED_PX, 0.0)
    raised: NDArray[np.float32] = np.maximum(error * beyond, folded).astype(np.float32)
    return raised
