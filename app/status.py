"""The line at the bottom: device, memory, value under the pointer, running job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLabel, QStatusBar

from app.context import Context
from app.widgets.job_bar import JobBar
from engine.progress import Progress

_MEMORY_MS: Final = 2000
_TOLD_MS: Final = 9000


class StatusLine(QObject):
    """Fills a status bar."""

    def __init__(self, context: Context, bar: QStatusBar) -> None:
        super().__init__(bar)
        self._context = context
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._value = QLabel()
        self._device = QLabel()
        self._memory = QLabel()
        self._device.setProperty("role", "faint")
        self._memory.setProperty("role", "faint")
        self.jobs = JobBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(10, 0, 10, 0)
        self._memory.setContentsMargins(14, 0, 0, 0)
        bar.addWidget(self._value, 1)
        for widget in (self.jobs, self._device, self._memory):
            bar.addPermanentWidget(widget)
        context.jobs.changed.connect(self.jobs.show_status)
        self.jobs.cancelled.connect(context.jobs.cancel)
        self._timer = QTimer(self)
        self._timer.setInterval(_MEMORY_MS)
        self._timer.timeout.connect(self._show_memory)
        self._timer.start()
        self._show_memory()

    def tell(self, text: str) -> None:
        """Show a sentence for some seconds."""
        self._value.setText(text)
        self._value.setToolTip(text)
        self._told.start(_TOLD_MS)

    def show_value(self, text: str) -> None:
        """Show the value under the pointer, unless a sentence is being read."""
        if not self._told.isActive():
            self._value.setText(text)

    def ask_device(self) -> None:
        """Find out in the background what will compute."""

        def work(progress: Progress) -> str:
            progress.check()
            return self._context.verbs.device_name()

        self._context.jobs.start("Finding the device", work, self._device.setText, quiet=True)

    def _show_memory(self) -> None:
        used = resident_bytes()
        self._memory.setText("" if used is None else f"{used / 2**30:.1f} GiB")


def resident_bytes() -> int | None:
    """Return the memory that the program holds; None where the system does not tell cheaply."""
    if sys.platform != "linux":
        return None
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return None
