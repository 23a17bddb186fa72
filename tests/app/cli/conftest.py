"""Small loops on disk, and a way to run the command line as a user does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_support import Answer, Invoke
from typer.testing import CliRunner

from app.cli import app
from engine.io.dicom_write import write_dicom
from engine.model import Cine, Provenance
from engine.phantom import Phantom, PhantomConfig, PhantomKind, make_phantom

SIZE = (96, 128)


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run the command line with words."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Answer:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """Four frames of an apical view with known motion."""
    return make_phantom(
        PhantomConfig(kind=PhantomKind.APICAL, size=SIZE, frames=4, cycle_frames=24)
    )


@pytest.fixture(scope="session")
def loop(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom as a DICOM file."""
    path = tmp_path_factory.mktemp("loops") / "loop.dcm"
    write_dicom(path, phantom.cine)
    return path


@pytest.fixture(scope="session")
def one_frame(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom's first frame as a DICOM file."""
    path = tmp_path_factory.mktemp("loops") / "one.dcm"
    write_dicom(path, Cine(phantom.cine.frames[:1], Provenance("one", "0" * 64, "phantom")))
    return path


@pytest.fixture(scope="session")
def wall(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom's wall as a mask file."""
    path = tmp_path_factory.mktemp("masks") / "wall.npz"
    np.savez_compressed(path, mask=phantom.mask)
    return path


@pytest.fixture(scope="session")
def tracked(loop: Path, wall: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of the loop, tracked by the command line."""
    folder = tmp_path_factory.mktemp("tracked")
    words = ["track", loop, "--out", folder, "--mask", wall, "--preset", "preview", "--view", "A4C"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return folder / "result.h5"
