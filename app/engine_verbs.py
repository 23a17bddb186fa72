"""The engine behind the window.

It is loaded when the first job needs it, so that the window is on the screen at once.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.verbs import TrackedWall, Trust
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

# Every third pixel of a wall is as fine as its strain, px.
_STRAIN_STRIDE: Final = 3


class EngineVerbs:
    """The engine itself; see ``Verbs``.

    What was judged of a field is kept as long as the field: tracking, measuring, the report and
    the video all need it, and neither marks nor a confirmed view nor a calibration change it.
    """

    def __init__(self) -> None:
        self._judged: weakref.WeakKeyDictionary[ScaleField, Any] = weakref.WeakKeyDictionary()
        self._sectors: weakref.WeakKeyDictionary[Cine, NDArray[np.bool_] | None] = (
            weakref.WeakKeyDictionary()
        )

    def read_cine(self, path: Path, config: ReadConfig, progress: Progress) -> Cine:
        """Read a loop."""
        cine: Cine = _load("pipeline").read_cine(path, config, progress)
        return cine

    def demo_cine(self, progress: Progress) -> Cine:
        """Make a loop with known motion."""
        phantom = _load("phantom")
        progress.check()
        cine: Cine = phantom.make_phantom(phantom.PhantomConfig()).cine
        return cine

    def build_mask(self, cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        """Make the mask of a loop."""
        mask: Mask = _load("pipeline").build_mask(cine, config, progress)
        return mask

    def fill_contours(self, cine: Cine, mask: Mask, contours: Contours, target: Target) -> Mask:
        """Return the mask with edited contours, made sound and filled."""
        files, check = _load("masks.files"), _load("masks.check")
        closed, outer, sector = contours.closed, contours.epicardial, self._sector(cine)
        # As the automatic mask: where the outer curve leaves the picture, the mask is cut.
        sound = dataclasses.replace(
            contours,
            endocardial=check.sound_contours(contours.endocardial, sector, closed=closed),
            epicardial=None if outer is None else check.sound_contours(outer, None, closed=closed),
        )
        data = files.mask_of_contours(sound, cine.shape[1:], target, sector=sector)
        return dataclasses.replace(mask, data=data, contours=sound, confidence=None)

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
        result: TrackingResult = _load("pipeline").track(cine, mask, config, progress, view=view)
        return result

    def gather(
        self, fields: tuple[ScaleField, ...], cine: Cine, mask: Mask, config: TrackingConfig
    ) -> TrackingResult:
        """Return the result of the scales that a run has finished."""
        result: TrackingResult = _load("pipeline").gather(fields, cine, mask, config)
        return result

    def trust(self, result: TrackingResult, scale: Scale, progress: Progress) -> Trust:
        """Judge every vector of a scale."""
        found = self._trust_map(result, scale, progress)
        return Trust(found.score, found.contrast is None or found.contrast.trackable)

    def follow_wall(self, result: TrackingResult, progress: Progress) -> TrackedWall:
        """Carry the end-diastolic contours through the loop."""
        trust = self._trust_map(result, result.finest.scale, progress)
        progress.check()
        cycle = _load("analysis.events").heart_cycle(result)
        wall = _load("analysis.wall").track_wall(
            result, result.finest, cycle, MeasureConfig(), trust.score
        )
        last = _load("analysis.wall").DRAWN_POINTS - 1
        ends = np.rint(np.asarray(wall.spans).reshape(-1, 2) * last).astype(int)
        names = (segment.name for segment in wall.segments)
        segments = {
            name: (start, end) for name, (start, end) in zip(names, ends.tolist(), strict=True)
        }
        return TrackedWall(wall.contours(), segments, result)

    def map_strain(self, result: TrackingResult, scale: Scale, progress: Progress) -> StrainMaps:
        """Map the strain at every pixel of the wall, from end-diastole to the end of its beat.

        Beyond, what tracking gathers of errors would be larger than the strain.
        """
        start = (result.ed_frame or 0) - result.first_frame
        count = len(result.mask)
        last = _load("analysis.events").heart_cycle(result).last(count)
        item = result.at_scale(scale)
        beat = dataclasses.replace(item, displacement=item.displacement[:last], uncertainty=None)
        part = dataclasses.replace(
            result, fields=(beat,), mask=result.mask[: last + 1], frames=None, frame_times_s=None
        )
        maps: StrainMaps = _load("analysis.strain_map").strain_maps(
            part, beat, start, progress, stride=_STRAIN_STRIDE
        )
        rest = np.full((count - 1 - last, *maps.percent.shape[1:]), np.nan, np.float32)
        return dataclasses.replace(maps, percent=np.concatenate([maps.percent, rest]))

    def measure(
        self, result: TrackingResult, config: MeasureConfig, progress: Progress
    ) -> Measurements:
        """Measure a result."""
        scale = result.finest.scale if config.scale is None else Scale.parse(config.scale)
        trust = self._trust_map(result, scale, progress)
        found: Measurements = _load("pipeline").measure(result, config, progress, trust=trust)
        return found

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
        files: tuple[Path, ...] = _load("pipeline").report(
            _exported(result, patient_data),
            measurements,
            folder,
            config,
            progress,
            trust=self._trust_map(result, result.finest.scale, progress),
        )
        return files

    def hand_over(
        self,
        result: TrackingResult,
        folder: Path,
        wanted: HandoverFormat,
        config: HandoverConfig,
        progress: Progress,
    ) -> tuple[Path, ...]:
        """Write a result for other programs and return the files."""
        measured, trust = None, None
        if wanted is HandoverFormat.DICOM_SR:
            measured = self.measure(result, MeasureConfig(layer=config.layer), progress)
        if wanted is HandoverFormat.DICOM_OVERLAY:
            scale = result.finest.scale if config.scale is None else Scale.parse(config.scale)
            trust = self._trust_map(result, scale, progress)
        files: tuple[Path, ...] = _load("export.handover").hand_over(
            result, folder, wanted, config, progress, measurements=measured, trust=trust
        )
        return files

    def write_movie(
        self,
        path: Path,
        result: TrackingResult,
        scale: Scale,
        progress: Progress,
        *,
        patient_data: bool,
    ) -> None:
        """Write the overlay video: untrusted arrows fade, and without contrast there are none."""
        trust = self._trust_map(result, scale, progress)
        blind = trust.contrast is not None and not trust.contrast.trackable
        _load("export.movie").write_movie(
            path,
            _load("export.moving_wall").with_tracked_wall(
                _exported(result, patient_data), result.at_scale(scale), trust.score
            ),
            scale,
            ReportConfig(),
            progress,
            trust=trust.score,
            banner=_load("export.notices").HIDDEN if blind else "",
            arrows=not blind,
        )

    def write_csv(self, path: Path, measurements: Measurements) -> None:
        """Write the measurements."""
        _load("export.tables").write_csv(path, measurements)

    def write_result(self, path: Path, result: TrackingResult, *, patient_data: bool) -> None:
        """Write the result file."""
        _load("pipeline").write_result(path, _exported(result, patient_data))

    def read_result(self, path: Path) -> TrackingResult:
        """Read a result file."""
        result: TrackingResult = _load("pipeline").read_result(path)
        return result

    def find_sector(self, cine: Cine) -> NDArray[np.bool_]:
        """Find the pixels of the ultrasound sector, ``(H, W)``."""
        sector: NDArray[np.bool_] = _load("export.privacy").sector_of(cine.frames)
        return sector

    def device_name(self) -> str:
        """Name of the device that will compute."""
        device = _load("device")
        name: str = device.describe_device(device.resolve_device("auto"))
        return name

    def _sector(self, cine: Cine) -> NDArray[np.bool_] | None:
        """Return the sector of a loop, found once; None where it shows nothing at all."""
        if cine not in self._sectors:
            found = _load("masks.sector").find_sector(cine) if cine.frames.any() else None
            self._sectors[cine] = found
        return self._sectors[cine]

    def _trust_map(self, result: TrackingResult, scale: Scale, progress: Progress) -> Any:
        """Return the ``TrustMap`` of a scale, judged once."""
        field = result.at_scale(scale)
        if field not in self._judged:
            self._judged[field] = _load("analysis.trust").trust_map(result, field, progress)
        return self._judged[field]


def _exported(result: TrackingResult, patient_data: bool) -> TrackingResult:
    """Return the result as it may leave the window."""
    if patient_data:
        return result
    hidden: TrackingResult = _load("export.privacy").without_patient_data(result)
    return hidden


def _load(room: str) -> Any:
    name = f"engine.{room}"
    known = name in sys.modules
    module = importlib.import_module(name)
    if not known:
        # The numerical libraries bring half a million objects that live for ever. Looking through
        # them takes the garbage collector 0.3 s, on the window's thread as often as on any other.
        gc.freeze()
    return module
