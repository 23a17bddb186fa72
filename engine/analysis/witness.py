"""What betrays a wrong vector without knowing the truth.

An independent optical flow (OpenCV's dense inverse search), run forwards and backwards on a pair,
is a witness for those who ask it: a field that does not return along the witness's way back, or
that changes abruptly from pair to pair or place to place, is likely wrong, and so is one whose
images disagree where it says they should agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.analysis.regions import bounding_box
from engine.analysis.texture import Image, blurred, brightness, imprecision, mean_within
from engine.model import ScaleField, TrackingResult

_MARGIN: Final = 32
_LARGEST_AREA: Final = 160_000
_CORRELATION_SIGMA: Final = 8.0
_SMOOTHING_SIGMA: Final = 4.0
_ROUGHNESS_SIGMA: Final = 5.0
_TEMPORAL_SIGMA: Final = 2.0
_SURROUNDINGS_SIGMA: Final = 24.0
_FLOOR_VARIANCE: Final = 1.0


@dataclass(frozen=True, eq=False)
class Witness:
    """Findings on one pair, ``(H, W)`` float32 each, in px unless said otherwise.

    Attributes:
        speed: Length of the displacement.
        determinant: Of the pull-back's gradient; zero or less is folding.
        roughness: Departure from the field's own local mean.
        departure: Of the speed from that of the surroundings: static echo pins a field.
        temporal: Departure from the neighbouring pairs' displacement of the same material; None
            where there is no neighbouring pair.
        correlation: Local correlation of the images at the solution, -1 to 1; None without
            frames.
        forward_backward: Remainder after going back along the witness; None without frames, or
            where the witness was not asked.
        reference_forward_backward: The witness's own remainder; None alike.
        imprecision: Error that the texture allows for; None without frames.
        brightness: Smoothed, grey levels; None without frames.
    """

    speed: Image
    determinant: Image
    roughness: Image
    departure: Image
    temporal: Image | None
    correlation: Image | None
    forward_backward: Image | None
    reference_forward_backward: Image | None
    imprecision: Image | None
    brightness: Image | None


def witness_of_pair(
    result: TrackingResult, field: ScaleField, pair: int, *, both_ways: bool = True
) -> Witness:
    """Collect the findings on one pair.

    Large masks are examined at reduced resolution: the findings vary slowly.

    Args:
        result: With frames where the file holds them.
        field: Displacements examined.
        pair: Index k of the pair.
        both_ways: Whether to ask the witness, an optical flow there and back, which takes most
            of the time.
    """
    mask = result.mask[pair + 1]
    counted = mask if mask.any() else np.ones_like(mask)
    rows, columns = bounding_box(counted, _MARGIN)
    inside = counted[rows, columns]
    factor = max(1, round(float(np.sqrt(inside.size / _LARGEST_AREA))))
    small = _Grid(inside.shape, factor)
    weight = small.reduce(inside.astype(np.float32))
    pairs = len(field.displacement)
    wanted = [pair - 1, pair + 1] if 0 < pair < pairs - 1 else [*range(pair - 2, pair + 3)]

    def reduced(index: int) -> Image:
        parts = field.displacement[index][:, rows, columns]
        return np.stack([small.reduce(part) for part in parts]) / factor

    flow = reduced(pair)
    neighbours = {k - pair: reduced(k) for k in wanted if 0 <= k < pairs and k != pair}
    temporal = _temporal(flow, neighbours) if neighbours else None
    correlation, remainders = None, None
    imprecise, bright = None, None
    if result.frames is not None:
        fixed, moving = (
            small.reduce(result.frames[index][rows, columns].astype(np.float32))
            for index in (pair + 1, pair)
        )
        found = warped(moving, flow)
        correlation = local_correlation(fixed, found)
        imprecise, bright = imprecision(fixed, found), brightness(fixed, found)
        remainders = _both_ways(fixed, moving, flow) if both_ways else None
    enlarge = _Enlarge(small, rows, columns, mask.shape)
    return Witness(
        speed=enlarge(np.hypot(*flow)) * factor,
        determinant=enlarge(_determinant(flow)),
        roughness=enlarge(_roughness(flow, weight)) * factor,
        departure=enlarge(_departure(flow, weight)) * factor,
        temporal=None if temporal is None else enlarge(temporal) * factor,
        correlation=None if correlation is None else enlarge(correlation),
        forward_backward=None if remainders is None else enlarge(remainders[0]) * factor,
        reference_forward_backward=None if remainders is None else enlarge(remainders[1]) * factor,
        imprecision=None if imprecise is None else enlarge(imprecise) * factor,
        brightness=None if bright is None else enlarge(bright),
    )


def dense_inverse_search(fixed: Image, moving: Image) -> Image:
    """Return OpenCV's pull-back flow ``(2, H, W)``, px, between two grey images."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = search.calc(_bytes(fixed), _bytes(moving), None)  # type: ignore[call-overload]
    return np.moveaxis(np.asarray(flow, dtype=np.float32), -1, 0)


