"""What stands in the menu bar besides the table of actions, and the ticks of the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel

from app.actions import NUDGES, UNDO_KEYS
from app.operations.export import named
from app.views.tools import CaliperTool, ProbeTool
from engine.export.notices import RESEARCH_USE

if TYPE_CHECKING:
    from app.main_window import MainWindow


_LAYERS = ("arrows", "vorticity", "strain", "contour", "wall", "trust", "depth")


def check_actions(window: MainWindow) -> None:
    """Tick what is on, and offer the editor's keys while it is."""
    context, actions, tool = window.context, window.actions_, window.stage.tool
    probing, editing = isinstance(tool, ProbeTool), window.editing.active
    options = context.display.options
    states = {name: getattr(options, context.option_of(name)) for name in _LAYERS} | {
        "hide_patient": context.session.private,
        "named_exports": named(context),
        "repeat": context.player.looping,
        "full_screen": window.isFullScreen(),
        "probe": probing,
        "caliper": isinstance(tool, CaliperTool) and not probing,
        "edit_contour": editing,
        "curves": window.lower_pane.curves_shown,
        "steps": not window.steps.isHidden(),
    }
    for name, state in states.items():
        actions[name].setChecked(state)
    for name in ("next_point", "previous_point", *NUDGES):
        actions[name].setEnabled(editing)


def add_undo(window: MainWindow) -> None:
    """Put undo and redo, which name what they act on, at the head of the menu Edit."""
    menu, group = window.actions_.menus["Edit"], window.context.session.undo_group
    undo, redo = group.createUndoAction(window), group.createRedoAction(window)
    undo.setShortcut(UNDO_KEYS[0][0])
    redo.setShortcuts([QKeySequence(UNDO_KEYS[1][0]), QKeySequence("Ctrl+Y")])
    menu.insertActions(menu.actions()[0], [undo, redo])


def add_research_notice(window: MainWindow) -> None:
    """Say what the program is not for, where it is always seen."""
    notice = QLabel(RESEARCH_USE, window.menuBar())
    notice.setObjectName("research")
    notice.adjustSize()
    window.menuBar().setCornerWidget(notice, Qt.Corner.TopRightCorner)
