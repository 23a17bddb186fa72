"""What may name a patient: shown in the window until hidden, hidden in exports until allowed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, make_cine, wait_idle

from app.main_window import MainWindow
from app.session import within_sector
from engine.io.dicom_write import write_dicom
from engine.io.patient import patient_facts
from engine.model import Cine, Provenance


@pytest.fixture
def named_file(tmp_path: Path) -> Path:
    """A DICOM loop that names its patient."""
    path = tmp_path / "doe.dcm"
    write_dicom(path, Cine(np.full((4, 48, 64), 40, np.uint8), Provenance("loop", "", "phantom")))
    dataset = pydicom.dcmread(path)
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "4711"
    dataset.PatientBirthDate, dataset.StudyDate = "19500102", "20240305"
    dataset.save_as(path)
    return path


def texts(window: MainWindow) -> str:
    """Return all that the steps and the title say."""
    labels = window.steps.findChildren(type(window.report_panel._note))
    return " ".join([window.windowTitle(), *(item.text() for item in labels)])


def test_header_facts_are_read_and_other_files_have_none(named_file: Path, tmp_path: Path) -> None:
    assert patient_facts(named_file) == (
        ("Patient", "Doe Jane"),
        ("Patient ID", "4711"),
        ("Born", "1950-01-02"),
        ("Study date", "2024-03-05"),
    )
    other = tmp_path / "x.mp4"
    other.write_bytes(b"no dicom at all" * 20)
    assert patient_facts(other) == ()
    assert patient_facts(tmp_path) == ()
    assert patient_facts(tmp_path / "missing.dcm") == ()


def test_names_can_be_hidden_and_shown(window: MainWindow, named_file: Path, qtbot: QtBot) -> None:
    window.commands.open_path(named_file)
    wait_idle(window, qtbot)
    shown = texts(window)
    assert "Doe Jane" in shown
    assert "doe.dcm" in shown
    window.actions_["hide_patient"].trigger()
    wait_idle(window, qtbot)
    window.commands.open_demo()
    wait_idle(window, qtbot)
    session = window.context.session
    session.activate(session.loops[0].loop_id)
    hidden = texts(window)
    for word in ("Doe", "doe.dcm", "small.dcm", "4711"):
        assert word not in hidden
    assert "Loop 1" in hidden
    assert window.loops.item(0).text() == "Loop 1"
    assert window.context.settings.flag("private")
    window.actions_["hide_patient"].trigger()
    assert "doe.dcm" in texts(window)


def test_hidden_pixels_are_black_on_the_screen(opened: MainWindow, qtbot: QtBot) -> None:
    opened.context.display.set(contour=False, depth=False)
    before = opened.stage.view.grab().toImage()
    opened.actions_["hide_patient"].trigger()
    wait_idle(opened, qtbot)
    after = opened.stage.view.grab().toImage()
    scene = opened.stage.view.scene()
    assert scene is not None
    for point, black in (((5.0, 50.0), True), ((60.0, 50.0), False)):
        ((x, y),) = scene.to_screen(np.array([point])).astype(int)
        ratio = after.devicePixelRatio()
        pixel = (int(x * ratio), int(y * ratio))
        assert (after.pixelColor(*pixel).value() == 0) is black
        assert before.pixelColor(*pixel).value() > 0


def test_until_the_sector_is_known_nothing_is_shown() -> None:
    frame = make_cine().frames[0]
    assert not within_sector(frame, None).any()
    sector = np.zeros(frame.shape, np.bool_)
    sector[3, 4] = True
    assert np.flatnonzero(within_sector(frame, sector)).size <= 1


def test_exports_hide_patient_data_until_allowed(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    for name, wanted in (("export_nifti", "nifti"), ("export_dicom_seg", "dicom-seg")):
        tracked.actions_[name].trigger()
        wait_idle(tracked, qtbot)
        assert verbs.calls[-1].startswith(f"hand_over {wanted}")
        assert verbs.calls[-1].endswith("False")
    assert "small.dcm" in verbs.calls[-1]  # a segmentation refers to the loop
    tracked.actions_["named_exports"].trigger()
    tracked.actions_["export_vtk"].trigger()
    wait_idle(tracked, qtbot)
    assert verbs.calls[-1].endswith("True")


def test_a_result_that_was_opened_asks_for_its_dicom_file(
    tracked: MainWindow,
    verbs: FakeVerbs,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = tracked.context.session.loop
    assert loop is not None
    tracked.context.session.update(loop.loop_id, path=tmp_path / "result.h5")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    calls = len(verbs.calls)
    tracked.actions_["export_dicom_sr"].trigger()
    wait_idle(tracked, qtbot)
    assert len(verbs.calls) == calls  # the user changed their mind
    chosen = str(tmp_path / "asked.dcm")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (chosen, ""))
    tracked.actions_["export_dicom_sr"].trigger()
    wait_idle(tracked, qtbot)
    assert verbs.calls[-1] == "hand_over dicom-sr asked.dcm False"


def test_recent_loops_are_forgotten_when_asked(opened: MainWindow, loop_file: Path) -> None:
    assert opened.context.settings.recent_files() == (loop_file,)
    opened.actions_["forget_recent"].trigger()
    assert opened.context.settings.recent_files() == ()


def test_a_hidden_name_is_not_shown_while_its_file_is_read(
    window: MainWindow, named_file: Path, qtbot: QtBot
) -> None:
    said: list[str] = []
    bar = window.status.jobs
    window.context.jobs.changed.connect(lambda _: said.append(bar.label.toolTip()))
    window.context.session.set_private(True)
    for path in (named_file, named_file.with_suffix(".h5"), named_file.with_suffix(".myoflux")):
        window.commands.open_path(path)
    wait_idle(window, qtbot)
    assert any(text.startswith("Opening the file") for text in said)
    assert not any("doe" in text for text in said)
