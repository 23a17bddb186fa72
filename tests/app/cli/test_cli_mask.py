"""The verb ``mask``: contours that follow a result, mirrored images, points at both phases."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from cli_support import Invoke
from typer.testing import CliRunner

from app.cli import app
from engine.io.contours_file import ContoursFile, read_contours_file
from engine.io.dicom_write import write_dicom
from engine.masks.propagation import propagate_contours
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom

FRAMES = 8
ES = 3


@pytest.fixture(scope="module")
def heart() -> Phantom:
    """Half a beat of an apical view, large enough to be found without a click."""
    return make_phantom(PhantomConfig(size=(192, 256), frames=FRAMES, cycle_frames=FRAMES, seed=3))


@pytest.fixture(scope="module")
def cine(heart: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heart as a DICOM file."""
    path = tmp_path_factory.mktemp("heart") / "heart.dcm"
    write_dicom(path, heart.cine)
    return path


@pytest.fixture(scope="module")
def result(cine: Path, heart: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heart, tracked within its true wall."""
    folder = tmp_path_factory.mktemp("tracked")
    np.savez_compressed(folder / "wall.npz", mask=heart.mask)
    words = ["track", cine, "--out", folder, "--mask", folder / "wall.npz", "--preset", "preview"]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return folder / "result.h5"


def contours_in(folder: Path) -> ContoursFile:
    return read_contours_file(folder / "contours.json")


def test_contours_follow_the_field_of_a_result(
    invoke: Invoke, cine: Path, result: Path, tmp_path: Path
) -> None:
    marks = ("--ed", 0, "--es", ES)
    plain, followed = tmp_path / "plain", tmp_path / "followed"
    assert invoke("mask", cine, "--out", plain, *marks).code == 0
    answer = invoke("mask", cine, "--out", followed, "--follow", result, *marks)
    assert answer.code == 0, answer.error
    assert "Interpolated and tracked contour: Dice" in answer.out
    before, after = contours_in(plain), contours_in(followed)
    old, new = (file.for_loop(FRAMES, 0).endocardial for file in (before, after))
    with h5py.File(result) as file:
        field = file[f"scales/{max(file['scales'], key=_fineness)}/displacement"][:]
    carried = propagate_contours(field, {0: old[0], ES: old[ES]})
    for frame in (0, ES):
        assert new[frame] == pytest.approx(old[frame], abs=0.1)
    assert np.linalg.norm(new - carried, axis=2).mean() < 0.1
    with np.load(followed / "mask.npz") as stored:
        assert stored["mask"].shape == (FRAMES, 192, 256)
        assert stored["mask"].any(axis=(1, 2)).all()


def test_mirrored_turns_the_contours_and_nothing_else(
    invoke: Invoke, cine: Path, tmp_path: Path
) -> None:
    plain, turned = tmp_path / "plain", tmp_path / "turned"
    assert invoke("mask", cine, "--out", plain).code == 0
    answer = invoke("mask", cine, "--out", turned, "--mirrored")
    assert answer.code == 0, answer.error
    one, other = (contours_in(folder).for_loop(FRAMES, 0) for folder in (plain, turned))
    assert np.array_equal(one.endocardial[:, ::-1], other.endocardial)
    assert one.epicardial is not None
    assert other.epicardial is not None
    assert np.array_equal(one.epicardial[:, ::-1], other.epicardial)
    assert other.endocardial[0, 0, 0] > other.endocardial[0, -1, 0]
    with np.load(plain / "mask.npz") as straight, np.load(turned / "mask.npz") as mirrored:
        assert np.array_equal(straight["mask"], mirrored["mask"])


def test_points_of_both_phases_are_on_the_contours(
    invoke: Invoke, cine: Path, heart: Phantom, tmp_path: Path
) -> None:
    assert heart.contours is not None
    words: list[object] = []
    places = {0: "--points", ES: "--points-es"}
    for frame, option in places.items():
        for x, y in _corners(heart.contours.endocardial[frame]):
            words += [option, f"{x},{y}"]
    out = tmp_path / "out"
    answer = invoke("mask", cine, "--out", out, "--ed", 0, "--es", ES, *words)
    assert answer.code == 0, answer.error
    made = contours_in(out).for_loop(FRAMES, 0).endocardial
    for frame in places:
        for place in _corners(heart.contours.endocardial[frame]):
            assert np.linalg.norm(made[frame] - place, axis=1).min() < 1.0


def test_contours_do_not_follow_blood(
    invoke: Invoke, cine: Path, heart: Phantom, tmp_path: Path
) -> None:
    np.savez_compressed(tmp_path / "wall.npz", mask=heart.cavity)
    words = ("--mask", tmp_path / "wall.npz", "--preset", "preview", "--target", "blood")
    assert invoke("track", cine, "--out", tmp_path, *words).code == 0
    out = tmp_path / "out"
    answer = invoke("mask", cine, "--out", out, "--follow", tmp_path / "result.h5")
    assert answer.code == 2
    assert "give a result of --target tissue" in answer.sentence
    assert not out.exists()


def test_a_result_that_cannot_be_followed_is_one_sentence(
    invoke: Invoke, cine: Path, loop: Path, result: Path, tracked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for words, said in (
        (("--follow", tracked), "another loop"),
        (("--follow", tmp_path / "nowhere.h5"), "no such file"),
        (("--follow", loop), "it is no result file"),
        (("--follow", result, "--frames", "0:6"), "--frames"),
        (("--follow", result, "--mask-method", "paper"), "no contours"),
        (("--mirrored", "--mask-method", "paper"), "no contours"),
    ):
        answer = invoke("mask", cine, "--out", out, *words)
        assert answer.code == 2
        assert said in answer.sentence
        assert not out.exists()


def test_a_short_axis_has_no_sides_to_swap(invoke: Invoke, tmp_path: Path) -> None:
    config = PhantomConfig(
        kind=PhantomKind.SHORT_AXIS, size=(192, 256), frames=FRAMES, cycle_frames=FRAMES, seed=4
    )
    path = tmp_path / "ring.dcm"
    write_dicom(path, make_phantom(config).cine)
    answer = invoke("mask", path, "--out", tmp_path / "out", "--mirrored", "--view", "PSAX-mid")
    assert answer.code == 2
    assert "leave out --mirrored" in answer.sentence
    assert not (tmp_path / "out").exists()


def _corners(curve: np.ndarray) -> np.ndarray:
    """Return both ends of an open contour and the point farthest from their middle."""
    tip = curve[np.linalg.norm(curve - (curve[0] + curve[-1]) / 2, axis=1).argmax()]
    return np.round(np.stack([curve[0], curve[-1], tip]).astype(float), 1)


def _fineness(key: str) -> float:
    """Return the scale of a stored field: 0.25 of ``1_4``, 1 of ``1``."""
    above, _, below = key.partition("_")
    return float(above) / float(below or 1)
