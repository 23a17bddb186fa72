"""Masks from PNG, NIfTI and NPZ, for a loop or a part of it."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError, UnreadableFileError
from engine.io.mask_file import Label, read_mask_file, write_mask_file

SHAPE = (3, 10, 14)


@pytest.fixture
def inside() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    for k in range(3):
        mask[k, 2 + k : 6 + k, 3:9] = True
    return mask


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "P"])
def test_a_png_serves_every_frame(tmp_path: Path, inside: np.ndarray, mode: str) -> None:
    picture = Image.fromarray(inside[0].astype(np.uint8) * 255)
    if mode == "P":
        picture = Image.fromarray(inside[0].astype(np.uint8), "L")
        picture.putpalette([0, 0, 0, 255, 0, 0] + [0] * 762)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "mask.any", "PNG")
    found = read_mask_file(tmp_path / "mask.any", SHAPE)
    assert found.shape == SHAPE
    for frame in found:
        np.testing.assert_array_equal(frame, inside[0])


def test_transparent_pixels_are_outside(tmp_path: Path, inside: np.ndarray) -> None:
    pixels = np.full((10, 14, 4), 255, np.uint8)
    pixels[..., 3] = inside[0] * 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask_file(tmp_path / "mask.png", SHAPE)[2], inside[0])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.int64])
def test_npz_of_a_loop_or_a_frame(tmp_path: Path, inside: np.ndarray, dtype: type) -> None:
    np.savez(tmp_path / "loop.npz", mask=inside.astype(dtype))
    np.testing.assert_array_equal(read_mask_file(tmp_path / "loop.npz", SHAPE), inside)
    np.savez(tmp_path / "frame.npz", mask=inside[1].astype(dtype))
    np.testing.assert_array_equal(read_mask_file(tmp_path / "frame.npz", SHAPE)[0], inside[1])
    alone = read_mask_file(tmp_path / "frame.npz", SHAPE, preferred=Label.MYOCARDIUM)
    np.testing.assert_array_equal(alone[0], inside[1], "one value is a mask, not a label")


def test_labels_of_camus(tmp_path: Path, inside: np.ndarray) -> None:
    labels = inside.astype(np.uint8) * 2
    labels[:, :1] = 1
    image = nibabel.Nifti1Image(labels.transpose(2, 1, 0), np.eye(4))
    nibabel.save(image, tmp_path / "gt.nii.gz")
    wall = read_mask_file(tmp_path / "gt.nii.gz", SHAPE, label=Label.MYOCARDIUM)
    np.testing.assert_array_equal(wall, inside)
    told = read_mask_file(tmp_path / "gt.nii.gz", SHAPE, preferred=Label.MYOCARDIUM)
    np.testing.assert_array_equal(told, inside)
    np.testing.assert_array_equal(read_mask_file(tmp_path / "gt.nii.gz", SHAPE), labels > 0)
    with pytest.raises(InputError, match="label 3"):
        read_mask_file(tmp_path / "gt.nii.gz", SHAPE, label=Label.ATRIUM)


def test_a_mask_of_the_whole_source_serves_a_part_of_it(tmp_path: Path, inside: np.ndarray) -> None:
    source = np.concatenate([np.zeros((5, 10, 14), bool), inside, np.zeros((2, 10, 14), bool)])
    write_mask_file(tmp_path / "mask.npz", source)
    found = read_mask_file(tmp_path / "mask.npz", SHAPE, first_frame=5)
    np.testing.assert_array_equal(found, inside)
    with pytest.raises(UnreadableFileError, match="10 frames and the loop 3, from 8 on"):
        read_mask_file(tmp_path / "mask.npz", SHAPE, first_frame=8)


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (np.ones((10, 13)), UnreadableFileError, "13x10 px and the loop 14x10"),
        (np.ones((2, 10, 14)), UnreadableFileError, "2 frames and the loop 3"),
        (np.zeros((10, 14)), InputError, "no pixel is inside"),
        (np.ones(14), UnreadableFileError, "shape"),
        (np.ones((1, 3, 10, 14)), UnreadableFileError, "shape"),
    ],
)
def test_masks_that_do_not_fit(
    tmp_path: Path, mask: np.ndarray, error: type[Exception], message: str
) -> None:
    np.savez(tmp_path / "mask.npz", mask=mask)
    with pytest.raises(error, match=message):
        read_mask_file(tmp_path / "mask.npz", SHAPE)


@pytest.mark.parametrize("content", [b"", b"text that is no mask", b"PK\x03\x04broken", b"\x89PNG"])
def test_broken_masks_end_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mask.png").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"Cannot read mask\.png"):
        read_mask_file(tmp_path / "mask.png", SHAPE)


def test_npz_without_the_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "mask.npz", frames=np.ones((10, 14)))
    with pytest.raises(UnreadableFileError, match="no key 'mask'"):
        read_mask_file(tmp_path / "mask.npz", SHAPE)
