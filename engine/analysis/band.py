"""Material band of the wall: a smooth sheet of points that is carried through the loop.

Single points follow the noise of the field, so the wall moves as one sheet instead. Its place is
a tensor product: cubic B-splines along the contour, a polynomial across the wall. In every step
the sheet is sampled densely, each sample is carried by the field, and the new sheet is the
weighted least-squares fit to them: weights are the trust of the field, lowered for samples that
disagree with their neighbours (Tukey's biweight). Rigid motion and uniform strain lie in the span
of the basis and are kept exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from engine.analysis.sampling import LoopSampler
from engine.analysis.trajectories import blend
from engine.errors import InputError
from engine.masks.shape import resample, signed_area
from engine.model import Contours

_CONTROLS: Final = 36
_DEGREE: Final = 3
_SAMPLES_ALONG: Final = 145
_SAMPLES_OF_CONTOUR: Final = 241
_LAYERS: Final = (0.0, 0.12, 0.3, 0.5, 0.7, 0.88, 1.0)
_STIFFNESS: Final = 1e-3
_ROUNDS: Final = 3
_LEAST_WEIGHT: Final = 0.02
_BIWEIGHT: Final = 4.685
_LEAST_SCALE_PX: Final = 0.05


@dataclass(frozen=True, eq=False)
class BandBasis:
    """Functions that span the sheet.

    Attributes:
        closed: Whether the contour is closed (short axis).
        degree: Degree of the polynomial across the wall; 0 where only one contour is known.
        controls: Number of B-splines along the contour.
    """

    closed: bool
    degree: int
    controls: int = _CONTROLS

    def along(self, s: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the B-splines at ``s`` in [0, 1], ``(M, controls)``."""
        if self.closed:
            knots = np.arange(-3, self.controls + 4) / self.controls
            full = BSpline.design_matrix(np.mod(s, 1.0), knots, 3).toarray()
            wrapped: NDArray[np.float64] = full[:, : self.controls].copy()
            wrapped[:, :3] += full[:, self.controls :]
            return wrapped
        inner = np.linspace(0.0, 1.0, self.controls - 2)
        knots = np.concatenate([np.zeros(3), inner, np.ones(3)])
        design: NDArray[np.float64] = BSpline.design_matrix(np.clip(s, 0, 1), knots, 3).toarray()
        return design

    def matrix(self, s: NDArray[np.floating], w: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return all functions at (s, w), ``(M, controls * (degree + 1))``; w: 0 endo, 1 epi."""
        place = 2.0 * np.asarray(w, dtype=np.float64) - 1.0
        across = np.stack([place**power for power in range(self.degree + 1)], axis=1)
        product: NDArray[np.float64] = np.einsum("mi,mj->mij", self.along(s), across)
        return product.reshape(len(s), -1)

    def stiffness(self) -> NDArray[np.float64]:
        """Return the penalty on second differences along the contour, square matrix."""
        size = self.controls
        if self.closed:
            eye = np.eye(size)
            second = np.roll(eye, -1, axis=1) - 2.0 * eye + np.roll(eye, 1, axis=1)
        else:
            second = np.diff(np.eye(size), n=2, axis=0)
        penalty = np.kron(second.T @ second, np.eye(self.degree + 1))
        return np.asarray(penalty, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Band:
    """The sheet through the loop.

    Attributes:
        basis: Functions that span it.
        raw: Coefficients ``(T, C, 2)`` (x, y), px: carried away from end-diastole alone.
        coefficients: ``(T, C, 2)``: blended over every known beat, and carried on from the last
            one's closed end; else as ``raw``.
        trust: Trust of the samples in every frame, ``(T, samples along, layers)``, 0 to 1; None
            if unknown. The reference frame holds its neighbour's.
        start: End-diastolic frame of the loop.
        end: Frame that closes the first beat, or None.
    """

    basis: BandBasis
    raw: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    trust: NDArray[np.float64] | None
    start: int
    end: int | None

    @property
    def has_layers(self) -> bool:
        """Whether both borders of the wall are known."""
        return self.basis.degree > 0

    def curve(self, w: float, samples: int = 361, *, raw: bool = False) -> NDArray[np.float64]:
        """Return one layer's curve in every frame, ``(T, samples, 2)``, px.

        Args:
            w: 0 endocardial, 0.5 midwall, 1 epicardial.
            samples: Points at equal steps of s, the last included (closed: it repeats the first).
            raw: Whether to return it without the cycle closed.
        """
        s = np.linspace(0.0, 1.0, samples)
        design = self.basis.matrix(s, np.full(samples, w))
        return design @ (self.raw if raw else self.coefficients)


def track_band(
    loop: LoopSampler,
    contours: Contours,
    start: int,
    ends: Sequence[int] = (),
    trust: NDArray[np.floating] | None = None,
) -> Band:
    """Carry the wall between the end-diastolic contours through the loop.

    Only the contours of frame ``start`` are used: the rest is tracked.

    Args:
        loop: Fields of the loop.
        contours: Curves; with an endocardium alone the sheet shrinks to that one line.
        start: End-diastolic frame of the loop.
        ends: Frames that close the beat from ``start`` and its successors, in order.
        trust: ``(T-1, H, W)``, 0 to 1, of every vector; None counts all alike.

    Raises:
        InputError: If a frame lies outside the loop or a contour has no length.
    """
    frames = len(loop) + 1
    marks = (start, *ends)
    if marks[0] < 0 or marks[-1] >= frames or any(a >= b for a, b in itertools.pairwise(marks)):
        raise InputError(f"Beats that end at {marks} do not fit {frames} frames.")
    tracker = _Tracker(loop, contours, start, trust)
    raw = np.empty((frames, *tracker.reference.shape))
    raw[start] = tracker.reference
    tracker.carry(raw, range(start, frames - 1), forward=True)
    tracker.carry(raw, range(start, 0, -1), forward=False)
    closed = raw.copy()
    stops = (*marks[2:], frames - 1)
    for (first, last), stop in zip(itertools.pairwise(marks), stops, strict=False):
        backward = np.empty_like(raw)
        backward[last] = tracker.reference
        tracker.carry(backward, range(last, first, -1), forward=False, keep_trust=False)
        closed[first : last + 1] = blend(closed[first : last + 1], backward[first:last])
        # What follows starts where this beat closed: going on with the raw path would jump.
        tracker.carry(closed, range(last, stop), forward=True, keep_trust=False)
    return Band(tracker.basis, raw, closed, tracker.seen, start, ends[0] if ends else None)


class _Tracker:
    """Samples the sheet, carries the samples, and fits the sheet to them."""

    def __init__(
        self,
        loop: LoopSampler,
        contours: Contours,
        start: int,
        trust: NDArray[np.floating] | None,
    ) -> None:
        endocardial, epicardial = paired_contours(contours, start)
        self.basis = BandBasis(contours.closed, degree=0 if epicardial is None else _DEGREE)
        self.reference = _fit_contours(self.basis, endocardial, epicardial)
        layers = np.array(_LAYERS) if epicardial is not None else np.zeros(1)
        s = np.linspace(0.0, 1.0, _SAMPLES_ALONG)
        if contours.closed:
            s = s[:-1]
        self._grid = (len(s), len(layers))
        self._design = self.basis.matrix(np.repeat(s, len(layers)), np.tile(layers, len(s)))
        self._penalty = (
            _STIFFNESS * len(self._design) / self.basis.controls * self.basis.stiffness()
        )
        self._project = np.linalg.pinv(self._design)
        self._loop, self._trust = loop, trust
        self.seen = None if trust is None else np.ones((len(loop) + 1, *self._grid))

    def carry(
        self,
        path: NDArray[np.float64],
        frames: range,
        *,
        forward: bool,
        keep_trust: bool = True,
    ) -> None:
        """Fill ``path`` frame after frame, each from the one before it."""
        for frame in frames:
            field = self._loop[frame if forward else frame - 1]
            points = self._design @ path[frame]
            moved = field.forth(points) if forward else field.back(points)
            fixed_points = moved if forward else points
            weight = self._weights(frame if forward else frame - 1, fixed_points)
            following = frame + 1 if forward else frame - 1
            path[following] = path[frame] + self._fit(points, moved - points, weight)
            if keep_trust and self.seen is not None:
                fixed = max(frame, following)
                self.seen[fixed] = weight.reshape(self._grid)
                if frame == frames.start:
                    self.seen[frame] = self.seen[fixed]

    def _weights(self, pair: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._trust is None:
            return np.ones(len(points))
        return self._loop[pair].known(self._trust[pair], points)

    def _fit(
        self, points: NDArray[np.float64], motion: NDArray[np.float64], trust: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Fit the sheet's motion to that of its samples, robustly.

        An affine motion comes first, so that the stiffness acts on what is left and neither
        rotation nor uniform strain pays for it.
        """
        prior = np.maximum(trust, _LEAST_WEIGHT) ** 2
        linear = np.column_stack([np.ones(len(points)), points - points.mean(axis=0)])
        weight = prior
        for _ in range(_ROUNDS):
            by_weight = (linear * weight[:, None]).T
            affine = linear @ np.linalg.lstsq(by_weight @ linear, by_weight @ motion)[0]
            weighted = self._design * weight[:, None]
            normal = self._design.T @ weighted + self._penalty * weight.mean()
            local = np.linalg.solve(normal, weighted.T @ (motion - affine))
            residual = np.hypot(*(motion - affine - self._design @ local).T)
            scale = max(_LEAST_SCALE_PX, 1.4826 * float(np.median(residual)))
            outlying = np.minimum(1.0, residual / (_BIWEIGHT * scale))
            weight = prior * np.maximum((1.0 - outlying**2) ** 2, 1e-3)
        fitted: NDArray[np.float64] = self._project @ affine + local
        return fitted


def paired_contours(
    contours: Contours, frame: int
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return both contours of a frame, ``(N, 2)`` px, running the same way from the same place.

    Raises:
        InputError: If a contour has no length.
    """
    endocardial = np.asarray(contours.endocardial[frame], dtype=np.float64)
    _check_length(endocardial, "endocardial")
    if contours.epicardial is None:
        return endocardial, None
    epicardial = np.asarray(contours.epicardial[frame], dtype=np.float64)
    _check_length(epicardial, "epicardial")
    if contours.closed:
        if signed_area(endocardial) * signed_area(epicardial) < 0:
            epicardial = epicardial[::-1]
        towards = endocardial[0] - endocardial.mean(axis=0)
        rays = epicardial - endocardial.mean(axis=0)
        cosine = rays @ towards / np.maximum(np.hypot(*rays.T), 1e-9)
        return endocardial, np.roll(epicardial, -int(np.argmax(cosine)), axis=0)
    straight = np.hypot(*(endocardial[0] - epicardial[0])) + np.hypot(
        *(endocardial[-1] - epicardial[-1])
    )
    crossed = np.hypot(*(endocardial[0] - epicardial[-1])) + np.hypot(
        *(endocardial[-1] - epicardial[0])
    )
    return endocardial, epicardial if straight <= crossed else epicardial[::-1]


def _fit_contours(
    basis: BandBasis, endocardial: NDArray[np.float64], epicardial: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the sheet's coefficients ``(C, 2)`` that lie closest to the given contours."""
    curves = [(endocardial, 0.0)] if epicardial is None else [(endocardial, 0.0), (epicardial, 1.0)]
    straight = BandBasis(basis.closed, degree=len(curves) - 1, controls=basis.controls)
    s = np.linspace(0.0, 1.0, _SAMPLES_OF_CONTOUR, endpoint=not basis.closed)
    design, points = [], []
    for curve, w in curves:
        design.append(straight.matrix(s, np.full(len(s), w)))
        points.append(resample(curve, len(s), closed=basis.closed))
    matrix = np.concatenate(design)
    solved, *_ = np.linalg.lstsq(matrix, np.concatenate(points), rcond=None)
    padded = np.zeros((basis.controls, basis.degree + 1, 2))
    padded[:, : straight.degree + 1] = solved.reshape(basis.controls, straight.degree + 1, 2)
    return padded.reshape(-1, 2)


def _check_length(curve: NDArray[np.float64], name: str) -> None:
    if len(curve) < 3 or not np.all(np.isfinite(curve)) or not np.any(np.ptp(curve, axis=0) > 0):
        raise InputError(
            f"The {name} contour at end-diastole is not a curve: it needs at least three "
            "different, finite points."
        )
