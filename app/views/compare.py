"""Layers compared, with one time, one zoom and one colour limit.

All scales, two layers side by side, their difference, both in turn, or the frame shown in turn
with the frame before it, warped by a field: where the field is right, that picture stands still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.context import Context
from app.display import Comparison, Display
from app.flow_difference import FlowDifference, make_difference, mismatch, warped_before
from app.flow_view import FlowView
from app.operations.peers import compared_layers, layer_name
from app.session import Loop, Session
from app.views.cine_view import CineView
from app.views.overlays.difference import STRIDE
from app.views.scene import Scene
from app.views.viewport import Viewport
from app.widgets.compare_bar import CompareBar
from engine.model import Scale

_BLINK_MS = 450


class LayerView(CineView):
    """One layer, always the same or the first or second of the comparison.

    Args:
        session: What is open.
        display: How it is drawn.
        viewport: Zoom and pan.
        key: Key of the layer, or ``first`` or ``second`` of the options.
    """

    margin = 2

    def __init__(
        self, session: Session, display: Display, viewport: Viewport, key: str, parent: QWidget
    ) -> None:
        super().__init__(session, display, viewport, parent)
        self._key = key
        self.compact = key != "second"

    def shown_flow(self, loop: Loop) -> FlowView | None:
        """Return the layer's field."""
        return loop.layers.get(self._shown(loop))

    def title(self, scene: Scene) -> str:
        """Name the layer."""
        return layer_name(self._shown(scene.loop))

    def _shown(self, loop: Loop) -> str:
        first, second = compared_layers(loop, self._display.options)
        return {"first": first, "second": second}.get(self._key, self._key)


class AlternatingView(CineView):
    """Two layers in turn, their difference, or two frames in turn."""

    margin = 8

    def __init__(
        self, session: Session, display: Display, viewport: Viewport, parent: QWidget
    ) -> None:
        super().__init__(session, display, viewport, parent)
        self._second = False
        self._difference: FlowDifference | None = None
        self._picture: tuple[FlowView, int, NDArray[np.uint8]] | None = None

    def flip(self) -> None:
        """Show the other of the two."""
        self._second = not self._second
        self.update()

    def shown_flow(self, loop: Loop) -> FlowView | None:
        """Return the field whose turn it is; a difference and pictures have none."""
        options = self._display.options
        if options.comparison is not Comparison.BLINK:
            return None
        return loop.layers.get(compared_layers(loop, options)[self._second])

    def shown_difference(self, loop: Loop) -> FlowDifference | None:
        """Return the difference of the two layers, made once."""
        options = self._display.options
        first, second = map(loop.layers.get, compared_layers(loop, options))
        if options.comparison is not Comparison.DIFFERENCE or first is None or second is None:
            return None
        made = self._difference
        if made is None or made.first is not first or made.second is not second:
            self._difference = made = make_difference(first, second)
        return made

    def shown_frame(self, scene: Scene) -> NDArray[np.uint8]:
        """Return the frame, or in its turn the frame before it, warped if asked."""
        frame = super().shown_frame(scene)
        options = self._display.options
        if options.comparison is not Comparison.WARP or not self._second or scene.frame < 1:
            return frame
        if not options.warped:
            before: NDArray[np.uint8] = scene.loop.cine.frames[scene.frame - 1]
            return before
        flow = scene.loop.layers.get(compared_layers(scene.loop, options)[0])
        return frame if flow is None else self._warped(scene, flow)

    def title(self, scene: Scene) -> str:
        """Tell what is seen at this moment."""
        options = self._display.options
        names = tuple(map(layer_name, compared_layers(scene.loop, options)))
        if options.comparison is Comparison.BLINK:
            return names[self._second]
        if options.comparison is Comparison.DIFFERENCE:
            return f"{names[1]} against {names[0]}"
        number = scene.frame + scene.loop.cine.first_frame
        if not self._second or scene.frame < 1:
            return f"Frame {number}"
        how = f"warped by {names[0]}" if options.warped else "as recorded"
        return f"Frame {number - 1}, {how}"

    def figures(self, scene: Scene) -> str:
        """Return the comparison of this frame in numbers."""
        options = self._display.options
        if scene.difference is not None:
            return scene.difference.summary(scene.frame, STRIDE)
        flow = scene.loop.layers.get(compared_layers(scene.loop, options)[0])
        if options.comparison is not Comparison.WARP or flow is None:
            return ""
        if scene.frame < 1:
            return "The first frame has none before it"
        frames, mask = scene.loop.cine.frames, flow.mask[scene.frame]
        before = mismatch(frames[scene.frame], frames[scene.frame - 1], mask)
        after = mismatch(frames[scene.frame], self._warped(scene, flow), mask)
        return f"RMS difference in the mask: {before:.1f} as recorded, {after:.1f} warped (of 255)"

    def _warped(self, scene: Scene, flow: FlowView) -> NDArray[np.uint8]:
        known = self._picture
        if known is None or known[0] is not flow or known[1] != scene.frame:
            picture = warped_before(scene.loop.cine.frames, flow, scene.frame)
            self._picture = known = (flow, scene.frame, picture)
        return known[2]


