"""The main window: it composes the parts and connects them; work is done elsewhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import Actions
from app.bindings import make_handlers
from app.context import Context
from app.dialogs.questions import show_error
from app.display import Page
from app.editing import EditController
from app.handlers import Handlers
from app.menus import add_research_notice, add_undo, check_actions
from app.operations.beats import choose_beat
from app.operations.edit_contour import name_walls
from app.operations.follow_wall import WallFollower
from app.operations.map_strain import StrainMapper
from app.operations.privacy import restore_choice
from app.panels.loop_panel import LoopPanel
from app.panels.mask_panel import MaskPanel
from app.panels.measure_panel import MeasurePanel
from app.panels.report_panel import Exports, ReportPanel
from app.panels.review_panel import ReviewPanel
from app.panels.steps import StepsPanel
from app.panels.track_panel import TrackPanel
from app.recovery import Recovery
from app.screen import place_first
from app.status import StatusLine
from app.unsaved import UnsavedWork
from app.views.empty_view import EmptyView
from app.views.lower import LowerPane
from app.views.stage import Stage
from app.views.tools import ProbeTool
from app.widgets.edit_bar import EditBar
from app.widgets.loop_list import LoopList
from app.widgets.player_bar import PlayerBar
from app.widgets.view_bar import ViewBar
from engine.model import Scale, Target


class MainWindow(QMainWindow):
    """Menus, loops, image, player, steps and status line around one context.

    Args:
        context: The parts that hold state.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        restore_choice(context)
        self.setWindowTitle("Myoflux")
        self.setWindowIcon(theme.icon("myoflux"))
        self.setMinimumSize(860, 480)
        self.setAcceptDrops(True)
        self.stage = Stage(context, EmptyView(context.settings))
        self.commands = Handlers(context, self, self.stage)
        self.player_bar = PlayerBar(context.session, context.player)
        self.lower_pane = LowerPane(context)
        self.lower_pane.sought.connect(context.player.seek)
        self.loops = LoopList(context.session)
        self.loops.setFixedWidth(168)
        self._make_steps()
        self.setCentralWidget(self._compose())
        self.status = StatusLine(context, self.statusBar())
        self.recovery = Recovery(context, self)
        self.followers = (WallFollower(context, self), StrainMapper(context, self))
        self.unsaved = UnsavedWork(context, self, self.recovery, self.commands, self.stage.empty)
        self.actions_ = Actions(self, make_handlers(self))
        add_undo(self)
        add_research_notice(self)
        self._connect()
        self._restore()
        self._refresh()
        self.unsaved.offer()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let files be written, cancel what else runs, keep what is not saved, and leave."""
        if self.unsaved.still_writing():
            event.ignore()
            return
        self.context.player.pause()
        self.context.settings.set_geometry(self.saveGeometry(), self.saveState())
        self.hide()
        self.context.jobs.close()
        self.recovery.finish()
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
        elif self.editing.active:
            self.editing.switch(False)
        elif self.stage.tool is not None:
            self.commands.use_tool(None)
        elif self.isFullScreen():
            self.set_full_screen(False)

    def _make_steps(self) -> None:
        context, commands = self.context, self.commands
        self.mask_panel = MaskPanel(
            context, commands.three_points, commands.mask_file, self._flip_editor
        )
        self.track_panel = TrackPanel(context)
        self.review_panel = ReviewPanel(context, context.player.play)
        self.measure_panel = MeasurePanel(context, lambda: self.show_curves(True))
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
        self.steps.setFixedWidth(340)

    def _compose(self) -> QWidget:
        self.view_bar = ViewBar(self.context)
        self.edit_bar = EditBar()
        self.editing = EditController(self.context, self.stage, self.edit_bar)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.stage)
        splitter.addWidget(self.lower_pane)
        splitter.setSizes([700, 240])
        splitter.setStretchFactor(0, 1)
        splitter.setChildrenCollapsible(False)
        for widget in (self.view_bar, self.edit_bar, splitter, self.player_bar):
            column.addWidget(widget, 1 if widget is splitter else 0)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.loops)
        line.addWidget(middle, 1)
        self.rule = _rule()
        line.addWidget(self.rule)
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
        self.unsaved.told.connect(self.status.tell)
        self.commands.told.connect(self.status.tell)
        self.commands.written.connect(self.status.tell)
        self.commands.written.connect(self.report_panel.show_written)
        self.commands.tool_changed.connect(self._refresh)
        self.player_bar.beat_chosen.connect(lambda number: choose_beat(context, number))
        self.loops.close_requested.connect(self.unsaved.close_loop)
        self.stage.view.hovered.connect(self.status.show_value)
        self.stage.compare.hovered.connect(self.status.show_value)
        for signal in (
            session.loop_changed,
            session.mask_changed,
            session.flows_changed,
            session.result_changed,
            session.loops_changed,
            session.privacy_changed,
            context.display.changed,
            context.player.state_changed,
        ):
            signal.connect(self._refresh)
        session.loop_changed.connect(self._meet_loop)
        session.mask_edited.connect(lambda number: name_walls(context, number))
        self.steps.opened.connect(
            lambda title: context.display.set(wall=title == ReviewPanel.title)
        )
        self.editing.changed.connect(self._refresh)
        session.measurements_changed.connect(self._refresh)
        context.jobs.activity_changed.connect(self._follow)

    def _restore(self) -> None:
        place_first(self)
        geometry, state = self.context.settings.geometry()
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
            self.restoreState(state)

    def _refresh(self) -> None:
        session = self.context.session
        loop = session.loop
        self.setWindowTitle("Myoflux" if loop is None else f"{session.shown_name(loop)} – Myoflux")
        self.actions_.refresh(loop)
        check_actions(self)
        self.mask_panel.set_editing(self.editing.active)
        if not isinstance(self.stage.tool, ProbeTool):
            self.lower_pane.end_probe()
        listed = self.actions_["loops"].isChecked()
        self.loops.setVisible(len(session.loops) > 1 or listed)
        self.player_bar.setVisible(loop is not None)

    def _follow(self) -> None:
        """Open the step that comes next, once, when the one before is done."""
        loop = self.context.session.loop
        if loop is not None and loop.mask is not None and self.steps.sections[0].is_open:
            # No segment has a name before the view is confirmed: that comes first.
            confirmed = loop.view_confirmed or loop.target is Target.BLOOD
            self.steps.open_step(2 if confirmed else 1)

    def _meet_loop(self) -> None:
        """Another loop: no tool of the one before works on it, no step waits for what it lacks."""
        self.editing.switch(False)
        self.commands.use_tool(None)
        if self.steps.waits:
            self.steps.open_step(0)
            self._follow()

    def show_scale(self, scale: Scale) -> None:
        """Show the field of a scale, if it is there."""
        loop = self.context.session.loop
        if loop is not None and scale in loop.flows:
            self.context.display.show_scale(scale)

    def show_compare(self) -> None:
        """Show all scales side by side, if there are several."""
        loop = self.context.session.loop
        if loop is not None and len(loop.flows) > 1:
            self.context.display.set(page=Page.COMPARE)

    def show_curves(self, shown: bool) -> None:
        """Show or hide the curves."""
        self.lower_pane.show_curves(shown)
        self._refresh()

    def probe(self, on: bool) -> None:
        """Switch the probe: velocity along a line or at a place, through time."""
        tool = ProbeTool(lambda ends: self.lower_pane.show_probe(*ends)) if on else None
        self.commands.use_tool(tool)
        if on:
            self.lower_pane.begin_probe()

    def set_full_screen(self, full: bool) -> None:
        """Show the image and the player alone, or the whole window."""
        self.showFullScreen() if full else self.showNormal()
        for widget in (self.menuBar(), self.statusBar(), self.rule, self.steps, self.view_bar):
            widget.setVisible(not full)
        self._refresh()

    def _flip_editor(self) -> None:
        self.editing.switch(not self.editing.active)


def _rule() -> QFrame:
    line = QFrame()
    line.setStyleSheet(f"background: {theme.LINE};")
    line.setFixedWidth(1)
    return line
