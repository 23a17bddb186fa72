"""Loops to learn from: files, folders, and what is left out of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.cohort.frames import read_frames
from engine.errors import InputError
from engine.progress import RecordingProgress


def _save(path: Path, frames: int) -> None:
    path.parent.mkdir(exist_ok=True)
    values = np.random.default_rng(frames).integers(0, 255, (frames, 40, 48))
    np.savez(path, frames=values.astype(np.uint8))


def test_a_folder_and_a_file_give_their_loops(tmp_path: Path) -> None:
    _save(tmp_path / "folder" / "one.npz", 3)
    _save(tmp_path / "folder" / "two.npz", 4)
    _save(tmp_path / "three.npz", 5)
    loops = read_frames([tmp_path / "folder", tmp_path / "three.npz"], RecordingProgress())
    assert sorted(len(loop) for loop in loops) == [3, 4, 5]
    assert all(loop.dtype == np.uint8 and loop.shape[1:] == (40, 48) for loop in loops)


def test_what_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    _save(tmp_path / "whole.npz", 3)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    progress = RecordingProgress()
    loops = read_frames([tmp_path / "broken.mp4", tmp_path / "whole.npz"], progress)
    assert [len(loop) for loop in loops] == [3]
    assert any("broken.mp4 is left out" in notice for notice in progress.notices)
    with pytest.raises(InputError, match="No loop was left"):
        read_frames([tmp_path / "broken.mp4"], progress)
