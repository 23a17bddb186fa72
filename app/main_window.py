"""The main window: it composes the parts and connects them; work is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import Actions, shortcut_groups
from app.context import Context
from app.dialogs.help import AboutDialog, ShortcutsDialog
from app.dialogs.questions import show_error
from app.display import Page
from app.handlers import Handlers
from app.operations.track import cancel
from app.panels.loop_panel import LoopPanel
from app.panels.mask_panel import MaskPanel
from app.panels.measure_panel import MeasurePanel
from app.panels.report_panel import Exports, ReportPanel
from app.panels.review_panel import ReviewPanel
from app.panels.steps import StepsPanel
from app.panels.track_panel import TrackPanel
from app.status import StatusLine
from app.views.curves import CurvesView
from app.views.empty_view import EmptyView
from app.views.stage import Stage
from app.widgets.loop_list import LoopList
from app.widgets.player_bar import PlayerBar
from app.widgets.view_bar import ViewBar
from engine.export.notices import RESEARCH_USE
from engine.model import Scale


class MainWindow(QMainWindow):
    """Menus, loops, image, player, steps and status line around one context.

    Args:
        context: The parts that hold state.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setWindowTitle("Myoflux")
        self.setWindowIcon(theme.icon("myoflux"))
        self.setMinimumSize(900, 600)
        self.setAcceptDrops(True)
        self.stage = Stage(context, EmptyView(context.settings))
        self.commands = Handlers(context, self, self.stage)
        self.player_bar = PlayerBar(context.session, context.player)
        self.curves = CurvesView(context.session)
        self.curves.sought.connect(context.player.seek)
        self.curves.hide()
        self.loops = LoopList(context.session)
        self.loops.setFixedWidth(168)
        self._make_steps()
        self.setCentralWidget(self._compose())
        self.status = StatusLine(context, self.statusBar())
        self.actions_ = Actions(self, self._handlers())
        self._add_undo()
        self._add_research_notice()
        self._connect()
        self._restore()
        self._refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what runs, wait for it, and leave."""
        self.context.player.pause()
        self.context.settings.set_geometry(self.saveGeometry(), self.saveState())
        self.context.jobs.close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.stage.empty.set_dragging(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Forget the files."""
        self.stage.empty.set_dragging(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open every file dropped."""
        self.stage.empty.set_dragging(False)
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.commands.open_path(Path(url.toLocalFile()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape ends a tool, then full screen."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.stage.tool is not None:
            self.commands.use_tool(None)
        elif self.isFullScreen():
            self._set_full_screen(False)

    def _make_steps(self) -> None:
        context, commands = self.context, self.commands
        self.mask_panel = MaskPanel(
            context, commands.three_points, commands.mask_file, self._toggle_editor
        )
        self.track_panel = TrackPanel(context)
        self.review_panel = ReviewPanel(context, context.player.play)
        self.measure_panel = MeasurePanel(context, lambda: self._show_curves(True))
        self.report_panel = ReportPanel(
            context,
            Exports(
                commands.report, commands.export_video, commands.export_csv, commands.export_result
            ),
        )
        panels = (
            LoopPanel(context, commands.calibrate, commands.set_rate),
            self.mask_panel,
            self.track_panel,
            self.review_panel,
            self.measure_panel,
            self.report_panel,
        )
        self.steps = StepsPanel(context, panels)
        self.steps.setFixedWidth(316)

    def _compose(self) -> QWidget:
        self.view_bar = ViewBar(self.context)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.stage)
        splitter.addWidget(self.curves)
        splitter.setSizes([700, 240])
        splitter.setStretchFactor(0, 1)
        splitter.setChildrenCollapsible(False)
        for widget in (self.view_bar, splitter, self.player_bar):
            column.addWidget(widget, 1 if widget is splitter else 0)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.loops)
        line.addWidget(middle, 1)
        line.addWidget(_rule())
        line.addWidget(self.steps)
        return whole

    def _connect(self) -> None:
        context = self.context
        session = context.session
        context.errors.raised.connect(lambda text, more: show_error(self, text, more))
        context.jobs.failed.connect(context.errors.show)
        context.jobs.noticed.connect(self.status.tell)
        empty = self.stage.empty
        empty.open_requested.connect(self.commands.open)
        empty.demo_requested.connect(self.commands.open_demo)
        empty.chosen.connect(self.commands.open_path)
        self.commands.told.connect(self.status.tell)
        self.commands.written.connect(self.status.tell)
        self.commands.written.connect(self.report_panel.show_written)
        self.commands.tool_changed.connect(self._refresh)
        self.loops.close_requested.connect(session.close)
        self.stage.view.hovered.connect(self.status.show_value)
        for view in self.stage.compare.views:
            view.hovered.connect(self.status.show_value)
        for signal in (
            session.loop_changed,
            session.mask_changed,
            session.result_changed,
            session.loops_changed,
            context.display.changed,
            context.player.state_changed,
        ):
            signal.connect(self._refresh)
        session.loop_changed.connect(lambda: self.commands.use_tool(None))
        session.measurements_changed.connect(lambda: self._show_curves(True))
        context.jobs.activity_changed.connect(self._follow)

    def _handlers(self) -> dict[str, Callable[..., object]]:
        commands, player, display = self.commands, self.context.player, self.context.display
        names = (
            "open", "open_folder", "open_demo", "close_loop", "calibrate", "set_rate", "caliper",
            "three_points", "mask_file", "report", "export_video", "export_csv", "export_result",
        )  # fmt: skip
        handlers: dict[str, Callable[..., object]] = {
            name: getattr(commands, name) for name in names
        }
        for name in ("arrows", "vorticity", "contour", "trust", "depth"):
            handlers[name] = lambda on, key=name: display.set(**{key: on})
        for scale in Scale:
            handlers[f"show_{scale.value}"] = lambda chosen=scale: self._show_scale(chosen)
        return handlers | {
            "quit": self.close,
            "set_ed": commands.set_ed,
            "set_es": commands.set_es,
            "fit": self.stage.viewport.reset,
            "full_screen": self._set_full_screen,
            "show_image": lambda: display.set(page=Page.IMAGE),
            "show_compare": self._show_compare,
            "loops": self.loops.setVisible,
            "steps": self.steps.setVisible,
            "curves": self._show_curves,
            "play": player.toggle,
            "back": lambda: player.step(-1),
            "forward": lambda: player.step(1),
            "first": self.player_bar.go_first,
            "last": self.player_bar.go_last,
            "faster": lambda: player.change_speed(1),
            "slower": lambda: player.change_speed(-1),
            "loop_start": lambda: player.set_range(self.context.session.frame, player.last),
            "loop_end": lambda: player.set_range(player.first, self.context.session.frame),
            "loop_whole": player.reset_range,
            "repeat": player.set_looping,
            "make_mask": commands.auto_mask,
            "edit_contour": self._toggle_editor,
            "track": self.track_panel.run,
            "cancel": lambda: cancel(self.context),
            "measure": self.measure_panel.run,
            "shortcuts": lambda: ShortcutsDialog(self, shortcut_groups()).open(),
            "about": lambda: AboutDialog(self).open(),
        }

    def _add_undo(self) -> None:
        menu, group = self.actions_.menus["Edit"], self.context.session.undo_group
        undo, redo = group.createUndoAction(self), group.createRedoAction(self)
        undo.setShortcut("Ctrl+Z")
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        menu.insertActions(menu.actions()[0], [undo, redo])

    def _add_research_notice(self) -> None:
        notice = QLabel(RESEARCH_USE, self.menuBar())
        notice.setObjectName("research")
        notice.adjustSize()
        self.menuBar().setCornerWidget(notice, Qt.Corner.TopRightCorner)

    def _restore(self) -> None:
        self.resize(1440, 900)
        geometry, state = self.context.settings.geometry()
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
            self.restoreState(state)

    def _refresh(self) -> None:
        session, options = self.context.session, self.context.display.options
        loop = session.loop
        self.setWindowTitle("Myoflux" if loop is None else f"{loop.name} – Myoflux")
        actions = self.actions_
        actions.refresh(loop)
        for name in ("arrows", "vorticity", "contour", "trust", "depth"):
            actions[name].setChecked(getattr(options, name))
        actions["repeat"].setChecked(self.context.player.looping)
        actions["full_screen"].setChecked(self.isFullScreen())
        actions["caliper"].setChecked(self.stage.tool is not None)
        actions["curves"].setChecked(not self.curves.isHidden())
        actions["steps"].setChecked(not self.steps.isHidden())
        self.loops.setVisible(len(session.loops) > 1 or actions["loops"].isChecked())
        self.player_bar.setVisible(loop is not None)

    def _follow(self) -> None:
        """Open the step that comes next, once, when the one before is done."""
        loop = self.context.session.loop
        if loop is not None and loop.mask is not None and self.steps.sections[0].is_open:
            self.steps.open_step(2)

    def _show_scale(self, scale: Scale) -> None:
        loop = self.context.session.loop
        if loop is not None and scale in loop.flows:
            self.context.display.show_scale(scale)

    def _show_compare(self) -> None:
        loop = self.context.session.loop
        if loop is not None and len(loop.flows) > 1:
            self.context.display.set(page=Page.COMPARE)

    def _show_curves(self, shown: bool) -> None:
        loop = self.context.session.loop
        self.curves.setVisible(shown and loop is not None and loop.measurements is not None)
        self._refresh()

    def _set_full_screen(self, full: bool) -> None:
        self.showFullScreen() if full else self.showNormal()
        for widget in (self.menuBar(), self.statusBar(), self.steps, self.view_bar):
            widget.setVisible(not full)
        self._refresh()

    def _toggle_editor(self, on: bool = True) -> None:
        self.status.tell("The contour editor follows.")


def _rule() -> QFrame:
    line = QFrame()
    line.setStyleSheet(f"background: {theme.LINE};")
    line.setFixedWidth(1)
    return line
