"""NIfTI in CAMUS order and NPZ; units decide what a step means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from engine.errors import InputError, UnreadableFileError
from engine.model import Cine

Read = Callable[..., Cine]


def save_nifti(
    path: Path,
    values: np.ndarray,
    *,
    zooms: tuple[float, ...] = (0.3, 0.15, 1.0),
    units: tuple[str, str] = ("mm", "sec"),
    kind: type = nibabel.Nifti1Image,
) -> Path:
    """Save an array that is already in the order (x, y, t)."""
    image = kind(values, np.eye(4))
    image.header.set_zooms(zooms)
    image.header.set_xyzt_units(*units)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_camus_order_gives_rows_and_columns(
    *, tmp_path: Path, speckle: np.ndarray, read: Read, ending: str, kind: type
) -> None:
    path = save_nifti(tmp_path / f"loop{ending}", speckle.transpose(2, 1, 0), kind=kind)
    path = path.rename(tmp_path / "patient0001")  # content decides
    loop = read(path)
    np.testing.assert_array_equal(loop.frames, speckle)
    assert loop.spacing_mm == pytest.approx((0.3, 0.15))
    np.testing.assert_array_equal(read(path, frames=(1, 3)).frames, speckle[1:3])


def test_a_step_of_one_second_is_no_frame_time(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    loop = read(save_nifti(tmp_path / "loop.nii", speckle.transpose(2, 1, 0)))
    assert loop.frame_times_s is None
    assert "refused" in loop.provenance.times_origin


@pytest.mark.parametrize(
    ("step", "unit", "seconds"),
    [(0.02, "sec", 0.02), (20.0, "msec", 0.02), (0.02, "unknown", None)],
)
def test_times_need_a_unit_of_time(
    *,
    tmp_path: Path,
    speckle: np.ndarray,
    read: Read,
    step: float,
    unit: str,
    seconds: float | None,
) -> None:
    values = speckle.transpose(2, 1, 0)[:, :, None, :]
    path = save_nifti(
        tmp_path / "loop.nii", values, zooms=(0.3, 0.3, 1.0, step), units=("mm", unit)
    )
    loop = read(path)
    assert loop.shape == speckle.shape
    if seconds is None:
        assert loop.frame_times_s is None
    else:
        np.testing.assert_allclose(loop.frame_times_s, np.arange(6) * seconds, rtol=1e-6)


def test_units_of_length(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    values = speckle.transpose(2, 1, 0)
    micron = save_nifti(tmp_path / "a.nii", values, zooms=(300, 150, 1), units=("micron", "sec"))
    assert read(micron).spacing_mm == pytest.approx((0.3, 0.15))
    blank = save_nifti(tmp_path / "b.nii", values, zooms=(1, 1, 1), units=("unknown", "unknown"))
    assert read(blank).spacing_mm is None


def test_scaled_and_wide_values(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    values = speckle.transpose(2, 1, 0).astype(np.float32) / 255
    loop = read(save_nifti(tmp_path / "float.nii.gz", values))
    assert np.abs(loop.frames.astype(int) - speckle).max() <= 1
    assert any("scaled by 255" in item for item in loop.provenance.warnings)


def test_a_picture_and_a_volume_through_time(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    single = save_nifti(tmp_path / "one.nii", speckle[0].T, zooms=(0.3, 0.3))
    assert read(single).shape == (1, 48, 64)
    volume = save_nifti(tmp_path / "4d.nii", np.zeros((4, 4, 3, 5), np.uint8), zooms=(1, 1, 1, 1))
    with pytest.raises(UnreadableFileError, match="2D loop"):
        read(volume)


def test_header_and_image_pairs_are_refused(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    nibabel.save(nibabel.Nifti1Pair(speckle.transpose(2, 1, 0), np.eye(4)), tmp_path / "a.img")
    with pytest.raises(UnreadableFileError, match=r"single \.nii"):
        read(tmp_path / "a.hdr")


def test_npz_with_all_its_facts(tmp_path: Path, speckle: np.ndarray, read: Read) -> None:
    path = tmp_path / "loop.npz"
    times = 3.0 + np.arange(6) * 0.0125
    np.savez_compressed(
        path, frames=speckle, frame_times_s=times, spacing_mm=[0.3, 0.2], r_times_s=[3.01]
    )
    loop = read(path)
    np.testing.assert_array_equal(loop.frames, speckle)
    np.testing.assert_array_equal(loop.frame_times_s, times)
    assert loop.spacing_mm == (0.3, 0.2)
    assert loop.r_times_s == (3.01,)
    part = read(path, frames=(4, 6))
    np.testing.assert_array_equal(part.frame_times_s, times[4:])
    assert part.first_frame == 4


def test_npz_in_colour_and_single(tmp_path: Path, tinted: np.ndarray, read: Read) -> None:
    np.savez(tmp_path / "colour.npz", frames=tinted)
    luma = tinted.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(read(tmp_path / "colour.npz").frames - luma).max() <= 0.51
    np.savez(tmp_path / "one.npz", frames=tinted[0, ..., 0])
    assert read(tmp_path / "one.npz").shape == (1, 48, 64)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"video": np.zeros((2, 3, 3))}, "no key 'frames'"),
        ({"frames": np.zeros((2, 3, 3, 2))}, "shape"),
        ({"frames": np.zeros((2, 0, 3))}, "shape"),
        ({"frames": np.zeros(5)}, "shape"),
        ({"frames": np.full((2, 3, 3), np.nan)}, "NaN"),
        ({"frames": np.zeros((2, 3, 3)), "frame_times_s": [1.0, 1.0]}, "do not increase"),
        ({"frames": np.zeros((2, 3, 3)), "frame_times_s": [1.0]}, "frame_times_s"),
        ({"frames": np.zeros((2, 3, 3)), "spacing_mm": [0.0, 1.0]}, "not positive"),
        ({"frames": np.array([["a", "b"]])}, "not numbers"),
        ({"frames": np.array([[{}, {}]], dtype=object)}, "damaged"),
        ({"frames": np.zeros((2, 3, 3), complex)}, "not numbers"),
    ],
)
def test_npz_that_cannot_be_a_loop(
    tmp_path: Path, read: Read, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path / "bad.npz")


def test_frames_out_of_range_tell_what_there_is(
    tmp_path: Path, speckle: np.ndarray, read: Read
) -> None:
    np.savez(tmp_path / "loop.npz", frames=speckle)
    with pytest.raises(InputError, match=r"has 6 frames \(0 to 5\)"):
        read(tmp_path / "loop.npz", frames=(4, 9))
