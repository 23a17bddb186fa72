"""The verb ``export``: fields for other programs, and one sentence for what is missing."""

from __future__ import annotations

import importlib.util
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
    words = ("export", tracked, "--to", "dicom-seg", "--out", tmp_path / "out")
    answer = invoke(*words)
    assert answer.code == 2
    assert "--source" in answer.sentence
    answer = invoke(*words, "--source", one_frame)
    assert answer.code == 2
    assert "checksum differs" in answer.sentence
    assert not list(tmp_path.rglob("*.dcm"))


@pytest.mark.skipif(
    importlib.util.find_spec("highdicom") is not None, reason="highdicom is installed"
)
def test_missing_package_is_named_with_its_remedy(
    invoke: Invoke, tracked: Path, loop: Path, tmp_path: Path
) -> None:
    words = ("export", tracked, "--to", "dicom-sr", "--out", tmp_path)
    answer = invoke(*words, "--source", loop)
    assert answer.code == 2
    assert "pip install 'myoflux[highdicom]'" in answer.sentence
