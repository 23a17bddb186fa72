"""Fields are read back by other programs' readers, or by a reader of the format's own rules."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from xml.etree import ElementTree

import nibabel as nib
import numpy as np
import pytest
from synthetic_results import drift_result, uncalibrated

from engine.errors import Cancelled
from engine.export.fields import FieldFormat, write_fields
from engine.progress import NullProgress, RecordingProgress

UNEQUAL = {"spacing_mm": (0.5, 0.25), "frame_times_s": np.array([0.1, 0.12, 0.15, 0.17])}


def _vtk_arrays(path: Path) -> dict[str, np.ndarray]:
    root = ElementTree.parse(path).getroot()
    extent = [int(value) for value in root[0].attrib["WholeExtent"].split()]
    width, height = extent[1] + 1, extent[3] + 1
    kinds = {"Float32": np.float32, "UInt8": np.uint8}
    arrays = {}
    for element in root.iter("DataArray"):
        data = base64.b64decode(element.text or "")
        size = struct.unpack("<Q", data[:8])[0]
        assert size == len(data) - 8
        values = np.frombuffer(data[8:], kinds[element.attrib["type"]])
        arrays[element.attrib["Name"]] = values.reshape(height, width, -1)
    return arrays


def test_nifti_holds_millimetres_and_times(tmp_path: Path) -> None:
    result = drift_result((2.0, 1.0), **UNEQUAL)
    paths = write_fields(tmp_path, result, FieldFormat.NIFTI, NullProgress())
    assert [path.name for path in paths] == ["displacement-1_2.nii.gz", "displacement-1.nii.gz"]
    image = nib.load(paths[1])
    assert image.shape == (64, 48, 1, 3, 2)
    assert image.get_data_dtype() == np.float32
    assert image.header.get_zooms()[:2] == (0.5, 0.25)
    assert image.header.get_zooms()[3] == pytest.approx(0.02)
    assert image.header.get_xyzt_units() == ("mm", "sec")
    assert image.header.get_intent()[0] == "vector"
    vectors = np.asarray(image.dataobj)
    # Pull-back of a motion of 2 px to the right and 1 px up.
    assert np.allclose(vectors[..., 0], -2 * 0.5)
    assert np.allclose(vectors[..., 1], 1 * 0.25)


def test_nifti_names_no_unit_where_none_is_known(tmp_path: Path) -> None:
    path = write_fields(tmp_path, uncalibrated(), FieldFormat.NIFTI, NullProgress())[0]
    image = nib.load(path)
    assert image.header.get_xyzt_units() == ("unknown", "unknown")
    assert np.allclose(np.asarray(image.dataobj)[..., 0], -2.0)


def test_vtk_shows_the_motion_upright(tmp_path: Path) -> None:
    result = drift_result((2.0, 1.0), **UNEQUAL)
    paths = write_fields(tmp_path, result, FieldFormat.VTK, NullProgress())
    images = [path for path in paths if path.suffix == ".vti"]
    assert [path.name for path in images[:3]] == [
        f"velocity-1_2-000{frame}.vti" for frame in (6, 7, 8)
    ]
    grid = ElementTree.parse(images[0]).getroot()[0]
    assert [float(value) for value in grid.attrib["Spacing"].split()] == [0.5, 0.25, 1]
    arrays = _vtk_arrays(images[1])
    velocity = arrays["velocity (cm/s)"]
    # 2 px of 0.5 mm and 1 px of 0.25 mm in 30 ms.
    assert np.allclose(velocity, [0.1 / 0.03, 0.025 / 0.03, 0], rtol=1e-5)
    assert np.array_equal(arrays["mask"][..., 0] > 0, result.mask[2, ::-1])
    assert np.all(arrays["frame"] == 40)


def test_vtk_itself_reads_the_same_vectors(tmp_path: Path) -> None:
    reason = "vtk is not installed (pip install '.[independent]')"
    vtk = pytest.importorskip("vtk", reason=reason)
    convert = pytest.importorskip("vtk.util.numpy_support", reason=reason)
    result = drift_result((2.0, 1.0), **UNEQUAL)
    paths = write_fields(tmp_path, result, FieldFormat.VTK, NullProgress())
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName(str(next(path for path in paths if path.suffix == ".vti")))
    reader.Update()
    image = reader.GetOutput()
    assert image.GetDimensions() == (64, 48, 1)
    assert image.GetSpacing() == (0.5, 0.25, 1)
    data = image.GetPointData()
    assert data.GetVectors().GetName() == "velocity (cm/s)"
    velocity = convert.vtk_to_numpy(data.GetArray("velocity (cm/s)")).reshape(48, 64, 3)
    # 2 px of 0.5 mm and 1 px of 0.25 mm in 20 ms.
    np.testing.assert_allclose(velocity, np.broadcast_to([5, 1.25, 0], velocity.shape), rtol=1e-5)
    mask = convert.vtk_to_numpy(data.GetArray("mask")).reshape(48, 64)
    assert np.array_equal(mask > 0, result.mask[1, ::-1])


def test_vtk_collection_lists_the_times(tmp_path: Path) -> None:
    paths = write_fields(tmp_path, drift_result(**UNEQUAL), FieldFormat.VTK, NullProgress())
    listing = next(path for path in paths if path.name == "velocity-1.pvd")
    sets = list(ElementTree.parse(listing).getroot().iter("DataSet"))
    assert [float(entry.attrib["timestep"]) for entry in sets] == [0.12, 0.15, 0.17]
    assert all((tmp_path / entry.attrib["file"]).exists() for entry in sets)


def test_vtk_without_calibration_is_in_pixels(tmp_path: Path) -> None:
    paths = write_fields(tmp_path, uncalibrated(frames=None), FieldFormat.VTK, NullProgress())
    arrays = _vtk_arrays(paths[0])
    assert set(arrays) == {"velocity (px/frame)", "mask"}


def test_npz_keeps_every_scale(tmp_path: Path) -> None:
    result = drift_result()
    path = write_fields(tmp_path, result, FieldFormat.NPZ, NullProgress())[0]
    with np.load(path) as read:
        assert np.array_equal(read["displacement_1_2"], result.fields[0].displacement)
        assert np.array_equal(read["displacement_1"], result.finest.displacement)
        assert np.array_equal(read["mask"], result.mask)
        assert read["spacing_mm"].tolist() == [0.5, 0.5]
        assert int(read["first_frame"]) == 5


def test_cancelling_leaves_no_half_written_file(tmp_path: Path) -> None:
    progress = RecordingProgress()
    progress.cancelled = True
    with pytest.raises(Cancelled):
        write_fields(tmp_path, drift_result(), FieldFormat.VTK, progress)
    assert not list(tmp_path.iterdir())