def warped(image: Image, displacement: Image) -> Image:
    """Return ``image(p + u(p))``, bilinear, the border repeated."""
    rows, columns = np.indices(image.shape, dtype=np.float32)
    moved = cv2.remap(
        image,
        columns + displacement[0],
        rows + displacement[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, dtype=np.float32)


def local_correlation(first: Image, second: Image, sigma: float = _CORRELATION_SIGMA) -> Image:
    """Return the correlation under a Gaussian window, -1 to 1; near 0 where both are flat."""
    mean_first, mean_second = blurred(first, sigma), blurred(second, sigma)
    covariance = blurred(first * second, sigma) - mean_first * mean_second
    variances = (
        np.maximum(blurred(first * first, sigma) - mean_first**2, _FLOOR_VARIANCE),
        np.maximum(blurred(second * second, sigma) - mean_second**2, _FLOOR_VARIANCE),
    )
    return np.asarray(np.clip(covariance / np.sqrt(variances[0] * variances[1]), -1.0, 1.0))


def _bytes(image: Image) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(image), 0, 255), dtype=np.uint8)


def _both_ways(fixed: Image, moving: Image, flow: Image) -> tuple[Image, Image]:
    """Return the remainders of the field and of the witness along the witness's way back."""
    reference = dense_inverse_search(fixed, moving)
    way_back = dense_inverse_search(moving, fixed)
    remainders = []
    for candidate in (flow, reference):
        back = np.stack([warped(part, candidate) for part in way_back])
        remainders.append(blurred(np.hypot(*(candidate + back)), _SMOOTHING_SIGMA))
    return remainders[0], remainders[1]


def _temporal(flow: Image, neighbours: Mapping[int, Image]) -> Image:
    """Return the departure from what the neighbouring pairs predict.

    The mean of both neighbours cancels a steady acceleration. It is taken along the material and
    at the same place, and the smaller departure counts: the wall keeps its velocity along the
    material, a vortex at its place. At the loop's ends two pairs of one side are extrapolated,
    too; that prediction is twice as noisy, so half of its departure counts.

    Args:
        flow: ``(2, H, W)``, px.
        neighbours: Flow by distance in time, in pairs.
    """
    nearest = [step for step in (-1, 1) if step in neighbours]
    departures = []
    for along_material in (True, False):
        mean = np.zeros_like(flow)
        for step in nearest:
            # The pair before is found along the field, the one after against it.
            path = (flow if step < 0 else -flow) * along_material
            mean += np.stack([warped(part, path) for part in neighbours[step]]) / len(nearest)
        departures.append(np.hypot(*(flow - mean)))
    if len(nearest) == 1 and 2 * nearest[0] in neighbours:
        predicted = 2.0 * neighbours[nearest[0]] - neighbours[2 * nearest[0]]
        departures.append(0.5 * np.hypot(*(flow - predicted)))
    smooth = [blurred(departure, _TEMPORAL_SIGMA) for departure in departures]
    return np.asarray(np.min(smooth, axis=0))


def _roughness(flow: Image, weight: Image) -> Image:
    """Return the smoothed departure of the field from a local parabola within the mask."""
    smooth = mean_within(weight, _ROUGHNESS_SIGMA)
    first = [part - smooth(part) for part in flow]
    departure = np.hypot(*(part - smooth(part) for part in first))
    return mean_within(weight, _SMOOTHING_SIGMA)(departure)


def _departure(flow: Image, weight: Image) -> Image:
    """Return how far the speed lies from its mean over the surroundings within the mask."""
    speed = np.hypot(*flow)
    return np.asarray(np.abs(speed - mean_within(weight, _SURROUNDINGS_SIGMA)(speed)))


def _determinant(flow: Image) -> Image:
    (x_by_y, x_by_x), (y_by_y, y_by_x) = (np.gradient(part) for part in flow)
    determinant: Image = (1.0 + x_by_x) * (1.0 + y_by_y) - x_by_y * y_by_x
    return determinant


@dataclass(frozen=True)
class _Grid:
    """A crop at reduced resolution."""

    shape: tuple[int, int]
    factor: int

    def reduce(self, image: NDArray[np.float32]) -> Image:
        """Return area means on the reduced grid."""
        if self.factor == 1:
            return np.ascontiguousarray(image, dtype=np.float32)
        size = (
            max(1, round(self.shape[1] / self.factor)),
            max(1, round(self.shape[0] / self.factor)),
        )
        reduced = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, dtype=np.float32)


@dataclass(frozen=True)
class _Enlarge:
    """Puts a finding of the reduced crop back into the full image."""

    grid: _Grid
    rows: slice
    columns: slice
    shape: tuple[int, ...]

    def __call__(self, finding: Image) -> Image:
        full = np.zeros(self.shape, dtype=np.float32)
        size = (self.grid.shape[1], self.grid.shape[0])
        if self.grid.factor > 1:
            finding = np.asarray(cv2.resize(finding, size, interpolation=cv2.INTER_LINEAR))
        full[self.rows, self.columns] = finding
        return full
