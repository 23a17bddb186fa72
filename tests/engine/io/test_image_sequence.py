"""Folders of images, multi-page TIFF and single pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError, UnreadableFileError
from engine.io.reader import require_frames
from engine.io.sequence import natural_key
from engine.model import Cine

Read = Callable[..., Cine]


def save_folder(folder: Path, frames: np.ndarray, ending: str = ".png") -> Path:
    """Save frames as frame1, frame2, ... frame10."""
    folder.mkdir()
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"frame{index + 8}{ending}")
    return folder


@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp"])
def test_a_folder_is_read_in_natural_order(
    tmp_path: Path, speckle: np.ndarray, read: Read, ending: str
) -> None:
    folder = save_folder(tmp_path / "loop", speckle, ending)
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_bytes(b"no image either")
    (folder / "sub").mkdir()
    loop = read(folder)
    np.testing.assert_array_equal(loop.frames, speckle)
    digest = hashlib.sha256()
    for index in range(len(speckle)):
        digest.update((folder / f"frame{index + 8}{ending}").read_bytes())
    assert loop.provenance.sha256 == digest.hexdigest()
    assert loop.provenance.format == "image sequence"
    part = read(folder, frames=(2, 4), fps=40.0)
    np.testing.assert_array_equal(part.frames, speckle[2:4])
    np.testing.assert_allclose(part.frame_times_s, [0.05, 0.075])


def test_natural_order() -> None:
    names = ["b1", "a10.png", "a2.png", "a2b10", "a2b9", "10", "9"]
    ordered = [path.name for path in sorted(map(Path, names), key=natural_key)]
    assert ordered == ["9", "10", "a2.png", "a2b9", "a2b10", "a10.png", "b1"]


def test_jpeg_folder(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    loop = read(save_folder(tmp_path / "loop", speckle, ".jpg"))
    assert np.abs(loop.frames.astype(float) - speckle).mean() < 4


def test_multi_page_tiff(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    path = tmp_path / "loop.tiff"
    pages = [Image.fromarray(frame) for frame in speckle]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    loop = read(path)
    np.testing.assert_array_equal(loop.frames, speckle)
    assert loop.provenance.format == "TIFF"
    np.testing.assert_array_equal(read(path, frames=(3, 5)).frames, speckle[3:5])


def test_sixteen_bits_are_scaled_by_one_factor_and_it_is_said(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    deep = speckle.astype(np.uint16) * 257
    deep[0, 0, 0] = 65535
    loop = read(save_folder(tmp_path / "loop", deep))
    expected = speckle.copy()
    expected[0, 0, 0] = 255
    np.testing.assert_array_equal(loop.frames, expected)
    assert any("from 16 to 8 bits" in item for item in loop.provenance.warnings)


def test_colour_and_palette(tmp_path: Path, tinted: np.ndarray, read: Read) -> None:
    folder = tmp_path / "loop"
    folder.mkdir()
    Image.fromarray(tinted[0]).save(folder / "1.png")
    Image.fromarray(tinted[1]).convert("RGBA").save(folder / "2.png")
    Image.fromarray(tinted[2]).quantize(256).save(folder / "3.png")
    loop = read(folder)
    luma = tinted[:3].astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(loop.frames[:2] - luma[:2]).max() <= 0.51
    assert np.abs(loop.frames[2] - luma[2]).mean() < 6
    assert any("coloured" in item for item in loop.provenance.warnings)


def test_a_single_picture_is_a_loop_of_one_frame_that_cannot_be_tracked(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    Image.fromarray(speckle[0]).save(tmp_path / "one.png")
    loop = read(tmp_path / "one.png")
    assert loop.shape == (1, 48, 64)
    with pytest.raises(InputError, match="1 frame, and tracking needs 2"):
        require_frames(loop)
    require_frames(loop, 1)


def test_mixed_sizes_are_refused(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    folder = save_folder(tmp_path / "loop", speckle)
    Image.fromarray(speckle[0][:-2]).save(folder / "frame99.png")
    with pytest.raises(UnreadableFileError, match=r"differ in size \(64x48 and 64x46"):
        read(folder)


def test_folders_without_images_are_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UnreadableFileError, match="holds no PNG"):
        read(tmp_path)


def test_a_damaged_image_is_named(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    folder = save_folder(tmp_path / "loop", speckle)
    victim = folder / "frame10.png"
    victim.write_bytes(victim.read_bytes()[:600])
    with pytest.raises(UnreadableFileError, match=r"frame10\.png"):
        read(folder)
