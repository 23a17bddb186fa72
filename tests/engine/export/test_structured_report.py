"""The structured report is read back by highdicom, with the standard's own codes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from synthetic_results import drift_result, some_measurements

from engine.errors import InputError, MissingPackageError, UnreadableFileError
from engine.export.structured_report import write_structured_report
from engine.io.dicom_write import write_dicom
from engine.model import Cine, Measurement, Measurements, Provenance, View

MEASURED = Measurements(
    (
        Measurement("ls_a4c", "End-systolic.", "global", -18.253, "%"),
        Measurement("dispersion", "SD.", "global", 41.0, "ms"),
        Measurement("ejection_fraction", "A4C.", "global", 57.0, "%"),
        Measurement("strain_longitudinal", "S.", "basal_inferoseptal", -15.5, "%", 7, 0.14),
        Measurement("time_to_peak", "T.", "basal_inferoseptal", 350.0, "ms"),
    )
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    cine = Cine(np.full((4, 48, 64), 40, np.uint8), Provenance("loop", "", "phantom"))
    write_dicom(tmp_path / "loop.dcm", cine)
    return tmp_path / "loop.dcm"


def test_strain_has_the_codes_of_the_standard(tmp_path: Path, source: Path) -> None:
    pytest.importorskip("highdicom", reason="the extra 'highdicom' is not installed")
    from highdicom.sr import srread  # noqa: PLC0415

    path = tmp_path / "strain.dcm"
    write_structured_report(path, drift_result(view=View.A4C), MEASURED, source, "midwall")
    document = srread(path)
    assert document.SOPClassUID.name == "Comprehensive SR Storage"
    groups = document.content.get_image_measurement_groups()
    assert len(groups) == 2
    values = {
        (item.name.value, item.name.scheme_designator): (item.value, item.unit.value)
        for group in groups
        for item in group.get_measurements()
    }
    assert values["130673", "DCM"] == (41.0, "ms")
    assert values["79993-2", "LN"] == (57.0, "%")
    assert values["130672", "DCM"] == (350.0, "ms")
    strains = [
        item.value for group in groups for item in group.get_measurements()
        if item.name.value == "130670"
    ]  # fmt: skip
    assert strains == [-18.3, -15.5], "no digits that nobody can know"
    assert document.CompletionFlagDescription == "Tracking not reviewed"
    text = str(pydicom.dcmread(path))
    assert "396646008" in text, "SNOMED CT code of the basal inferoseptal segment"
    assert "130685" in text, "midwall"
    assert "399214001" in text, "the view"
    assert "GLS" not in text
    assert document.VerificationFlag == "UNVERIFIED"


def test_without_the_package_the_error_says_how_to_get_it(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'myoflux\[highdicom\]'"):
        write_structured_report(tmp_path / "a.dcm", drift_result(), MEASURED, source, "midwall")


def test_what_cannot_be_reported_is_told(tmp_path: Path, source: Path) -> None:
    pytest.importorskip("highdicom", reason="the extra 'highdicom' is not installed")
    path, result = tmp_path / "a.dcm", drift_result()
    with pytest.raises(InputError, match="no longitudinal strain"):
        write_structured_report(path, result, Measurements(()), source, "midwall")
    with pytest.raises(InputError, match="no layer 'outer'"):
        write_structured_report(path, result, some_measurements(), source, "outer")
    (tmp_path / "plain.txt").write_text("no DICOM")
    with pytest.raises(UnreadableFileError, match=r"plain\.txt"):
        write_structured_report(path, result, MEASURED, tmp_path / "plain.txt", "midwall")
    assert not path.exists()
