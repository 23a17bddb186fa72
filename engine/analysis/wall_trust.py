"""How wrong the vectors of a wall are likely to be where a network tracked it.

Such a field is smooth in space and time whether it is right or wrong, so neither its roughness
nor a second flow betrays it. What tells is how well the picture holds a vector, for a while and
not in one frame alone, and how dark the wall is around; how much the wall deforms, and how fast it
goes along the main course that all its points follow through the beat, since what is missed is a
share of that; how far a vector departs from that course; and how near the cavity it lies, since
the inner border moves most and tracking evens out what differs across the wall. The network's own
doubt follows the speed more than the error, so it counts only as far as the neighbouring pairs do
not bear the vector out.

The expected error is a product of powers, fitted by ``packaging/calibrate_trust.py``, which is run
again with new weights. That product tells the usual error; beyond a pixel errors scatter so widely
that their mean is larger. How well it ranks the true error stands in ``docs/experiments.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from engine.analysis.regions import bounding_box, towards_cavity
from engine.analysis.texture import Image, darkness, mean_within
from engine.analysis.witness import Witness, witness_of_pair
from engine.model import ScaleField, TrackingResult
from engine.progress import Progress, Step

TRACKABLE_PX: Final = 10.0
FOLDED_PX: Final = 4.0

_LEAST_PX: Final = 0.05
_LEAST_BESIDE_PX: Final = 0.02
_LEAST_COURSE: Final = 0.03
_BESIDE_SIGMA: Final = 6.0
_COURSE_POINTS: Final = 20_000
_NETWORK_DOUBTS_PX: Final = 3.0
_SURROUNDINGS_SIGMA: Final = 10.0
_DARK_SIGMA: Final = 30.0
_SIGMA_PAIRS: Final = 2.0
_SCATTERED_PX: Final = 1.0
_OF_PAIRS: Final = ("motion", "course")

Stack = NDArray[np.float32]
Findings = NDArray[np.float16] | Stack


@dataclass(frozen=True)
class WallCalibration:
    """Exponents of the findings in the expected error, and its constant.

    Attributes:
        imprecision: Of the error that the texture allows for, over some pairs.
        motion: Of how much the wall deforms in the pair: its mean departure.
        course: Of the pair's share of the loop's main course; the first and the last pair, which
            have neighbours on one side only, count as an average one.
        departure: Of the speed's departure from the surroundings.
        beside: Of the motion beside the loop's main course.
        darkness: Factor on the darkness of the surroundings.
        inwards: Factor on the place across the wall, -1 outside to 1 beside the cavity.
        constant: Logarithm of the error where all findings are one.
    """

    imprecision: float = 0.0
    motion: float = 0.0
    course: float = 0.0
    departure: float = 0.0
    beside: float = 0.0
    darkness: float = 0.0
    inwards: float = 0.0
    constant: float = 0.0


# With and without frames.
CALIBRATIONS: Final = {
    True: WallCalibration(
        imprecision=1.37,
        motion=0.65,
        course=0.14,
        departure=0.17,
        beside=0.18,
        darkness=0.72,
        inwards=0.22,
        constant=-1.13,
    ),
    False: WallCalibration(
        motion=0.69, course=0.12, departure=0.12, beside=0.15, inwards=0.26, constant=0.69
    ),
}


@dataclass(frozen=True, eq=False)
class WallFindings:
    """What betrays the error of a wall, by the names of a calibration's exponents.

    Loops are long and walls large, so what varies in space is kept in short numbers.

    Attributes:
        weighed: ``(T-1, h, w)`` float16 or ``(T-1, 1, 1)`` float32, logarithms of px (darkness in
            50 grey levels, inwards from -1 to 1); those of the picture only with frames.
        least: ``(T-1, h, w)`` float16, px: expected at least, where a vector is doubted or cannot
            be.
        factor: ``(T-1, h, w)`` float16: on the expected error beyond the trackable speed.
        box: Rows and columns of the frame.
    """

    weighed: dict[str, Findings]
    least: Findings
    factor: Findings
    box: tuple[slice, slice]

    def expected(self, by: WallCalibration) -> Stack:
        """Return the expected error, ``(T-1, h, w)``, px."""
        logarithm = np.full(self.least.shape, by.constant, dtype=np.float32)
        for name, finding in self.weighed.items():
            logarithm += np.float32(getattr(by, name)) * finding
        return np.asarray(np.maximum(mean_error(np.exp(logarithm)) * self.factor, self.least))


def mean_error(usual: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the mean of errors that scatter around a usual one, px.

    Args:
        usual: Geometric mean that is expected, of any shape, px. Large errors scatter more widely,
            so their mean lies further above it (fitted; ``docs/experiments.md``).
    """
    return np.asarray(usual * np.hypot(1.0, usual / _SCATTERED_PX))


def expected_wall_error(result: TrackingResult, field: ScaleField, progress: Progress) -> Stack:
    """Return the expected error of every vector, ``(T-1, H, W)``, px; zero outside the mask.

    Args:
        result: With frames where the file holds them; without them the image has no say.
        field: Displacements judged, with the network's own expectation.
        progress: Told of every pair; may cancel.

    Raises:
        Cancelled: If a stop was asked for.
    """
    error = np.zeros(field.shape, dtype=np.float32)
    if result.mask[1:].any():
        found = wall_findings(result, field, progress)
        window = (slice(None), *found.box)
        inside = result.mask[1:][window]
        by = CALIBRATIONS[result.frames is not None]
        error[window] = np.where(inside, found.expected(by), 0.0)
    return error


