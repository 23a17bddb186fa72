"""A loop without acquisition times is reported without any unit of time."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.config import MaskConfig, MeasureConfig, ReadConfig, ReportConfig, TrackingConfig
from engine.model import View
from engine.phantom import PhantomConfig, make_phantom
from engine.pipeline import build_mask, measure, read_cine, report, track
from engine.progress import NullProgress

TIMED = re.compile(r"cm/s|1/s|\bmm/s|\bms\b|\bbpm\b|1/min")


def _video(path: Path, frames: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            grey = av.VideoFrame.from_ndarray(np.repeat(frame[..., None], 3, axis=2), "rgb24")
            container.mux(stream.encode(grey))
        container.mux(stream.encode())


@pytest.mark.parametrize("target", ["tissue", "blood"])
def test_no_unit_of_time_without_times(tmp_path: Path, target: str) -> None:
    progress = NullProgress()
    phantom = make_phantom(PhantomConfig(size=(128, 160), frames=6))
    _video(tmp_path / "loop.mp4", phantom.cine.frames)
    cine = read_cine(tmp_path / "loop.mp4", ReadConfig(), progress)
    assert cine.frame_times_s is None
    marks = MaskConfig(target=target, view="A4C", ed_frame=0, es_frame=4)
    mask = build_mask(cine, marks, progress)
    config = TrackingConfig(target=target, method="dis")
    result = track(cine, mask, config, progress, view=View.A4C)
    measurements = measure(result, MeasureConfig(in_plane_research=True), progress)
    files = report(result, measurements, tmp_path, ReportConfig(movie=False), progress)
    for path in files:
        if path.suffix in {".csv", ".json"}:
            assert not TIMED.search(path.read_text(encoding="utf-8")), path.name
    if shutil.which("pdftotext") is not None:
        command = ["pdftotext", str(tmp_path / "report.pdf"), "-"]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        assert "acquisition times are unknown" in " ".join(done.stdout.split())
        assert not TIMED.search(done.stdout)
