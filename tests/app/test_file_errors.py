"""What the file system refuses is told in a sentence that says what to do."""

from __future__ import annotations

import errno

import pytest

from app.errors import details, sentence
from app.file_errors import file_sentence


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EACCES, "Choose another folder"),
        (errno.EROFS, "Choose another folder"),
        (errno.ENOENT, "may have been moved"),
        (errno.EEXIST, "a folder is needed"),
        (errno.ENOTDIR, "a folder is needed"),
        (errno.EIO, "Check its disk"),
    ],
)
def test_every_refusal_names_the_place_and_says_what_to_do(code: int, advice: str) -> None:
    error = OSError(code, "refused", "/disk/out.mp4")
    for text in (sentence(error), file_sentence(error, " with --out")):
        assert "/disk/out.mp4" in text
        assert advice in text
        assert text.endswith(".")
    assert "Traceback" not in sentence(error)
    assert details(error)
