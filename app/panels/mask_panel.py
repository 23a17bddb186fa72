"""Step 2: what is tracked, in which view, and where."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QGridLayout, QSpinBox, QWidget

from app.context import Context
from app.operations.confirm import confirm_view, set_marks
from app.operations.edit_contour import choose_left_wall
from app.operations.make_mask import (
    default_config,
    make_mask,
    points_kept_at_ed,
    set_target,
)
from app.operations.notes import settled
from app.panels.base import StepPanel
from app.session import Loop
from app.widgets.parts import button, label, restyle, show_sentences
from app.widgets.step_section import StepState
from engine.analysis.segments import segments_of
from engine.config import MaskMethod
from engine.cycle import origin_words
from engine.masks.editing import starts_on_the_right
from engine.masks.left_ventricle import CONFIDENT
from engine.model import Mask, Target, View

_VIEWS = {
    View.A4C: "Apical four-chamber",
    View.A2C: "Apical two-chamber",
    View.APLAX: "Apical long axis",
    View.PSAX_BASE: "Short axis, base",
    View.PSAX_MID: "Short axis, mid",
    View.PSAX_APEX: "Short axis, apex",
}


class MaskPanel(StepPanel):
    """Target, view, ED and ES, and how the mask is made.

    Args:
        context: The window's parts.
        pick_points: Asks for the three points.
        choose_file: Asks for a mask file.
        edit: Starts or ends the contour editor.
    """

    title = "Mask"

    def __init__(
        self,
        context: Context,
        pick_points: Callable[[], None],
        choose_file: Callable[[], None],
        edit: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, parent)
        self._target, self._view = QComboBox(), QComboBox()
        self._left = QComboBox()
        self._left.setAccessibleName("Wall on the left of the image")
        self._left.setToolTip("Segments are named from this wall on; a mirrored image swaps them")
        self._left.activated.connect(self._choose_left)
        for target, text in ((Target.TISSUE, "Tissue"), (Target.BLOOD, "Blood, with contrast")):
            self._target.addItem(text, target.value)
        self._target.setAccessibleName("Target")
        self._view.setAccessibleName("View")
        for combo in (self._target, self._view, self._left):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self._target.activated.connect(self._choose_target)
        self._view.addItem("View not confirmed", None)
        for view, text in _VIEWS.items():
            self._view.addItem(f"{text} ({view.value})", view.value)
        self._view.activated.connect(self._choose_view)
        self._ed, self._es = self._frame_box("ED"), self._frame_box("ES")
        self._auto = button(
            "Automatic", lambda: self._make(MaskMethod.AUTO), tip="Find the mask anew (Ctrl+K)"
        )
        self._points = button("Three points…", pick_points)
        context.session.frame_changed.connect(self._tell_phase)
        self._paper = button(
            "Region", lambda: self._make(MaskMethod.PAPER), tip="Tissue region as in the paper"
        )
        self._file = button("From file…", choose_file, tip="PNG, NIfTI, NPZ or contours (JSON)")
        self._edit = button("Edit", edit, tip="Drag the curve, or brush the mask (E)")
        self._edit.setCheckable(True)
        self._notes = label("", "muted")
        self._lay_out()

    def choose_view(self, view: View | None) -> None:
        """Confirm a view, or take the confirmation back."""
        confirm_view(self.context, view)

    def choose_target(self, target: Target) -> None:
        """Choose what is tracked."""
        set_target(self.context, target)

    def set_editing(self, editing: bool) -> None:
        """Show whether the contour editor is on."""
        self._edit.setChecked(editing)
        self._edit.setText("End editing" if editing else "Edit")

    def refresh(self) -> None:
        """Show the current loop's mask."""
        loop = self.context.session.loop
        tracking = self.context.jobs.running("track") is not None
        usable = loop is not None and not tracking and loop.frame_count > 1
        for widget in (self._auto, self._points, self._paper, self._file, self._target):
            widget.setEnabled(usable)
        self._edit.setEnabled(usable and loop is not None and loop.mask is not None)
        for form in (self._view, self._ed, self._es):
            form.setEnabled(loop is not None)
        self._tell_phase()
        self._show_left_wall(loop)
        if loop is None:
            self._notes.setText("")
            return
        self._target.setCurrentIndex(self._target.findData(loop.target.value))
        self._view.setCurrentIndex(max(self._view.findData(loop.view and loop.view.value), 0))
        for box, frame in ((self._ed, loop.ed_frame), (self._es, loop.es_frame)):
            first = loop.cine.first_frame
            box.setRange(first - 1, first + loop.frame_count - 1)
            box.setValue(first - 1 if frame is None else frame + first)
        for box, origin in zip((self._ed, self._es), loop.mark_origins, strict=True):
            known = box.value() >= loop.cine.first_frame
            source = origin_words(origin) if known else "not set"
            box.setToolTip(f"{box.accessibleName()}, as numbered in the source: {source}")
        notes = () if loop.mask is None else loop.mask.notes
        notes = settled(notes, view_confirmed=loop.view_confirmed, mark_origins=loop.mark_origins)
        show_sentences(self._notes, [loop.error] if loop.error else notes)
        restyle(self._notes, "warning" if loop.error else "muted")

    def state(self) -> tuple[StepState, str]:
        """Tell what the mask holds."""
        loop = self.context.session.loop
        if loop is None:
            return StepState.WAITING, "Needs a loop"
        if self.context.jobs.running("mask", loop.loop_id) is not None:
            return StepState.READY, "Finding the mask…"
        if loop.mask is None:
            return StepState.ATTENTION, loop.error or "No mask yet"
        kind = loop.mask.kind.value
        kind = kind[0].upper() + kind[1:]
        doubt = _doubt(loop, loop.mask)
        state = StepState.ATTENTION if doubt else StepState.DONE
        return state, f"{kind} · {doubt or _what_it_covers(loop)}"

    def choose_left_wall(self, *, mirrored: bool) -> None:
        """Tell which wall the image shows on its left."""
        self.attempt(lambda: choose_left_wall(self.context, mirrored=mirrored))

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setSpacing(8)
        form.setColumnStretch(1, 1)
        form.setColumnStretch(2, 1)
        form.addWidget(label("Target", "muted"), 0, 0)
        form.addWidget(self._target, 0, 1, 1, 2)
        form.addWidget(label("View", "muted"), 1, 0)
        form.addWidget(self._view, 1, 1, 1, 2)
        form.addWidget(label("Left wall", "muted"), 2, 0)
        form.addWidget(self._left, 2, 1, 1, 2)
        form.addWidget(label("Frames", "muted"), 3, 0)
        form.addWidget(self._ed, 3, 1)
        form.addWidget(self._es, 3, 2)
        self.body.addLayout(form)
        makers = QGridLayout()
        makers.setSpacing(8)
        for index, maker in enumerate((self._auto, self._points, self._paper, self._file)):
            makers.addWidget(maker, index // 2, index % 2)
        makers.addWidget(self._edit, 2, 0, 1, 2)
        self.body.addLayout(makers)
        self.body.addWidget(self._notes)

    def _frame_box(self, name: str) -> QSpinBox:
        box = QSpinBox()
        box.setPrefix(f"{name}  ")
        box.setSpecialValueText(f"{name}  not set")
        box.lineEdit().setTextMargins(7, 0, 0, 0)
        box.setToolTip(f"{name} frame, as numbered in the source")
        box.setAccessibleName(f"{name} frame")
        box.editingFinished.connect(self._set_marks)
        return box

    def _set_marks(self) -> None:
        loop = self.context.session.loop
        if loop is None:
            return
        first = loop.cine.first_frame
        ed_frame, es_frame = (
            box.value() - first if box.value() >= first else None for box in (self._ed, self._es)
        )
        set_marks(self.context, ed_frame, es_frame)

    def _tell_phase(self) -> None:
        """Show on the button of which phase the points are that can be given now."""
        session = self.context.session
        late = session.loop is not None and points_kept_at_ed(session.loop, session.frame)
        self._points.setText("Points at ES…" if late else "Three points…")
        what = "Annulus, annulus, apex (short axis: centre, rim)"
        self._points.setToolTip(
            f"{what} on this ES frame; the contour at ED stays"
            if late
            else f"{what} on the ED frame; on the ES frame then those of ES"
        )

    def _choose_target(self) -> None:
        self.choose_target(Target(self._target.currentData()))

    def _choose_view(self) -> None:
        chosen = self._view.currentData()
        self.choose_view(None if chosen is None else View(chosen))

    def _show_left_wall(self, loop: Loop | None) -> None:
        """Offer the two walls of a confirmed apical view, and show the one on the left."""
        contours = None if loop is None or loop.mask is None else loop.mask.contours
        view = loop.view if loop is not None and loop.view_confirmed else None
        self._left.clear()
        apical = view is not None and not view.is_short_axis
        self._left.setEnabled(apical and contours is not None and not contours.closed)
        if view is None or contours is None or not self._left.isEnabled():
            self._left.addItem("Confirm an apical view first")
            return
        usual, other = walls_of(view)
        self._left.addItem(f"{usual.capitalize()} (usual)", False)
        self._left.addItem(f"{other.capitalize()} (mirrored)", True)
        self._left.setCurrentIndex(int(starts_on_the_right(contours)))

    def _choose_left(self) -> None:
        mirrored = self._left.currentData()
        if mirrored is not None:
            self.choose_left_wall(mirrored=mirrored)

    def _make(self, method: MaskMethod) -> None:
        loop = self.context.session.loop
        if loop is not None:
            self.attempt(lambda: make_mask(self.context, loop, default_config(loop, method)))


def walls_of(view: View) -> tuple[str, str]:
    """Return the walls of an apical view: usually on the left, and usually on the right."""
    names = [segment.name.split("_", 1)[1] for segment in segments_of(view, 18)]
    return names[0], names[-1]


def _doubt(loop: Loop, mask: Mask) -> str:
    """Return what a person should look at, or an empty string."""
    contours, view = mask.contours, loop.view
    if mask.confidence is not None and mask.confidence < CONFIDENT:
        return "unsure: check it"
    if loop.es_frame is not None and loop.end_systole is None:
        return "ES is not after ED"
    if contours is None:
        return ""
    if not loop.view_confirmed or view is None:
        return "view not confirmed"
    return "" if view.is_short_axis == contours.closed else f"does not fit {view}"


def _what_it_covers(loop: Loop) -> str:
    """Tell which wall a confirmed apical view shows on the left, else how large the mask is."""
    if loop.mask is None:
        return ""
    contours = loop.mask.contours
    if loop.view is not None and contours is not None and not loop.view.is_short_axis:
        return f"{walls_of(loop.view)[int(starts_on_the_right(contours))]} on the left"
    share = 100 * loop.mask.data[:, ::8, ::8].mean(dtype=float)
    return f"{share:.0f} % of the image"
