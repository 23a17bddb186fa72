"""The verb ``export``: fields for other programs, and one sentence for what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from cli_support import Invoke


def test_fields_are_written_in_every_format_asked_for(
    invoke: Invoke, tracked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = invoke("export", tracked, "--to", "npz", "--to", "nifti", "--to", "npz", "--out", out)
    assert answer.code == 0, answer.error
    assert answer.out.count("fields.npz") == 1
    with h5py.File(tracked) as file, np.load(out / "fields.npz") as stored:
        for scale in file["scales"]:
            assert (out / f"displacement-{scale}.nii.gz").exists()
            displacement = file[f"scales/{scale}/displacement"][:]
            assert np.array_equal(stored[f"displacement_{scale}"], displacement)


def test_objects_of_a_study_ask_for_the_tracked_file(
    invoke: Invoke, tracked: Path, one_frame: Path, tmp_path: Path
) -> None:
    words = ("export", tracked, "--to", "npz", "--to", "dicom-seg", "--out", tmp_path / "out")
    answer = invoke(*words)
    assert answer.code == 2
    assert "--source" in answer.sentence
    answer = invoke(*words, "--source", one_frame)
    assert answer.code == 2
    assert "checksum differs" in answer.sentence
    assert not list(tmp_path.rglob("*")), "not the fields either"


def test_a_missing_package_is_told_before_any_format_is_written(
    invoke: Invoke, tracked: Path, loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    formats = ("--to", "nifti", "--to", "dicom-seg", "--to", "dicom-sr")
    answer = invoke("export", tracked, *formats, "--out", tmp_path / "out", "--source", loop)
    assert answer.code == 2
    assert answer.sentence.startswith("dicom-seg and dicom-sr cannot be written without")
    assert "pip install 'myoflux[highdicom]'" in answer.sentence
    assert not list(tmp_path.rglob("*"))
