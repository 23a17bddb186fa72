"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import engine.io.atomic
from engine.errors import Cancelled, OutputError
from engine.io.atomic import atomic_path, require_folder, require_room, write_text


def test_the_file_appears_at_the_end_with_ordinary_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "loop.nii.gz"
    with atomic_path(path) as temporary:
        assert temporary.name.endswith(".nii.gz")
        assert temporary.parent == path.parent
        temporary.write_bytes(b"data")
        assert not path.exists()
    assert path.read_bytes() == b"data"
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError("bad"), Cancelled("stop"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file_and_leaves_no_trace(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "file.csv"
    path.write_text("old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_path(tmp_path / "file.csv") as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="disk is full"):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_refusal_at_the_last_step_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(target))

    monkeypatch.setattr(engine.io.atomic.os, "replace", refuse)
    with pytest.raises(OutputError, match="no permission"):
        write_text(tmp_path / "file.csv", "text")
    assert not list(tmp_path.iterdir())


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("I am a file")
    with pytest.raises(OutputError, match=r"in the way"):
        write_text(tmp_path / "out" / "file.csv", "text")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match="in the way"):
        write_text(tmp_path / "folder.csv", "text")


def test_errors_of_other_files_are_not_called_ours(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_path(tmp_path / "out" / "file.csv"):
            (tmp_path / "input.txt").read_text()

    with pytest.raises(FileNotFoundError):
        fail()


def test_what_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_folder(tmp_path / "not" / "yet")
    assert not (tmp_path / "not").exists(), "to ask makes nothing"
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="in the way"):
        require_folder(tmp_path / "file" / "folder")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="no permission"):
        require_folder(tmp_path / "not")


def test_want_of_room_is_told_in_sizes_that_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=250_000_000))
    require_room(tmp_path / "new", 200_000_000)
    with pytest.raises(OutputError, match=r"take about 1\.4 GB, and its disk has 250 MB left"):
        require_room(tmp_path / "new", 1_400_000_000)
