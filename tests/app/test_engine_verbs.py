"""The engine behind the window: trust is judged once, and the video shows what it says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine_verbs import EngineVerbs
from engine.analysis import trust as trusting
from engine.analysis.contrast import Contrast
from engine.analysis.events import heart_cycle
from engine.config import MeasureConfig, ReportConfig, TrackingConfig
from engine.export import movie
from engine.masks.files import mask_of_contours
from engine.masks.sector import find_sector
from engine.model import (
    Contours,
    Mask,
    MaskKind,
    Scale,
    ScaleField,
    Target,
    TrackingResult,
)
from engine.phantom import PhantomConfig, PhantomKind, make_phantom
from engine.progress import NullProgress

SHAPE = (48, 64)


def drift(target: Target) -> TrackingResult:
    """Return a loop of four frames that drifts by 2 px a frame."""
    displacement = np.zeros((3, 2, *SHAPE), np.float32)
    displacement[:, 0] = -2.0
    noise = np.random.default_rng(3).integers(0, 255, SHAPE, dtype=np.uint8)
    frames = np.stack([np.roll(noise, 2 * index, axis=1) for index in range(4)])
    mask = np.zeros((4, *SHAPE), bool)
    mask[:, 8:40, 8:56] = True
    field = ScaleField(Scale.FULL, displacement)
    return TrackingResult(
        (field,), mask, "ssmsr", target, "0" * 64, "0", frames=frames,
        frame_times_s=0.02 * np.arange(4), spacing_mm=(0.5, 0.5),
    )  # fmt: skip


def test_trust_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    judge = trusting.trust_map

    def counted(*given: Any, **more: Any) -> trusting.TrustMap:
        calls.append(given)
        return judge(*given, **more)

    for module in ("analysis.trust", "analysis.measure", "export.report"):
        monkeypatch.setattr(f"engine.{module}.trust_map", counted)
    verbs, result, progress = EngineVerbs(), drift(Target.TISSUE), NullProgress()
    verbs.trust(result, Scale.FULL, progress)
    measurements = verbs.measure(result, MeasureConfig(), progress)
    files = ReportConfig(figures=False, pdf=False)
    verbs.report(result, measurements, tmp_path, files, progress, patient_data=True)
    path = tmp_path / "loop.mp4"
    verbs.write_movie(path, result, Scale.FULL, progress, patient_data=False)
    assert len(calls) == 1


def test_an_edited_wall_stays_in_the_sector_as_the_automatic_one_does() -> None:
    cine = make_phantom(PhantomConfig(kind=PhantomKind.APICAL, size=(96, 128), frames=4)).cine
    sector = find_sector(cine)
    top = int(np.nonzero(sector.any(1))[0][0])
    angle = np.linspace(np.pi, 2 * np.pi, 40)
    arch = np.stack([np.cos(angle), np.sin(angle)], 1)
    inner, outer = np.array([64, top + 60]) + 30 * arch, np.array([64, top + 60]) + 58 * arch
    contours = Contours(
        np.repeat(inner[None], 4, 0).astype(np.float32),
        np.repeat(outer[None], 4, 0).astype(np.float32),
    )
    drawn = mask_of_contours(contours, cine.shape[1:], Target.TISSUE)
    assert (drawn & ~sector).any()
    mask = Mask(drawn, MaskKind.WALL, contours)
    filled = EngineVerbs().fill_contours(cine, mask, contours, Target.TISSUE)
    assert not (filled.data & ~sector).any()
    assert filled.data.any()
    unlit = dataclasses.replace(cine, frames=np.zeros_like(cine.frames))
    assert EngineVerbs().fill_contours(unlit, mask, contours, Target.TISSUE).data.any()


@pytest.mark.parametrize("trackable", [True, False])
def test_video_without_contrast_shows_a_banner_and_no_arrows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trackable: bool
) -> None:
    seen: dict[str, Any] = {}
    contrast = Contrast(0.9, 0.0, None) if trackable else Contrast(0.0, 0.0, 0.0)
    monkeypatch.setattr(trusting, "trackable_contrast", lambda _: contrast)
    monkeypatch.setattr(movie, "write_movie", lambda *_, **options: seen.update(options))
    verbs, result = EngineVerbs(), drift(Target.BLOOD)
    path = tmp_path / "loop.mp4"
    verbs.write_movie(path, result, Scale.FULL, NullProgress(), patient_data=True)
    assert seen["arrows"] is trackable
    assert bool(seen["banner"]) is not trackable
    assert seen["trust"].shape == (3, *SHAPE)


def test_the_scales_finished_before_a_stop_are_a_result_that_says_so() -> None:
    phantom = make_phantom(PhantomConfig(kind=PhantomKind.APICAL, size=(64, 80), frames=3))
    cine = dataclasses.replace(phantom.cine, first_frame=4, r_times_s=(), heart_rate_bpm=72.0)
    mask = Mask(phantom.mask, MaskKind.WALL, phantom.contours, ("a note",), 0, 2)
    fields = [ScaleField(scale, phantom.displacement) for scale in Scale]
    config = TrackingConfig()
    part = EngineVerbs().gather(tuple(fields[:2]), cine, mask, config)
    assert (part.ed_frame, part.es_frame, part.method) == (4, 6, "ssmsr")
    cycle = heart_cycle(part)
    assert (cycle.heart_rate_bpm, cycle.heart_rate_origin) == (72.0, "stated by the source")
    assert part.stopped
    assert "stopped after scale 1/4" in part.notices[-1]
    whole = EngineVerbs().gather(tuple(fields), cine, mask, config)
    assert not whole.stopped
    assert not any("stopped" in notice for notice in whole.notices)


def test_the_strain_map_ends_with_the_beat_of_its_end_diastole() -> None:
    still = drift(Target.TISSUE)
    line = np.stack([np.linspace(12, 52, 30), np.full(30, 24.0)], axis=1)
    result = dataclasses.replace(
        still,
        contours=Contours(np.repeat(line[None], 4, axis=0).astype(np.float32)),
        r_times_s=(0.0, 0.04),
        ed_frame=0,
    )
    maps = EngineVerbs().map_strain(result, Scale.FULL, NullProgress())
    assert len(maps.percent) == 4
    for frame in (1, 2):
        shown = maps.at(frame)
        assert shown is not None
        assert np.nanmax(np.abs(shown)) < 1e-3, "a rigid drift strains nothing"
    assert np.isnan(maps.percent[3]).all(), "the next beat has begun"