class CompareView(QWidget):
    """The bar and the views of a comparison, on one viewport.

    Signals:
        hovered: Text of the place under the pointer.
    """

    hovered = Signal(str)

    def __init__(self, context: Context, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._display = context.session, context.display
        session = self._session
        self.bar = CompareBar(context)
        self._stack = QStackedWidget()
        made = [
            LayerView(session, self._display, viewport, key, self)
            for key in (*(scale.value for scale in Scale), "first", "second")
        ]
        self.scales, self.pair = tuple(made[:4]), tuple(made[4:])
        self.single = AlternatingView(session, self._display, viewport, self)
        grid, two = QWidget(), QWidget()
        self._cells, line = QGridLayout(grid), QHBoxLayout(two)
        for view in self.pair:
            line.addWidget(view)
        for layout in (self._cells, line):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(2)
        for page in (grid, two, self.single):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self._blink = QTimer(self)
        self._blink.setInterval(_BLINK_MS)
        self._blink.timeout.connect(self.single.flip)
        views: tuple[CineView, ...] = (*made, self.single)
        for shown in views:
            shown.hovered.connect(self.hovered)
        self._display.changed.connect(self._choose)
        for signal in (session.loop_changed, session.flows_changed):
            signal.connect(self._arrange)
        self._arrange()
        self._choose()

    @property
    def views(self) -> tuple[CineView, ...]:
        """The views that are seen now."""
        comparison = self._display.options.comparison
        if comparison is Comparison.SCALES:
            return tuple(view for view in self.scales if not view.isHidden())
        return self.pair if comparison is Comparison.PAIR else (self.single,)

    def flip(self) -> None:
        """Show the other of two by hand; from now on nothing flips by itself."""
        self._blink.stop()
        self.single.flip()

    def showEvent(self, event: QShowEvent) -> None:
        """Let blink again what blinks."""
        super().showEvent(event)
        self._choose()

    def hideEvent(self, event: QHideEvent) -> None:
        """Blink for nobody."""
        super().hideEvent(event)
        self._blink.stop()

    def _arrange(self) -> None:
        """Show the scales that are there side by side; the last one bears bar and depth."""
        loop = self._session.loop
        there = [scale in loop.flows for scale in Scale] if loop is not None else [False] * 4
        shown = [view for view, known in zip(self.scales, there, strict=True) if known]
        for view, known in zip(self.scales, there, strict=True):
            view.setVisible(known)
            view.compact = view is not shown[-1] if shown else True
        for index, view in enumerate(shown):
            self._cells.addWidget(view, index // 2, index % 2)

    def _choose(self) -> None:
        comparison = self._display.options.comparison
        pages = {Comparison.SCALES: 0, Comparison.PAIR: 1}
        self._stack.setCurrentIndex(pages.get(comparison, 2))
        blinking = comparison in {Comparison.BLINK, Comparison.WARP} and self.isVisible()
        if blinking != self._blink.isActive():
            self._blink.start() if blinking else self._blink.stop()
