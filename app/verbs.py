"""What the window asks of the engine; tests give it other verbs of the same form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.config import (
    HandoverConfig,
    HandoverFormat,
    MaskConfig,
    MeasureConfig,
    ReadConfig,
    ReportConfig,
    TrackingConfig,
)
from engine.model import (
    Cine,
    Contours,
    Mask,
    Measurements,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
    View,
)
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.analysis.strain_map import StrainMaps


@dataclass(frozen=True, eq=False)
class Trust:
    """How far the vectors of a scale can be trusted.

    Attributes:
        score: ``(T-1, H, W)`` in [0, 1].
        trackable: Whether blood showed contrast to track; True for tissue.
    """

    score: NDArray[np.float32]
    trackable: bool = True


@dataclass(frozen=True, eq=False)
class TrackedWall:
    """The wall as the field carries it from end-diastole: what strain is measured on.

    Attributes:
        contours: Curves of every frame, carried from the end-diastolic ones.
        segments: Names of the segments with their first and last point along the curves; the
            numbers may pass the ends of a closed curve.
        result: What was tracked.
    """

    contours: Contours
    segments: Mapping[str, tuple[int, int]]
    result: TrackingResult


class Verbs(Protocol):
    """What the window asks of the engine; every verb runs in a worker thread."""

    def read_cine(self, path: Path, config: ReadConfig, progress: Progress) -> Cine:
        """Read a loop."""

    def demo_cine(self, progress: Progress) -> Cine:
        """Make a loop with known motion."""

    def build_mask(self, cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        """Make the mask of a loop."""

    def fill_contours(self, cine: Cine, mask: Mask, contours: Contours, target: Target) -> Mask:
        """Return the mask with edited contours, made sound and filled."""

    def track(
        self,
        cine: Cine,
        mask: Mask,
        config: TrackingConfig,
        progress: Progress,
        *,
        view: View | None,
    ) -> TrackingResult:
        """Track a loop; every finished scale is a partial result."""

    def gather(
        self, fields: tuple[ScaleField, ...], cine: Cine, mask: Mask, config: TrackingConfig
    ) -> TrackingResult:
        """Return the result of the scales that a run has finished."""

    def trust(self, result: TrackingResult, scale: Scale, progress: Progress) -> Trust:
        """Judge every vector of a scale."""

    def follow_wall(self, result: TrackingResult, progress: Progress) -> TrackedWall:
        """Carry the end-diastolic contours through the loop."""

    def map_strain(self, result: TrackingResult, scale: Scale, progress: Progress) -> StrainMaps:
        """Map the strain at every pixel of the wall since end-diastole, for every frame."""

    def measure(
        self, result: TrackingResult, config: MeasureConfig, progress: Progress
    ) -> Measurements:
        """Measure a result."""

    def report(
        self,
        result: TrackingResult,
        measurements: Measurements,
        folder: Path,
        config: ReportConfig,
        progress: Progress,
        *,
        patient_data: bool,
    ) -> tuple[Path, ...]:
        """Write the report and return its files."""

    def write_movie(
        self,
        path: Path,
        result: TrackingResult,
        scale: Scale,
        progress: Progress,
        *,
        patient_data: bool,
    ) -> None:
        """Write the overlay video."""

    def hand_over(
        self,
        result: TrackingResult,
        folder: Path,
        wanted: HandoverFormat,
        config: HandoverConfig,
        progress: Progress,
    ) -> tuple[Path, ...]:
        """Write a result for other programs and return the files."""

    def write_csv(self, path: Path, measurements: Measurements) -> None:
        """Write the measurements."""

    def write_result(self, path: Path, result: TrackingResult, *, patient_data: bool) -> None:
        """Write the result file."""

    def read_result(self, path: Path) -> TrackingResult:
        """Read a result file."""

    def find_sector(self, cine: Cine) -> NDArray[np.bool_]:
        """Find the pixels of the ultrasound sector, ``(H, W)``."""

    def device_name(self) -> str:
        """Name of the device that will compute."""
