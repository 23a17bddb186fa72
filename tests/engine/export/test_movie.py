"""The overlay video is decoded again and shows what moved, where to, and in which unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from synthetic_results import drift_result, ring_contours, uncalibrated

from engine.config import ReportConfig
from engine.errors import Cancelled, InputError, OutputError
from engine.export.mask_picture import decisive_frames, mask_picture, write_mask_picture
from engine.export.movie import playback, write_mask_movie, write_movie
from engine.export.overlay import OverlayPainter
from engine.export.stage import TOP
from engine.model import Cine, Mask, MaskKind, Provenance, Scale, TrackingResult
from engine.progress import NullProgress, RecordingProgress


def _colourful(picture: np.ndarray) -> np.ndarray:
    return np.ptp(picture.astype(int), axis=2) > 60


def _image(result: TrackingResult, frame: int = 1, **options: Any) -> np.ndarray:
    painter = OverlayPainter(result, Scale.FULL, ReportConfig(), **options)
    return painter.paint(frame)[TOP : TOP + 384, :512]


def test_browsers_can_play_it(tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    progress = RecordingProgress()
    result = drift_result(size=(47, 63))
    write_movie(path, result, Scale.HALF, ReportConfig(), progress)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.width % 2 == 0
        assert stream.height % 2 == 0
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 4
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "playback starts before the end is loaded"
    assert not _colourful(frames[0][TOP : TOP + 300, :480]).any(), "the first frame has no arrows"
    assert _colourful(frames[1][TOP : TOP + 300, :480]).mean() > 0.005
    assert progress.steps[-1].fraction == 1


def test_frames_are_shown_at_their_own_times(tmp_path: Path) -> None:
    times = np.array([0.0, 0.02, 0.05, 0.07])
    result = drift_result(frame_times_s=times)
    write_movie(tmp_path / "m.mp4", result, Scale.FULL, ReportConfig(), NullProgress())
    with av.open(str(tmp_path / "m.mp4")) as container:
        shown = [frame.time for frame in container.decode(video=0)]
    assert np.diff(shown) == pytest.approx(np.diff(times) * 2, abs=2e-3), "half of real time"


def test_playback_states_its_rate() -> None:
    assert playback(np.arange(9) / 20.0, 9).remark == "Real time"
    slow = playback(1.0 + np.arange(9) / 75.0, 9)
    assert "25 % of real time" in slow.remark
    assert slow.times_s[:2] == pytest.approx([0, 4 / 75])
    assert "unknown" in playback(None, 9).remark


@pytest.mark.parametrize(
    ("motion", "step"), [((2, 0), (1, 0)), ((-2, 0), (-1, 0)), ((0, 2), (0, -1))]
)
def test_arrow_heads_lie_where_the_tissue_goes(
    motion: tuple[float, float], step: tuple[int, int]
) -> None:
    """An arrow is broadest at its head: its widest cross-section lies towards the motion."""
    config = ReportConfig(speed_limit=8.5)
    result = drift_result(motion, size=(32, 32), mask=np.ones((4, 32, 32), bool))
    picture = OverlayPainter(result, Scale.FULL, config).paint(1)
    picture = picture[TOP + 8 : TOP + 504, 8:504]
    count, labels = cv2.connectedComponents(_colourful(picture).astype(np.uint8))
    axis = 0 if step[0] else 1
    leanings = []
    for label in range(1, count):
        arrow = labels == label
        if arrow[[0, -1]].any() or arrow[:, [0, -1]].any():
            continue
        widths = arrow.sum(axis=axis)
        widths = widths[np.flatnonzero(widths)[0] : np.flatnonzero(widths)[-1] + 1]
        if len(widths) > 9:
            leanings.append(float(np.argmax(widths)) - (len(widths) - 1) / 2)
    assert len(leanings) > 20
    assert set(np.sign(leanings)) == {step[0] + step[1]}


def test_untrusted_arrows_fade() -> None:
    result = drift_result(mask=np.ones((4, 48, 64), bool))
    inner = np.s_[20:360, 20:490]
    sure = _image(result, trust=np.ones((3, 48, 64), np.float32))[inner]
    doubtful = _image(result, trust=np.zeros((3, 48, 64), np.float32))[inner]
    tissue = 40
    assert sure.max() - tissue > 2.5 * (int(doubtful.max()) - tissue) > 0


def test_without_frames_arrows_stand_on_black() -> None:
    black = _image(drift_result(frames=None))
    assert _colourful(black).any()
    assert np.median(black) == 0
    assert np.median(_image(drift_result())) == 40


def test_units_follow_the_calibration() -> None:
    config = ReportConfig()
    painter = OverlayPainter(drift_result(), Scale.FULL, config)
    # 2 px of 0.5 mm in 20 ms.
    assert (painter.unit, painter.limit) == ("cm/s", 5.0)
    painter = OverlayPainter(uncalibrated(), Scale.FULL, config)
    assert (painter.unit, painter.limit) == ("px/frame", 2.0)
    painter = OverlayPainter(uncalibrated(), Scale.FULL, ReportConfig(speed_limit=7.5))
    assert painter.limit == 7.5


def test_unequal_spacing_is_shown_with_equal_millimetres() -> None:
    painter = OverlayPainter(
        drift_result(spacing_mm=(1.0, 0.5), size=(64, 64)), Scale.FULL, ReportConfig()
    )
    picture = painter.paint(0)
    drawn = np.argwhere(np.all(picture == 40, axis=2))
    height, width = np.ptp(drawn, axis=0) + 1
    assert width == 2 * height


def test_contours_and_banner_are_drawn() -> None:
    plain = _image(drift_result(), frame=0)
    ringed = _image(drift_result(contours=ring_contours(4, (48, 64))), frame=0)
    warned = _image(drift_result(), frame=0, banner="No trackable contrast", arrows=False)
    assert not np.array_equal(plain, ringed)
    assert (warned[10:46] != plain[10:46]).any()


def test_two_frames_are_enough(tmp_path: Path) -> None:
    write_movie(
        tmp_path / "m.mp4", uncalibrated(count=2), Scale.FULL, ReportConfig(), NullProgress()
    )
    with av.open(str(tmp_path / "m.mp4")) as container:
        assert len(list(container.decode(video=0))) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_masks_have_their_own_video(tmp_path: Path, count: int) -> None:
    size = (48, 64)
    cine = Cine(np.full((count, *size), 40, np.uint8), Provenance("loop", "", "NPZ"))
    data = np.zeros((count, *size), bool)
    data[:, 10:30, 20:50] = True
    mask = Mask(data, MaskKind.WALL, contours=ring_contours(count, size), ed_frame=0)
    write_mask_movie(tmp_path / "mask.mp4", cine, mask, NullProgress())
    with av.open(str(tmp_path / "mask.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == count
    assert _colourful(frames[0][TOP : TOP + 300, :512]).any(), "the contours are drawn"


def test_a_mask_has_one_picture_of_its_decisive_frames(tmp_path: Path) -> None:
    size = (48, 64)
    cine = Cine(np.full((9, *size), 40, np.uint8), Provenance("loop", "", "NPZ"))
    data = np.zeros((9, *size), bool)
    data[:, 10:30, 20:50] = True
    contours = ring_contours(9, size)
    mask = Mask(data, MaskKind.WALL, contours=contours, ed_frame=1, es_frame=6)
    assert [frame for _, frame in decisive_frames(mask)] == [1, 3, 6]
    whole = mask_picture(cine, mask)
    third = whole.shape[1] // 3
    for part in range(3):
        assert _colourful(whole[TOP : TOP + 300, part * third :][:, :third]).any()
    unmarked = Mask(data, MaskKind.WALL)
    assert [frame for _, frame in decisive_frames(unmarked)] == [0, 4, 8]
    write_mask_picture(tmp_path / "small.png", cine, unmarked, widest=600)
    with Image.open(tmp_path / "small.png") as picture:
        assert picture.width == 600


def test_a_missing_scale_is_told() -> None:
    with pytest.raises(InputError, match="1/8"):
        OverlayPainter(drift_result(), Scale.EIGHTH, ReportConfig())


def test_cancelled_or_failed_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        write_movie(tmp_path / "m.mp4", drift_result(), Scale.FULL, ReportConfig(), progress)
    assert not list(tmp_path.iterdir())

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(av, "open", fail)
    with pytest.raises(OutputError, match="disk is full"):
        write_movie(tmp_path / "m.mp4", drift_result(), Scale.FULL, ReportConfig(), NullProgress())
    assert not list(tmp_path.iterdir())
