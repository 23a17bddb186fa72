"""What an error of the file system means, in one sentence that says what to do. No Qt."""

from __future__ import annotations

import errno
from typing import Final

_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_FOLDER: Final = frozenset({errno.EEXIST, errno.ENOTDIR})


def file_sentence(error: OSError, elsewhere: str = "") -> str:
    """Return what is wrong and what to do.

    Args:
        error: Of the file system.
        elsewhere: How another folder is chosen, such as `` with --out``.
    """
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{place}. Free some space or choose another folder{elsewhere}."
    if error.errno in _FORBIDDEN:
        return f"No permission to write or read here{place}. Choose another folder{elsewhere}."
    if error.errno in _NO_FOLDER:
        return f"A file stands where a folder is needed{place}. Choose another folder{elsewhere}."
    if error.errno == errno.ENOENT:
        return (
            f"There is no such file or folder{place}. It may have been moved or its disk taken "
            f"away: check its name, or choose another folder{elsewhere}."
        )
    return f"A file could not be used{place}: {error.strerror or error}. Check its disk."
