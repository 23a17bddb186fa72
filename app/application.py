"""Starts the window: application, style, error hooks, settings."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from app import theme
from app.context import Context
from app.display import Display
from app.engine_verbs import EngineVerbs
from app.errors import ErrorHub
from app.jobs import JobRunner
from app.main_window import MainWindow
from app.playback import Player
from app.session import Session
from app.settings import Settings
from app.verbs import Verbs
from engine import __version__
from engine.heap import share_one_heap

_LOG: Final = logging.getLogger(__name__)
# A worker that computes in Python gives the interpreter back after this time, s: the shorter, the
# sooner the window answers.
_SWITCH_INTERVAL_S: Final = 0.002


def make_application() -> QApplication:
    """Return the one application, styled."""
    existing = QCoreApplication.instance()
    if isinstance(existing, QApplication):
        theme.apply_theme(existing)
        return existing
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Myoflux")
    application.setApplicationVersion(__version__)
    application.setOrganizationName("Myoflux")
    application.setDesktopFileName("myoflux")
    application.setWindowIcon(theme.icon("myoflux"))
    theme.apply_theme(application)
    return application


def make_window(verbs: Verbs | None = None, settings: Settings | None = None) -> MainWindow:
    """Return a new window; an application must be there.

    Args:
        verbs: The engine; tests give their own.
        settings: What is remembered; tests give a file of their own.
    """
    session = Session()
    context = Context(
        session=session,
        display=Display(session),
        player=Player(session, session),
        jobs=JobRunner(session),
        errors=ErrorHub(session),
        settings=settings or Settings(),
        verbs=verbs or EngineVerbs(),
    )
    window = MainWindow(context)
    session.setParent(window)
    return window


def run(path: Path | None) -> int:
    """Show the window, with a loop if one is given, until it is closed.

    Args:
        path: Loop or result to open, or None.

    Returns:
        Exit code of the application.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    share_one_heap()  # before any worker begins
    application = make_application()
    window = make_window()
    window.context.errors.install()
    window.show()
    window.status.ask_device()
    if path is not None:
        QTimer.singleShot(0, lambda: window.commands.open_path(path))
    try:
        return application.exec()
    finally:
        window.context.errors.uninstall()
        _LOG.info("The window was closed.")
