"""A small engine whose every answer is known, and how to wait for the window."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.verbs import TrackedWall, Trust
from engine.analysis.strain_map import StrainMaps
from engine.config import (
    HandoverConfig,
    HandoverFormat,
    MaskConfig,
    MeasureConfig,
    ReadConfig,
    ReportConfig,
    TrackingConfig,
)
from engine.cycle import R_WAVE, SMALLEST_AREA
from engine.errors import InputError, UnreadableFileError
from engine.model import (
    Cine,
    Contours,
    Mask,
    MaskKind,
    Measurement,
    Measurements,
    Provenance,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
    View,
)
from engine.progress import Progress, Step

FRAMES, HEIGHT, WIDTH = 12, 96, 128


def make_cine(*, calibrated: bool = True, frames: int = FRAMES) -> Cine:
    """Return a small speckled loop."""
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (frames, HEIGHT, WIDTH), dtype=np.uint8)
    return Cine(
        data,
        Provenance("small.dcm", "0" * 64, "DICOM"),
        frame_times_s=np.arange(frames) * 0.02 if calibrated else None,
        spacing_mm=(0.5, 0.4) if calibrated else None,
        r_times_s=(0.04,) if calibrated else (),
        first_frame=5,
    )


def make_contours(frames: int = FRAMES) -> Contours:
    """Return an inner and an outer arch that do not move."""
    angle = np.linspace(np.pi, 2 * np.pi, 25)
    inner = np.stack([64 + 20 * np.cos(angle), 70 + 40 * np.sin(angle)], 1)
    outer = np.stack([64 + 30 * np.cos(angle), 70 + 52 * np.sin(angle)], 1)
    return Contours(
        np.repeat(inner[None], frames, 0), np.repeat(outer[None], frames, 0), keyframes=(0, 6)
    )


@dataclass
class FakeVerbs:
    """Verbs of a small engine whose every answer is known.

    Attributes:
        calibrated: Whether loops have spacing and times.
        gate: Tracking waits for it after the first scale; None runs through.
        calls: Names of the verbs called.
        failure: Raised by every verb but reading.
        trackable: Whether blood shows contrast.
        results: Result files that were written, by their names.
    """

    calibrated: bool = True
    gate: threading.Event | None = None
    calls: list[str] = field(default_factory=list)
    failure: Exception | None = None
    trackable: bool = True
    results: dict[str, TrackingResult] = field(default_factory=dict)

    def read_cine(self, path: Path, config: ReadConfig, progress: Progress) -> Cine:
        self.calls.append("read_cine")
        if not path.exists():
            raise UnreadableFileError(f"{path.name} is not there. Choose another file.")
        return make_cine(calibrated=self.calibrated)

    def demo_cine(self, progress: Progress) -> Cine:
        return make_cine()

    def build_mask(self, cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        self.calls.append(f"build_mask {config.method.value} {config.target}")
        data = np.zeros(cine.frames.shape, np.bool_)
        data[:, 20:80, 30:100] = True
        return Mask(
            data,
            MaskKind.WALL,
            make_contours(len(data)),
            ed_frame=2,
            es_frame=7,
            confidence=0.9,
            mark_origins=(R_WAVE, SMALLEST_AREA),
        )

    def fill_contours(self, cine: Cine, mask: Mask, contours: Contours, target: Target) -> Mask:
        self.calls.append("fill_contours")
        return dataclasses.replace(mask, contours=contours, confidence=None)

    def track(
        self,
        cine: Cine,
        mask: Mask,
        config: TrackingConfig,
        progress: Progress,
        *,
        view: View | None,
    ) -> TrackingResult:
        self.calls.append("track")
        if self.failure is not None:
            raise self.failure
        fields = []
        for index, key in enumerate(config.scales):
            fields.append(self._field(cine, Scale(key)))
            progress.partial(fields[-1])
            done = (index + 1) / len(config.scales)
            progress.report(Step(f"scale {Scale(key).label}", index + 1, 4, fraction=done))
            while self.gate is not None and not self.gate.wait(0.01):
                progress.check()
        return self.gather(tuple(fields), cine, mask, config)

    def gather(
        self, fields: tuple[ScaleField, ...], cine: Cine, mask: Mask, config: TrackingConfig
    ) -> TrackingResult:
        return TrackingResult(
            fields,
            mask.data,
            "ssmsr",
            Target(config.target),
            cine.provenance.sha256,
            "0",
            frames=cine.frames,
            frame_times_s=cine.frame_times_s,
            spacing_mm=cine.spacing_mm,
            contours=mask.contours,
            first_frame=cine.first_frame,
            ed_frame=None if mask.ed_frame is None else mask.ed_frame + cine.first_frame,
            es_frame=None if mask.es_frame is None else mask.es_frame + cine.first_frame,
            mark_origins=mask.mark_origins,
            config={"tracking": {"scales": list(config.scales)}},
        )

    def trust(self, result: TrackingResult, scale: Scale, progress: Progress) -> Trust:
        trust = np.ones((FRAMES - 1, HEIGHT, WIDTH), np.float32)
        trust[:, :, :60] = 0.1
        return Trust(trust, self.trackable)

    def follow_wall(self, result: TrackingResult, progress: Progress) -> TrackedWall:
        self.calls.append("follow_wall")
        if result.contours is None:
            raise InputError("There is no contour.")
        names = () if result.view is None else ("basal_inferoseptal", "mid_inferoseptal")
        spans = {name: (12 * index, 12 * index + 12) for index, name in enumerate(names)}
        return TrackedWall(result.contours, spans, result)

    def map_strain(self, result: TrackingResult, scale: Scale, progress: Progress) -> StrainMaps:
        self.calls.append(f"map_strain {scale.label}")
        start = (result.ed_frame or 0) - result.first_frame
        percent = np.full((FRAMES, HEIGHT, WIDTH), np.nan, np.float32)[:, 1::3, 1::3]
        percent[start + 1 :, 8:24, 12:30] = -20.0
        return StrainMaps(percent, "longitudinal", start, 3)

    def measure(
        self, result: TrackingResult, config: MeasureConfig, progress: Progress
    ) -> Measurements:
        self.calls.append("measure")
        if self.failure is not None:
            raise self.failure
        rows = [
            Measurement(
                "strain_longitudinal", "L(t)/L0 - 1", region, -value * frame, "%", frame + 5
            )
            for region, value in (("global", 1.5), ("basal_inferoseptal", 1.0))
            for frame in range(FRAMES)
        ]
        rows.append(Measurement("ls_a4c", "end-systolic", "global", -17.6, "%"))
        return Measurements(tuple(rows), omitted=(("velocity", "the frame rate is unknown"),))

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
        self.calls.append("report")
        path = folder / "report.pdf"
        path.write_bytes(b"pdf")
        return (path,)

    def hand_over(
        self,
        result: TrackingResult,
        folder: Path,
        wanted: HandoverFormat,
        config: HandoverConfig,
        progress: Progress,
    ) -> tuple[Path, ...]:
        name = None if config.source is None else config.source.name
        self.calls.append(f"hand_over {wanted.value} {name} {config.patient_data}")
        return (folder / "x.bin",)

    def find_sector(self, cine: Cine) -> NDArray[np.bool_]:
        sector = np.zeros(cine.shape[1:], np.bool_)
        sector[10:90, 20:110] = True
        return sector

    def write_movie(
        self,
        path: Path,
        result: TrackingResult,
        scale: Scale,
        progress: Progress,
        *,
        patient_data: bool,
    ) -> None:
        self.calls.append(f"write_movie {scale.label}")
        if self.failure is not None:
            raise self.failure
        path.write_bytes(b"mp4")

    def write_csv(self, path: Path, measurements: Measurements) -> None:
        self.calls.append("write_csv")
        path.write_text("csv", encoding="utf-8")

    def write_result(self, path: Path, result: TrackingResult, *, patient_data: bool) -> None:
        self.calls.append("write_result")
        path.write_bytes(b"h5")
        self.results[str(path)] = result

    def read_result(self, path: Path) -> TrackingResult:
        if str(path) not in self.results:
            raise UnreadableFileError(f"{path.name} is no result file.")
        return self.results[str(path)]

    def device_name(self) -> str:
        return "CPU, 1 thread"

    def _field(self, cine: Cine, scale: Scale) -> ScaleField:
        frames, height, width = cine.frames.shape
        displacement = np.zeros((frames - 1, 2, height, width), np.float32)
        displacement[:, 0] = -2.0
        displacement[:, 1] = 1.0
        return ScaleField(
            scale, displacement, seconds=0.5, steps=3, mse=0.01, nlcc=0.6, folding=0.0
        )


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Wait for a condition, long enough for a machine that is busy with other work."""
    qtbot.waitUntil(condition, timeout=60_000)


def wait_idle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until no job runs."""
    until(qtbot, lambda: not window.context.jobs.busy)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    """Press a key as the user does, wherever the focus is."""
    qtbot.keyClick(window, key)


def dialogs(window: MainWindow) -> list[QMessageBox]:
    """Return the open error dialogs."""
    return [box for box in window.findChildren(QMessageBox) if box.isVisible()]
