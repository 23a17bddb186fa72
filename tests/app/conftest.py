"""The window without a screen, and verbs that answer at once."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from small_engine import FakeVerbs, until, wait_idle

from app import theme
from app.application import make_window
from app.main_window import MainWindow
from app.settings import Settings
from engine.config import MaskConfig
from engine.model import Cine, Mask
from engine.progress import Progress


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignore the one thing that the platform without a screen says of every dialog."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", extend=True))


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application, styled as the product's."""
    theme.apply_theme(qapp)
    return qapp


@pytest.fixture
def verbs() -> FakeVerbs:
    """Verbs that answer at once."""
    return FakeVerbs()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, verbs: FakeVerbs) -> list[MaskConfig]:
    """The settings of every mask that is made."""
    configs: list[MaskConfig] = []
    build = verbs.build_mask

    def remember(cine: Cine, config: MaskConfig, progress: Progress) -> Mask:
        configs.append(config)
        return build(cine, config, progress)

    monkeypatch.setattr(verbs, "build_mask", remember)
    return configs


@pytest.fixture
def window(qtbot: QtBot, verbs: FakeVerbs, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on the small engine; closed at the end."""
    made = make_window(verbs, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def loop_file(tmp_path: Path) -> Path:
    """A file that the small engine reads."""
    path = tmp_path / "small.dcm"
    path.write_bytes(b"loop")
    return path


@pytest.fixture
def opened(window: MainWindow, loop_file: Path, qtbot: QtBot) -> MainWindow:
    """The window with a loop and its mask, standing still at the first frame."""
    window.commands.open_path(loop_file)
    session = window.context.session
    until(qtbot, lambda: session.loop is not None and session.loop.mask is not None)
    window.context.player.pause()
    session.set_frame(0)
    return window


@pytest.fixture
def tracked(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with a tracked loop whose trust is known."""
    opened.track_panel.run()
    wait_idle(opened, qtbot)
    return opened
