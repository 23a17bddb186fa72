"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from engine.errors import OutputError


def _umask() -> int:
    """Return the process's mask of permissions, which ``mkstemp`` ignores."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


#: Read once: the system can only tell it by changing it, which would disturb other threads.
_UMASK: Final = _umask()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place once the block succeeds.

    The temporary file has the same suffix, since many writers choose a format by it, and is
    removed if the block fails or is cancelled. A missing folder is made.

    Args:
        path: File to be written.

    Raises:
        OutputError: If the system refuses to write (full disk, no permission).
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_UMASK)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        if isinstance(error, OutputError) or _is_foreign(error, path):
            raise
        raise OutputError(_sentence(error, path)) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all.

    Raises:
        OutputError: If the system refuses to write.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def require_folder(folder: Path) -> None:
    """Check, before long work begins, that files can be written into a folder, made yet or not.

    Raises:
        OutputError: If there is no permission, or a file stands in the way.
    """
    place = _nearest(folder)
    if not place.is_dir():
        raise OutputError(_sentence(NotADirectoryError(errno.ENOTDIR, ""), folder))
    if not os.access(place, os.W_OK | os.X_OK):
        raise OutputError(_sentence(PermissionError(errno.EACCES, ""), folder))


def require_room(folder: Path, size: int) -> None:
    """Check, before long work begins, that its results will find room on the disk.

    Args:
        folder: Of the results, made yet or not.
        size: That they will take, bytes.

    Raises:
        OutputError: If the disk has less than that.
    """
    free = shutil.disk_usage(_nearest(folder)).free
    if free < size:
        raise OutputError(
            f"Cannot write {folder}: the results take about {_gigabytes(size)}, and its disk has "
            f"{_gigabytes(free)} left. Free some space, or choose another folder."
        )


def _nearest(folder: Path) -> Path:
    """Return a folder, or what is there of its way down to it."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _gigabytes(size: int) -> str:
    """Return a size in bytes in words: two digits are enough to act on."""
    return f"{size / 1e9:.2g} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


class PatientFile(io.FileIO):
    """A file for libraries that break when a write fails, as HDF5 does on a full disk.

    A failed write is remembered and told to nobody but ``check``, so that the library closes its
    file in peace.

    Attributes:
        failure: The first error of the system, or None.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+b")
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all bytes, or remember why not."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            while len(rest) and self.failure is None:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.failure = error
        return length

    def truncate(self, size: int | None = None) -> int:
        """Set the file's length, or remember why not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def check(self) -> None:
        """Raise the first error of the system, if there was one."""
        if self.failure is not None:
            raise self.failure


def _is_foreign(error: OSError, path: Path) -> bool:
    """Return whether an error names a file outside the folder that is being written."""
    if not isinstance(error.filename, str):
        return False
    folder = path.parent.resolve()
    named = Path(error.filename).resolve()
    return folder != named and folder not in named.parents and named not in folder.parents


def _sentence(error: OSError, path: Path) -> str:
    """Return what is wrong with the output, and what to do."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return f"Cannot write {path}: the disk is full. Free some space and start again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"Cannot write {path}: no permission. Choose another folder."
    if error.errno in {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}:
        return f"Cannot write {path}: a file or folder of that name is in the way."
    reason = error.strerror or str(error) or type(error).__name__
    return f"Cannot write {path}: {reason}. Choose another folder."
