"""A segmentation object that highdicom reads back, and a clear sentence without highdicom."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from engine.errors import InputError, MissingPackageError
from engine.io.mask_file import Label, read_mask_file
from engine.masks.dicom_seg import write_dicom_seg

SOURCE = Path(str(get_testdata_file("examples_ybr_color.dcm")))


def mask_of(rows: slice) -> np.ndarray:
    mask = np.zeros((240, 320), np.bool_)
    mask[rows, 100:200] = True
    return mask


def test_without_highdicom_the_sentence_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'myoflux\[highdicom\]'"):
        write_dicom_seg(tmp_path / "seg.dcm", SOURCE, 0, {Label.CAVITY: mask_of(slice(60, 90))})
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    importlib.util.find_spec("highdicom") is None, reason="the extra highdicom is not installed"
)
def test_masks_of_a_frame_are_read_back_with_their_source(tmp_path: Path) -> None:
    import highdicom  # noqa: PLC0415 - optional

    path = tmp_path / "seg.dcm"
    cavity, wall = mask_of(slice(60, 90)), mask_of(slice(90, 100))
    write_dicom_seg(path, SOURCE, 4, {Label.CAVITY: cavity, Label.MYOCARDIUM: wall})
    stored = highdicom.seg.segread(path)
    assert np.array_equal(stored.pixel_array[0] > 0, cavity)
    assert np.array_equal(stored.pixel_array[1] > 0, wall)
    item = stored.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert item.SourceImageSequence[0].ReferencedFrameNumber == 5
    assert item.SourceImageSequence[0].ReferencedSOPClassUID.name.startswith("Ultrasound Multi")
    shape = (30, 240, 320)
    assert np.array_equal(read_mask_file(path, shape)[0], cavity | wall)
    assert np.array_equal(read_mask_file(path, shape, preferred=Label.MYOCARDIUM)[0], wall)
    with pytest.raises(InputError, match="overlap"):
        write_dicom_seg(path, SOURCE, 4, {Label.CAVITY: cavity, Label.MYOCARDIUM: cavity})
    with pytest.raises(InputError, match="outside the source"):
        write_dicom_seg(path, SOURCE, 30, {Label.CAVITY: cavity})