def wall_findings(result: TrackingResult, field: ScaleField, progress: Progress) -> WallFindings:
    """Collect the findings on all pairs of a loop.

    Args:
        result: With a mask that is not empty, and frames where the file holds them.
        field: Displacements examined, with the network's own expectation.
        progress: Told of every pair; may cancel.

    Raises:
        Cancelled: If a stop was asked for.
    """
    masks = result.mask[1:]
    box = bounding_box(np.asarray(masks.any(axis=0)))
    weights = masks[:, *box].astype(np.float32)
    names = [item.name for item in fields(WallCalibration) if item.name != "constant"]
    if result.frames is None:
        names = [name for name in names if name not in {"imprecision", "darkness"}]
    weighed: dict[str, Findings] = {
        name: np.zeros((len(weights), 1, 1), dtype=np.float32)
        if name in _OF_PAIRS
        else np.zeros(weights.shape, dtype=np.float16)
        for name in names
    }
    least = np.zeros(weights.shape, dtype=np.float16)
    factor = np.ones(weights.shape, dtype=np.float16)
    for pair, weight in enumerate(weights):
        progress.check()
        if weight.any():
            seen = witness_of_pair(result, field, pair, both_ways=False)
            for name, finding in _of_pair(seen, box, weight).items():
                weighed[name][pair] = finding
            least[pair] = _least(seen, field, pair)[box]
            factor[pair] = np.maximum(seen.speed[box] / TRACKABLE_PX, 1.0) ** 2
        progress.report(Step("trust", pair + 1, len(weights)))
    weighed["course"], weighed["beside"] = _main_course(field, weights, box)
    if "imprecision" in weighed:
        weighed["imprecision"] = _over_pairs(weighed["imprecision"], weights)
        seen_dark = darkness(weighed["darkness"], weights > 0)
        weighed["darkness"] = seen_dark.astype(np.float16)
    return WallFindings(weighed, least, factor, box)


def _of_pair(seen: Witness, box: tuple[slice, slice], weight: Image) -> dict[str, Image]:
    """Return what one pair tells by itself, ``(h, w)`` each; instead of darkness brightness."""
    around = mean_within(weight, _SURROUNDINGS_SIGMA)
    departure = np.log(np.maximum(seen.departure[box], _LEAST_PX))
    found = {
        "motion": departure[weight > 0].mean(keepdims=True),
        "departure": around(departure),
        "inwards": towards_cavity(weight > 0),
    }
    if seen.imprecision is not None and seen.brightness is not None:
        found["imprecision"] = np.log(np.maximum(seen.imprecision[box], _LEAST_PX))
        found["darkness"] = mean_within(weight, _DARK_SIGMA)(seen.brightness[box])
    return found


def _main_course(
    field: ScaleField, weights: Stack, box: tuple[slice, slice]
) -> tuple[Stack, NDArray[np.float16]]:
    """Return how fast the loop's main course goes, and what every vector does beside it.

    The main course is the first principal one of the displacements of all places: each place's
    motion is a vector of its own times one course through time that all of them share.

    Returns:
        ``(T-1, 1, 1)``, log of the share of every pair, one in its mean square; and
        ``(T-1, h, w)``, log of px.
    """
    shape = weights.shape[1:]
    stride = max(1, round(float(np.sqrt(shape[0] * shape[1] / _COURSE_POINTS))))

    def moved(pair: int) -> Stack:
        return np.asarray(field.displacement[pair][:, *box] * weights[pair], dtype=np.float32)

    sampled = [moved(pair)[:, ::stride, ::stride].ravel() for pair in range(len(weights))]
    rows = np.stack(sampled).astype(np.float64)
    course = np.linalg.eigh(rows @ rows.T).eigenvectors[:, -1].astype(np.float32)
    along = np.zeros((2, *shape), dtype=np.float32)
    for pair, part in enumerate(course):
        along += part * moved(pair)
    beside = np.empty(weights.shape, dtype=np.float16)
    for pair, (part, weight) in enumerate(zip(course, weights, strict=True)):
        left = np.hypot(*(moved(pair) - part * along * weight))
        smooth = mean_within(weight, _BESIDE_SIGMA)(left)
        beside[pair] = np.log(np.maximum(smooth, _LEAST_BESIDE_PX))
    share = np.abs(course) * np.float32(np.sqrt(len(course)))
    # The error of the loop's ends does not shrink with the motion there: an average pair's share.
    share[[0, -1]] = 1.0
    pace = np.log(np.maximum(share, _LEAST_COURSE)).reshape(-1, 1, 1)
    return np.asarray(pace, np.float32), beside


def _least(seen: Witness, field: ScaleField, pair: int) -> Image:
    """Return the error that is expected at least, ``(H, W)``, px.

    It is what the network doubts, as far as the neighbouring pairs do not bear the vector out,
    and what a fold shows.
    """
    least = np.where(seen.determinant <= 0.0, FOLDED_PX, 0.0)
    if field.uncertainty is not None:
        doubt = field.uncertainty[pair].astype(np.float32) / _NETWORK_DOUBTS_PX - 1.0
        borne_out = doubt if seen.temporal is None else np.minimum(doubt, seen.temporal)
        least = np.maximum(least, borne_out)
    return np.asarray(least, dtype=np.float32)


def _over_pairs(finding: Findings, weights: Stack) -> NDArray[np.float16]:
    """Return the mean of a finding over the neighbouring pairs in whose mask a place lies."""
    total, share = (
        gaussian_filter1d(part, _SIGMA_PAIRS, axis=0, mode="nearest")
        for part in (finding * weights, weights)
    )
    return np.asarray(total / np.maximum(share, 1e-3), dtype=np.float16)
