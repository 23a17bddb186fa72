"""A picture of the window at work, made by the product: a loop tracked, a phantom measured."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QTimer

from app.application import make_application, make_window
from app.jobs import JobRunner
from app.main_window import MainWindow
from app.settings import Settings
from engine.config import Preset
from engine.errors import OutputError
from engine.io.atomic import atomic_path
from engine.model import View

_WIDTH, _HEIGHT = 1600, 1000
_SETTLE_MS: Final = 600
_AT: Final = 0.22


def take_screenshot(out: Path, path: Path | None) -> None:
    """Open the window on a loop, track it, and save a picture of it.

    Works without a screen, with Qt's offscreen platform.

    Args:
        out: PNG to write.
        path: Loop to show; the demo phantom if None.

    Raises:
        MyofluxError: If the loop cannot be read or tracked, or the picture not written.
    """
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    with tempfile.TemporaryDirectory() as folder:
        _take(out, path, make_window(settings=Settings(Path(folder) / "settings.ini")))


def _take(out: Path, path: Path | None, window: MainWindow) -> None:
    failures: list[Exception] = []
    window.context.jobs.failed.connect(failures.append)
    window.resize(_WIDTH, _HEIGHT)
    window.show()
    try:
        _show_tracked(window, path)
        if failures:
            raise failures[0]
        with atomic_path(out) as temporary:
            if not window.grab().save(str(temporary), "PNG"):
                raise OutputError(f"The picture {out.name} could not be written.")
    finally:
        window.close()


def _show_tracked(window: MainWindow, path: Path | None) -> None:
    context = window.context
    window.status.ask_device()
    if path is None:
        window.commands.open_demo()
    else:
        window.commands.open_path(path)
    _wait(context.jobs)
    panel = window.track_panel
    panel.preset.setCurrentIndex(panel.preset.findData(Preset.PREVIEW.value))
    window.steps.open_step(2)
    panel.run()
    _wait(context.jobs)
    if path is None:
        # The phantom is made as this view; of a loop only a person can say.
        window.mask_panel.choose_view(View.A4C)
        window.measure_panel.run()
        _wait(context.jobs)
        window.steps.open_step(4)
    context.player.pause()
    loop = context.session.loop
    if loop is not None:
        context.session.set_frame(round(loop.frame_count * _AT))
    _pause(_SETTLE_MS)


def _wait(jobs: JobRunner) -> None:
    """Run the event loop until no job is left."""
    loop = QEventLoop()

    def look() -> None:
        if not jobs.busy:
            loop.quit()

    jobs.activity_changed.connect(look)
    if jobs.busy:
        loop.exec()
    jobs.activity_changed.disconnect(look)


def _pause(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
