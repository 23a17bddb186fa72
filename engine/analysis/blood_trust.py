"""How wrong the vectors of blood are likely to be where a network tracked it.

A network that has lost a jet returns a calm, smooth field there, and one that follows a vortex
departs from pair to pair and turns within a few pixels. So a field's steadiness tells little, and
neither does the network's doubt, which follows the speed. The images tell: their correlation falls
below that of the best-tracked tenth of the mask, their texture holds the vector badly, and the
witness does not return. All three are averaged over a neighbourhood, as a lost jet is whole.

The expected error is a product of powers, fitted by ``packaging/calibrate_blood_trust.py`` with
large errors counted more than small ones, since they are what must be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.texture import Image, mean_within
from engine.analysis.witness import Witness

CAUTION: Final = 0.3
"""By how much the constants of blood's expected error stand above their fits, as a logarithm: it
is better to doubt too much."""

_LEAST_PX: Final = 0.05
_SURROUNDINGS_SIGMA: Final = 6.0
_BEST_PERCENT: Final = 90.0
_LEAST_CORRELATION: Final = 0.1
_LARGEST_GAIN: Final = 0.2


@dataclass(frozen=True)
class BloodCalibration:
    """Exponents of the findings in the expected error, and its constant.

    Attributes:
        roughness: Of the departure from the local mean.
        both_ways: Of the remainder after going back along the witness, in the surroundings.
        loss: Factor on the correlation lost against the best-tracked tenth, likewise.
        imprecision: Of the error that the texture allows for, likewise.
        constant: Logarithm of the error where all findings are one.
    """

    roughness: float = 0.0
    both_ways: float = 0.0
    loss: float = 0.0
    imprecision: float = 0.0
    constant: float = 0.0


CALIBRATION: Final = BloodCalibration(
    roughness=0.44, both_ways=0.34, loss=1.93, imprecision=2.14, constant=-2.76 + CAUTION
)


def expected_blood_error(seen: Witness, mask: NDArray[np.bool_]) -> Image:
    """Return the expected error of one pair, ``(H, W)``, px; it counts within the mask.

    Args:
        seen: Of the pair, with the images' findings and the witness's.
        mask: ``(H, W)`` of frame k+1; at least one pixel.
    """
    logarithm: Image = np.full(mask.shape, CALIBRATION.constant, dtype=np.float32)
    for name, finding in blood_findings(seen, mask).items():
        logarithm = logarithm + getattr(CALIBRATION, name) * finding
    return np.asarray(np.exp(logarithm))


def blood_findings(seen: Witness, mask: NDArray[np.bool_]) -> dict[str, Image]:
    """Return what a calibration weighs, by the names of its exponents, ``(H, W)`` each.

    Args:
        seen: Of the pair, with the images' findings and the witness's.
        mask: ``(H, W)`` of frame k+1; at least one pixel.

    Raises:
        ValueError: If the images or the witness were not asked.
    """
    if seen.correlation is None or seen.imprecision is None or seen.forward_backward is None:
        raise ValueError("blood_findings: the images and the witness must have been asked.")
    best = max(float(np.percentile(seen.correlation[mask], _BEST_PERCENT)), _LEAST_CORRELATION)
    loss = np.clip(1.0 - seen.correlation / best, -_LARGEST_GAIN, 1.0)
    around = mean_within(mask.astype(np.float32), _SURROUNDINGS_SIGMA)
    return {
        "roughness": np.log(seen.roughness + 0.05),
        "both_ways": around(np.log(seen.forward_backward + 0.1)),
        "loss": around(np.asarray(loss)),
        "imprecision": around(np.log(np.maximum(seen.imprecision, _LEAST_PX))),
    }
