"""Work of runs of the program that have ended without its being saved."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile

from app.operations.save_session import SUFFIX
from engine.errors import MyofluxError
from engine.io.session_file import read_session

SESSION: Final = f"session{SUFFIX}"
LOCK: Final = "lock"
_KEPT_DAYS: Final = 30
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftOver:
    """Work of a run that has ended.

    Attributes:
        folder: Its folder.
        when: Of its last change.
        names: Its loops.
    """

    folder: Path
    when: datetime
    names: tuple[str, ...]

    def label(self, *, private: bool) -> str:
        """Return what is offered, on one line, without names if they are hidden."""
        names = f"{len(self.names)} loop{'s' * (len(self.names) > 1)}"
        if len(self.names) == 1 and not private:
            names = self.names[0]
        return f"Continue with {names}, {self.when:%d %b, %H:%M}"


def newest_left_over(root: Path, own: Path) -> LeftOver | None:
    """Return the newest work under a folder; what is old or damaged is removed.

    Args:
        root: Holds a folder for every run.
        own: Folder of this run, which is left alone, as those of other running ones are.
    """
    found = []
    for path in root.glob(f"*/{SESSION}"):
        folder = path.parent
        if folder == own or not _unlocked(folder):
            continue
        when = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        if (datetime.now().astimezone() - when).days >= _KEPT_DAYS:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            found.append((when, folder))
    for when, folder in sorted(found, reverse=True):
        try:
            loops = read_session(folder / SESSION).loops
        except MyofluxError as error:
            _LOG.warning("%s", error)
            shutil.rmtree(folder, ignore_errors=True)
            continue
        return LeftOver(folder, when, tuple(loop.name for loop in loops))
    return None


def _unlocked(folder: Path) -> bool:
    """Whether no running program holds a folder."""
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True
