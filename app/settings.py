"""What the window remembers from one start to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

_RECENT: Final = 10
PRIVATE: Final = "private"
"""Key of the choice to hide patient data in the window."""


class Settings:
    """Typed access to the remembered values.

    Args:
        file: INI file to keep them in; the platform's usual place if None.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._store = (
            QSettings("Myoflux", "Myoflux")
            if file is None
            else QSettings(str(file), QSettings.Format.IniFormat)
        )

    def recent_files(self) -> tuple[Path, ...]:
        """Loops opened last, newest first, that still exist."""
        return tuple(path for path in map(Path, self._list("recent")) if path.exists())

    def add_recent(self, path: Path) -> None:
        """Put a loop at the head of the recent ones."""
        text = str(path.resolve())
        others = [item for item in self._list("recent") if item != text]
        self._store.setValue("recent", [text, *others][:_RECENT])

    def clear_recent(self) -> None:
        """Forget the recent loops."""
        self._store.remove("recent")

    def text(self, key: str, default: str) -> str:
        """Return a remembered word."""
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    def set_text(self, key: str, value: str) -> None:
        """Remember a word."""
        self._store.setValue(key, value)

    def flag(self, key: str) -> bool:
        """Return a remembered choice; False on the first start."""
        return self.text(key, "no") == "yes"

    def set_flag(self, key: str, value: bool) -> None:
        """Remember a choice."""
        self.set_text(key, "yes" if value else "no")

    def folder(self) -> Path:
        """Folder of the last file dialog."""
        path = Path(self.text("folder", ""))
        return path if path.is_dir() else Path.home()

    def set_folder(self, path: Path) -> None:
        """Remember the folder of a file dialog."""
        self._store.setValue("folder", str(path))

    def data_folder(self) -> Path:
        """Folder for what is kept between two starts: the platform's, or beside the INI file."""
        if self._file is not None:
            return self._file.parent / f"{self._file.stem}-data"
        place = QStandardPaths.StandardLocation.AppLocalDataLocation
        return Path(QStandardPaths.writableLocation(place))

    def geometry(self) -> tuple[QByteArray, QByteArray]:
        """Window geometry and state; empty on the first start."""
        return self._bytes("window/geometry"), self._bytes("window/state")

    def set_geometry(self, geometry: QByteArray, state: QByteArray) -> None:
        """Remember the window's geometry and state."""
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/state", state)

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _list(self, key: str) -> list[str]:
        value = self._store.value(key, [])
        if isinstance(value, str):
            return [value]
        return [str(item) for item in value] if isinstance(value, list) else []
