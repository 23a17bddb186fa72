"""Every method and target makes the mask that it says, and files go round."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.config import MaskConfig, MaskMethod
from engine.cycle import SMALLEST_AREA
from engine.errors import InputError
from engine.io.contours_file import write_contours
from engine.io.mask_file import read_mask_file
from engine.masks.build import build_mask, save_masks
from engine.masks.sector import find_sector
from engine.masks.settings import TissueRegionConfig
from engine.masks.tissue_region import dilation_radii, tissue_region
from engine.model import Cine, Contours, MaskKind
from engine.phantom import Phantom
from engine.progress import NullProgress, RecordingProgress

Make = Callable[..., Cine]


def test_the_papers_region_is_the_range_dilated(cine_of: Make) -> None:
    frames = np.zeros((1, 768, 1024))
    frames[0, 400, 500] = 128
    frames[0, 100, 100] = 255
    region = tissue_region(cine_of(frames))
    rows, columns = np.nonzero(region[0])
    assert (rows.min(), rows.max()) == (384, 416)
    assert (columns.min(), columns.max()) == (484, 516)
    assert region.sum() == pytest.approx(np.pi * 16**2, rel=0.03)


@pytest.mark.parametrize(("shape", "radius"), [((768, 1024), 16), ((384, 512), 8), ((112, 112), 2)])
def test_the_dilation_scales_with_the_image(
    shape: tuple[int, int], radius: int, cine_of: Make
) -> None:
    assert dilation_radii(cine_of(np.zeros((1, *shape))), 16) == (radius, radius)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((768, 512), (0.4, 0.2)), ((384, 1024), (0.2, 0.4))]
)
def test_the_dilation_is_round_in_mm(
    shape: tuple[int, int], spacing: tuple[float, float], cine_of: Make
) -> None:
    frames = np.zeros((1, *shape))
    middle = (shape[0] // 2, shape[1] // 2)
    frames[0, *middle] = 128
    region = tissue_region(cine_of(frames, spacing_mm=spacing))[0]
    for at, size in zip(np.nonzero(region), spacing[::-1], strict=True):
        assert (np.ptp(at) / 2) * size == pytest.approx(3.2)
    assert region.sum() * spacing[0] * spacing[1] == pytest.approx(np.pi * 3.2**2, rel=0.04)


def test_the_range_is_tunable(cine_of: Make) -> None:
    frames = np.full((1, 60, 60), 10)
    frames[0, 30, 30] = 200
    config = TissueRegionConfig(low=0.5, dilation_px=0)
    assert tissue_region(cine_of(frames), config=config).sum() <= 9


def test_paper_tissue_keeps_nearly_the_whole_sector_and_says_so(apical: Phantom) -> None:
    mask = build_mask(apical.cine, MaskConfig(method=MaskMethod.PAPER), NullProgress())
    assert mask.kind is MaskKind.TISSUE_REGION
    sector = find_sector(apical.cine)
    assert mask.data[:, sector].mean() > 0.97
    assert not mask.data[:, ~sector].any()
    assert "not a wall" in mask.notes[0]


@pytest.mark.parametrize("method", [MaskMethod.AUTO, MaskMethod.PAPER])
def test_the_blood_pool_is_the_cavity(apical: Phantom, method: MaskMethod) -> None:
    mask = build_mask(apical.cine, MaskConfig(target="blood", method=method), NullProgress())
    assert mask.kind is MaskKind.BLOOD_POOL
    common = (mask.data & apical.cavity).sum((1, 2))
    score = 2 * common / (mask.data.sum((1, 2)) + apical.cavity.sum((1, 2)))
    marked = [k for k in (mask.ed_frame, mask.es_frame) if k is not None]
    assert score[marked].min() > (0.93 if method is MaskMethod.AUTO else 0.87)
    assert score.min() > (0.93 if method is MaskMethod.AUTO else 0.8)


def test_masks_and_contours_go_round_through_files(
    apical: Phantom, tmp_path: Path, cine_of: Make
) -> None:
    cine = cine_of(apical.cine.frames, first_frame=7)
    mask = build_mask(cine, MaskConfig(), NullProgress())
    written = save_masks(tmp_path / "new", mask, cine)
    assert [path.name for path in written] == ["mask.npz", "contours.json"]
    assert np.array_equal(read_mask_file(written[0], cine.shape), mask.data)
    stored = json.loads(written[1].read_text())
    assert stored["frames"][0]["frame"] == 7
    assert mask.es_frame is not None
    assert stored["es_frame"] == mask.es_frame + 7
    back = build_mask(cine, MaskConfig(method=MaskMethod.FILE, file=written[1]), NullProgress())
    assert back.kind is MaskKind.WALL
    assert (back.ed_frame, back.es_frame) == (mask.ed_frame, mask.es_frame)
    assert back.mark_origins == (mask.mark_origins[0], SMALLEST_AREA)
    given = MaskConfig(method=MaskMethod.FILE, file=written[1], es_frame=mask.es_frame + 7)
    again = build_mask(cine, given, NullProgress())
    assert again.mark_origins == (mask.mark_origins[0], ""), "given by a person"
    sector = find_sector(cine)
    assert np.mean((back.data & sector) != mask.data) < 1e-3
    plain = build_mask(cine, MaskConfig(method=MaskMethod.FILE, file=written[0]), NullProgress())
    assert plain.kind is MaskKind.FILE


@pytest.mark.parametrize("spacing", [(0.4, 0.8), (0.8, 0.4), (0.5, 0.5)])
def test_the_wall_around_a_files_cavity_is_equally_thick_in_mm(
    cine_of: Make, tmp_path: Path, spacing: tuple[float, float]
) -> None:
    size = (round(80 / spacing[1]), round(80 / spacing[0]))
    cine = cine_of(np.full((3, *size), 90), spacing_mm=spacing)
    radius, middle = 20.0, np.array([40.0, 40.0])
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    inner = middle + radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    cavity = Contours(np.repeat(inner[None] / spacing, 3, 0).astype(np.float32), closed=True)
    file = tmp_path / "contours.json"
    write_contours(file, cavity)
    config = MaskConfig(method=MaskMethod.FILE, file=file, thickness_fraction=0.1)
    mask = build_mask(cine, config, NullProgress())
    assert mask.contours is not None
    assert mask.contours.epicardial is not None
    reach = np.linalg.norm(mask.contours.epicardial * spacing - middle, axis=2)
    assert reach == pytest.approx(np.full((3, 120), radius + 0.1 * 4 * radius), abs=0.05)
    ring = np.pi * ((radius + 8) ** 2 - radius**2)
    assert mask.data[0].sum() * np.prod(spacing) == pytest.approx(ring, rel=0.02)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (MaskConfig(method=MaskMethod.FILE), "needs a mask file"),
        (MaskConfig(method=MaskMethod.POINTS), "three points"),
        (MaskConfig(target="bone"), "tissue or blood"),
        (MaskConfig(view="A5C"), "not known"),
        (
            MaskConfig(method=MaskMethod.POINTS, points=((1, 1), (2, 2)), view="A4C"),
            "two annulus points",
        ),
    ],
)
def test_settings_that_do_not_fit_are_told(
    apical: Phantom, config: MaskConfig, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        build_mask(apical.cine, config, NullProgress())


def test_a_black_loop_is_told(cine_of: Make) -> None:
    with pytest.raises(InputError, match="black"):
        build_mask(cine_of(np.zeros((4, 50, 60))), MaskConfig(), NullProgress())


def test_one_frame_is_enough_for_a_mask(apical: Phantom, cine_of: Make) -> None:
    mask = build_mask(cine_of(apical.cine.frames[:1]), MaskConfig(), NullProgress())
    assert mask.kind is MaskKind.WALL


def test_a_cancel_is_obeyed(apical: Phantom) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Exception, match="Stopped at your request"):
        build_mask(apical.cine, MaskConfig(), progress)


@pytest.mark.parametrize("size", [(6, 6), (12, 90)])
def test_a_picture_too_small_for_contours_is_told(cine_of: Make, size: tuple[int, int]) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (4, *size))
    with pytest.raises(InputError, match="too small to find contours"):
        build_mask(cine_of(frames), MaskConfig(), NullProgress())
