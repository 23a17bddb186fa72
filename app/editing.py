"""Switches the contour editor: its tool, its bar, its keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.context import Context
from app.display import Page
from app.operations import edit_contour
from app.views.contour_editor import ContourTool, EditMode, Strokes
from app.views.stage import Stage
from app.widgets.edit_bar import EditBar
from engine.errors import MyofluxError
from engine.masks.editing import Scope
from engine.model import Contours


class EditController(QObject):
    """Owns the contour tool while editing.

    Signals:
        changed: Editing began or ended.
    """

    changed = Signal()

    def __init__(self, context: Context, stage: Stage, bar: EditBar) -> None:
        super().__init__(stage)
        self._context = context
        self._stage = stage
        self._bar = bar
        self._tool: ContourTool | None = None
        bar.hide()
        bar.mode_chosen.connect(self._set_mode)
        bar.scope_chosen.connect(self._set_scope)
        bar.snap_requested.connect(self._snap)
        bar.interpolate_requested.connect(self._interpolate)
        bar.follow_requested.connect(self._follow)
        bar.done.connect(lambda: self.switch(False))

    @property
    def active(self) -> bool:
        """Whether the editor is on."""
        return self._tool is not None

    def switch(self, on: bool) -> None:
        """Begin or end editing."""
        loop = self._context.session.loop
        on = on and loop is not None and loop.mask is not None
        if on == self.active:
            return
        if on and loop is not None and loop.mask is not None:
            context = self._context
            context.player.pause()
            context.display.set(page=Page.IMAGE, contour=True)
            self._tool = ContourTool(
                Strokes(
                    lambda contours, text, done: edit_contour.commit_contours(
                        context, contours, text, done
                    ),
                    lambda path, radius, mode, scope: edit_contour.commit_brush(
                        context, path, radius, mode, scope
                    ),
                )
            )
            contours = loop.mask.contours
            self._bar.start(
                has_contours=contours is not None,
                has_wall=contours is not None and contours.epicardial is not None,
                has_motion=loop.finest is not None,
            )
        else:
            self._tool = None
        self._stage.set_tool(self._tool)
        self._bar.setVisible(on)
        self.changed.emit()

    def nudge(self, x: float, y: float) -> None:
        """Move the chosen point by px."""
        scene = self._stage.view.scene()
        if self._tool is not None and scene is not None:
            self._tool.nudge(scene, (x, y))
            self._stage.view.update()

    def choose_next(self, step: int) -> None:
        """Choose the next or the previous handle."""
        scene = self._stage.view.scene()
        if self._tool is not None and scene is not None:
            self._tool.choose_next(scene, step)
            self._stage.view.update()

    def _set_mode(self, mode: EditMode) -> None:
        if self._tool is not None:
            self._tool.mode = mode
            self._stage.view.update()

    def _set_scope(self, scope: Scope) -> None:
        if self._tool is not None:
            self._tool.scope = scope

    def _snap(self) -> None:
        if self._tool is not None:
            scope = self._tool.scope
            self._attempt(lambda: edit_contour.snap(self._context, scope, self._drawn()))

    def _interpolate(self) -> None:
        self._attempt(lambda: edit_contour.interpolate_between(self._context, self._drawn()))

    def _follow(self) -> None:
        self._attempt(lambda: edit_contour.follow(self._context, self._drawn()))

    def _drawn(self) -> Contours | None:
        """Return what was drawn last, be its mask filled already or not."""
        return None if self._tool is None else self._tool.pending

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except MyofluxError as error:
            self._context.errors.show(error)
