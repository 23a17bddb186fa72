"""What is running: its stage, how far it is, the time left, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from app.jobs import JobStatus
from app.widgets.parts import shortened

_SCALE: int = 1000
_WIDEST_PX: int = 460


class JobBar(QWidget):
    """Shows one job; hidden while nothing runs.

    Signals:
        cancelled: The id of the job to stop.
    """

    cancelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job_id = 0
        self.label = QLabel(self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(180)
        self.progress.setRange(0, _SCALE)
        self.button = QPushButton("Cancel", self)
        self.button.setProperty("role", "quiet")
        self.button.setToolTip("Stop the running job (Ctrl+.)")
        self.button.clicked.connect(lambda: self.cancelled.emit(self._job_id))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(10)
        for widget in (self.label, self.progress, self.button):
            layout.addWidget(widget)
        self.hide()

    def show_status(self, status: JobStatus | None) -> None:
        """Show the latest status, or nothing."""
        self.setVisible(status is not None)
        if status is None:
            return
        self._job_id = status.job_id
        # A long name is cut in its middle: how far the job is stands at the end.
        text = status_text(status)
        self.label.setText(shortened(text, self.label, _WIDEST_PX))
        self.label.setToolTip(text)
        fraction = None if status.step is None else status.step.fraction
        self.progress.setRange(0, 0 if fraction is None else _SCALE)
        if fraction is not None:
            self.progress.setValue(round(fraction * _SCALE))
        self.button.setEnabled(not status.cancelling)


def status_text(status: JobStatus) -> str:
    """Return a job's state in one line, such as ``Tracking · scale 1/4 · 62 % · 14 s left``."""
    if status.cancelling:
        return f"{status.title} · stopping"
    parts = [status.title]
    step = status.step
    if step is not None:
        if step.stage and step.stage.lower() not in status.title.lower():
            parts.append(step.stage)
        if step.message:
            parts.append(step.message)
        if step.fraction is not None:
            parts.append(f"{100 * step.fraction:.0f} %")
    if status.remaining_s is not None:
        parts.append(f"{duration(status.remaining_s)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a time as ``14 s`` or ``2 min 5 s``."""
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
